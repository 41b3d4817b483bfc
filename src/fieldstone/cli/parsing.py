"""Parsing of command lines: what is missing is named at once, and what is misspelled with the nearest word."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click
from click.exceptions import NoSuchCommand, NoSuchOption

from fieldstone.cli.terminal import wants_color
from fieldstone.palette import BOLD, SEQUENCE, painted
from fieldstone.suggestions import closest, question


class _Formatter(click.HelpFormatter):
    """Formats help, with bold headings on a terminal."""

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        self.write(f"{'':>{self.current_indent}}{_bold(f'{heading}:')}\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that says how the command is called."""
        super().write_usage(prog, args, _bold("Usage:") + " " if prefix is None else prefix)


def _bold(text: str) -> str:
    return painted(BOLD, text) if wants_color(sys.stdout) else text


class _Context(click.Context):
    """The context of a command; its help has colors where the terminal takes them."""

    formatter_class = _Formatter

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.color = wants_color(sys.stdout)


class Command(click.Command):
    """A command whose error for missing arguments and options names all of them."""

    context_class = _Context

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command.

        Raises:
            click.UsageError: the command refused its arguments; the error knows which command it was.
        """
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; see `click.Command.parse_args`.

        Raises:
            click.UsageError: required ones are missing, or others are wrong.
        """
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            missing = [_label(param, ctx) for param in self._missing(ctx, given)]
            if not missing:
                raise
            raise click.UsageError(f"{ctx.command_path} needs {_listed(missing)}", ctx) from error

    def _missing(self, ctx: click.Context, args: list[str]) -> Iterator[click.Parameter]:
        """The required parameters without a value."""
        values, _, _ = self.make_parser(ctx).parse_args(args)
        for param in self.get_params(ctx):
            value, _ = param.consume_value(ctx, values)
            if param.required and param.value_is_missing(value):
                yield param


class Group(click.Group):
    """A group of such commands; the error for another word than a command suggests the nearest one."""

    command_class = Command
    context_class = _Context
    group_class = type

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names.

        Raises:
            click.UsageError: it names none.
        """
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            known = self.list_commands(ctx)
            fix = question([f"`{name}`" for name in closest(args[0], known)], f"there are {', '.join(known)}")
            raise click.UsageError(f"no command `{args[0]}` in {ctx.command_path}; {fix}", ctx) from error


def _label(param: click.Parameter, ctx: click.Context) -> str:
    """A parameter as it is written on the command line: `--until YYYY-MM-DD`."""
    if isinstance(param, click.Option):
        return f"{max(param.opts, key=len)} {param.make_metavar(ctx)}"
    return param.make_metavar(ctx)


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def problem_of(error: click.ClickException) -> str:
    """The message of a usage error in this tool's form: no capital, no full stop, the nearest word as a question."""
    if isinstance(error, NoSuchOption):
        near = f"; {question([f'`{name}`' for name in error.possibilities])}" if error.possibilities else ""
        where = f" in {error.ctx.command_path}" if error.ctx else ""
        return f"no option `{error.option_name}`{where}{near}"
    message = error.format_message().replace(". Did you mean", "; did you mean")
    message = message if message.endswith("..") else message.removesuffix(".")
    is_word = message[1:2].islower()
    return message[:1].lower() + message[1:] if is_word else message


def notes_of(error: click.ClickException) -> dict[str, str]:
    """The usage of the command, and where its help is; nothing if the error is of no command."""
    context: Any = getattr(error, "ctx", None)
    if context is None:
        return {}
    usage = SEQUENCE.sub("", context.get_usage()).partition(": ")[2]
    return {"usage": " ".join(usage.split()), "help": f"{context.command_path} --help"}
