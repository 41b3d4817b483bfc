"""The pages of the commands, from their declarations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import click

from fieldstone.cli.group import cli
from website.pages.markdown import table

FOLDER = "reference/commands"
_INTRO = """# Commands

`fieldstone COMMAND --help` prints the same. [Exit codes](../exit-codes.md) and
[environment variables](../environment.md) hold for every command, [settings](../settings.md) where a module is judged.
"""


def pages() -> Mapping[str, str]:
    """A page for each command, and the overview."""
    context = click.Context(cli, info_name="fieldstone", **cli.context_settings)
    made = {
        f"{FOLDER}/{file_name(name)}": "\n".join(_command(command, name, context))
        for name, command in _subcommands(cli, context)
    }
    return {f"{FOLDER}/index.md": _overview(context), **made}


def names() -> list[str]:
    """The names of all commands, in the order of the overview."""
    return cli.list_commands(click.Context(cli))


def file_name(command: str) -> str:
    """The file of a command's page; a command called index is not the overview."""
    return f"fieldstone-{command}.md"


class _Lists(click.HelpFormatter):
    """Collects the lists of commands that the overview of `--help` has, instead of writing them."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[str, list[tuple[str, str]]] = {}
        self._heading = ""

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Remember the heading of the lists that follow."""
        self._heading = name
        yield

    def write_dl(self, rows: Iterable[tuple[str, str]], *_sizes: int) -> None:
        """Keep a list under its heading."""
        self.lists.setdefault(self._heading, []).extend((name.strip(), about) for name, about in rows)


def _overview(context: click.Context) -> str:
    formatter = _Lists()
    cli.format_commands(context, formatter)
    parts = [_INTRO]
    for heading, commands in formatter.lists.items():
        rows = ((f"[`fieldstone {name}`]({file_name(name)})", about) for name, about in commands)
        parts.append(f"## {heading}\n\n{table(['command', 'what it does'], rows)}\n")
    return "\n".join(parts)


def _command(command: click.Command, name: str, parent: click.Context, level: str = "#") -> Iterator[str]:
    """The description, usage and options of a command, and of those below it."""
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"{level} {context.command_path}\n\n```text\n{usage}\n```\n\n{_description(command)}\n"
    if options := [option for option in command.get_params(context) if isinstance(option, click.Option)]:
        yield (
            table(["option", "meaning"], ((_names(option, context), _about(option, command)) for option in options))
            + "\n"
        )
    if isinstance(command, click.Group):
        for other, below in _subcommands(command, context):
            yield from _command(below, other, context, f"{level}#")


def _description(command: click.Command) -> str:
    """The help of a command as Markdown: what click leaves unwrapped is a block of code."""
    text = inspect.cleandoc(command.help or "").partition("\f")[0]
    epilog = inspect.cleandoc(command.epilog or "")
    return "\n\n".join(_paragraph(part, command) for part in re.split(r"\n\s*\n", f"{text}\n\n{epilog}".strip()))


def _paragraph(part: str, command: click.Command) -> str:
    if not part.startswith("\b"):
        return _coded(part, command)
    first, _, rest = part.removeprefix("\b\n").partition("\n")
    if not rest:
        return _coded(first, command)
    if not first.endswith(":"):
        return f"```text\n{first}\n{rest}\n```"
    return f"{first}\n\n```text\n{inspect.cleandoc(rest)}\n```"


def _coded(text: str, command: click.Command) -> str:
    """A text whose options, arguments and environment variables are code."""
    arguments = "|".join(sorted({_argument(found) for found in command.params if isinstance(found, click.Argument)}))
    words = rf"--[a-z][\w-]*|FIELDSTONE_[A-Z_]+{f'|{arguments}' if arguments else ''}"
    return re.sub(rf"(?<![`\w-])({words})(?![`\w-])", r"`\1`", text)


def _argument(argument: click.Argument) -> str:
    return re.escape((argument.metavar or argument.name or "").upper())


def _names(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    return f"`{record[0] if record else ', '.join(option.opts)}`"


def _about(option: click.Option, command: click.Command) -> str:
    default = option.default
    shown = option.show_default and default not in (None, "", False)
    return _coded(option.help or "", command) + (f" Default: `{default}`." if shown else "")


def _subcommands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command:
            yield name, command
