"""The group of all commands; each is imported when it is called, so that none pays for another's imports."""

from __future__ import annotations

import importlib

import click
from click.exceptions import NoSuchCommand

from fieldstone import __version__

_COMMANDS = {
    "check": "Check the working tree for style and for compatibility with all releases.",
    "waive": "Permit one finding until a date.",
    "release": "Give a module the smallest version that its changes may carry.",
    "adopt": "Release a module at the git tags of its history.",
    "diff": "List the changes between two versions of a module.",
    "explain": "Explain a rule: what it refuses, why, and the fix.",
    "rules": "List all rules.",
    "registry": "List, show and verify releases.",
    "generate": "Generate code from the schemas.",
    "package": "Build the packages that other teams install, from a release.",
    "migrate": "Migrate a database to the newest releases.",
    "relay": "Deliver the events of an outbox to Kafka, S3, PostgreSQL or SQLite.",
    "index": "Serve packages to other teams: an index for pip, uv, Poetry and npm.",
    "init": "Set Fieldstone up in a repository.",
    "format": "Format the schemas as buf does.",
    "cache": "Show or clear the cache of earlier checks.",
    "settings": "Show the current settings, or their JSON Schema; pin what they extend.",
    "completion": "Print the completion script of a shell.",
}


class _LazyGroup(click.Group):
    """A group whose commands are modules of this package, imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, most used first."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None if there is none."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"fieldstone.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; the error for another word suggests the nearest one."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            raise NoSuchCommand(args[0], possibilities=_COMMANDS, ctx=ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in `--help`, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fieldstone")
def cli() -> None:
    """Protobuf fields, set in stone: a schema registry with contract governance.

    \b
    Exit codes: 0 clean, 1 findings that count, 2 the job could not be done, or a module does not compile.
    """
