"""All output of the command line goes through here; ruff refuses `click.echo` elsewhere."""

from __future__ import annotations

import sys
from typing import IO

import click

from fieldstone.cli.progress import wipe
from fieldstone.cli.terminal import line_width, wants_color
from fieldstone.printed import json_text, printable_line, printable_lines


def say(line: str, *, err: bool = False) -> None:
    """Print one line, whatever text its values contain; on a terminal in color, and broken at its width.

    Args:
        line: the line without its end; a line end inside it is escaped.
        err: whether to print to standard error instead of standard output.
    """
    _print(_fitting(_colored(printable_line(line), err=err), err=err) + "\n", err=err)


def say_record(line: str) -> None:
    """Print one line for a program, such as JSON: escaped like `say`, never in color and never broken."""
    click.echo(printable_line(line))


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text of several lines like `say`; a line that a CI runner would treat as a command is escaped."""
    lines = printable_lines(text).split("\n")
    _print("\n".join(_fitting(_colored(line, err=err), err=err) for line in lines), err=err)


def say_page(text: str) -> None:
    """Print a page of Markdown: rendered for people, as it is into a pipe or a file."""
    color = wants_color(sys.stdout)
    if not (color or sys.stdout.isatty()):
        say_lines(text)
        return
    from fieldstone.cli.markdown import rendered

    _print(rendered(printable_lines(text), color=color, width=line_width(sys.stdout)), err=False)


def say_report(text: str) -> None:
    """Print a rendered report for people, which has its colors already; source lines in it are not broken."""
    _print("\n".join(_fitting(line, err=False) for line in text.split("\n")), err=False)


def say_json(value: object) -> None:
    """Print a value as JSON; in color on a terminal only, because a program may read what is forced elsewhere."""
    text = json_text(value)
    if sys.stdout.isatty() and wants_color(sys.stdout):
        from fieldstone.cli.highlighting import highlighted_json

        text = highlighted_json(text)
    click.echo(text, nl=False)


def say_document(text: str) -> None:
    """Print a rendered document unchanged: JSON, a script of ours, a report for a program."""
    click.echo(text, nl=False)


def say_error(problem: str, *places: str, notes: dict[str, str] | None = None) -> None:
    """Print an error on standard error, then what belongs to it.

    Args:
        problem: what went wrong and what to do, on one line.
        places: further lines, each with another place and what is wrong there.
        notes: further lines by label: `usage`, `help`.
    """
    for line in (f"error: {problem}", *places):
        say(line, err=True)
    for label, text in (notes or {}).items():
        say(f"  = {f'{label}:':<6} {text}", err=True)


def say_help(text: str) -> None:
    """Print the help of a command on standard error, for a call that lacked everything."""
    _print(printable_lines(f"{text}\n", color=True), err=True)


def _stream(*, err: bool) -> IO[str]:
    return sys.stderr if err else sys.stdout


def _colored(line: str, *, err: bool) -> str:
    if not wants_color(_stream(err=err)):
        return line
    from fieldstone.cli.highlighting import highlighted

    return highlighted(line)


def _fitting(line: str, *, err: bool) -> str:
    width = line_width(_stream(err=err))
    if not width:
        return line
    from fieldstone.cli.wrapping import wrapped

    return wrapped(line, width)


def _print(text: str, *, err: bool) -> None:
    wipe()
    click.echo(text, nl=False, err=err, color=wants_color(_stream(err=err)))
