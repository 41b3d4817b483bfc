"""The group of all commands; each is imported when it is called, so that none pays for another's imports."""

from __future__ import annotations

import importlib

import click

from fieldstone import __version__
from fieldstone.cli.parsing import Group

_GROUPS = {
    "Every day": {
        "check": "Check the working tree for style and for compatibility with all releases.",
        "diff": "List the changes between two versions of a module.",
        "explain": "Explain a rule: what it refuses, why, and the fix.",
        "waive": "Permit one finding until a date.",
        "release": "Give a module the smallest version that its changes may carry.",
    },
    "Setting up": {
        "init": "Set Fieldstone up in a repository.",
        "adopt": "Release a module at the git tags of its history.",
        "settings": "Show the current settings, or their JSON Schema; pin what they extend.",
        "completion": "Print the completion script of a shell.",
        "lsp": "Serve an editor: findings, fixes and history while typing.",
    },
    "Code and packages": {
        "generate": "Generate code from the schemas.",
        "package": "Build the packages that other teams install, from a release.",
        "index": "Serve packages to other teams: an index for pip, uv, Poetry and npm.",
    },
    "Data": {
        "migrate": "Migrate a database to the newest releases.",
        "relay": "Deliver the events of an outbox to Kafka, S3, PostgreSQL or SQLite.",
    },
    "Registry": {
        "registry": "List, show and verify releases.",
        "serve": "Serve a shared registry for buf and Fieldstone.",
    },
    "Consumers": {
        "uses": "Say what this repository reads of other teams' modules.",
        "can-i-remove": "Say whether anybody is known to use an element.",
        "impact": "Say which consumers a change breaks.",
        "can-i-deploy": "Say whether a version fits what runs in an environment.",
    },
    "Proposals": {
        "propose": "Propose a breaking change of a module for its owners to decide.",
        "proposal": "List, show, decide and release proposals.",
    },
    "Looking things up, and upkeep": {
        "rules": "List all rules.",
        "format": "Format the schemas as buf does.",
        "cache": "Show or clear the cache of earlier checks.",
    },
}
"""The commands by what they are for, each with its line in `--help`."""

_COMMANDS = {name: about for commands in _GROUPS.values() for name, about in commands.items()}


class _LazyGroup(Group):
    """A group whose commands are modules of this package, imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, most used first."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None if there is none."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"fieldstone.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The lists of commands in `--help`, without importing them, in columns of one width."""
        widest = max(map(len, _COMMANDS))
        for group, commands in _GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(f"{name:{widest}}", about) for name, about in commands.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fieldstone")
def cli() -> None:
    """Protobuf fields, set in stone: a schema registry with contract governance.

    \b
    Examples:
      fieldstone init
      fieldstone check
      fieldstone release telemetry

    \b
    Exit codes: 0 clean, 1 findings that count, 2 the job could not be done, or a module does not compile.
    """
