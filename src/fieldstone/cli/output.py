"""All output of the command line goes through here; ruff refuses `click.echo` elsewhere."""

from __future__ import annotations

import io

import click

from fieldstone.printed import json_text, printable_line, printable_lines


def say(line: str, *, err: bool = False) -> None:
    """Print one line, whatever text its values contain.

    Args:
        line: the line without its end; a line end inside it is escaped.
        err: whether to print to standard error instead of standard output.
    """
    click.echo(printable_line(line), err=err)


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text of several lines; a line that a CI runner would treat as a command is escaped."""
    click.echo(printable_lines(text), nl=False, err=err)


def say_json(value: object) -> None:
    """Print a value as JSON."""
    say_document(json_text(value))


def say_document(text: str) -> None:
    """Print a rendered document unchanged: a report, JSON, a script of ours."""
    click.echo(text, nl=False)


def say_wrong_usage(error: click.ClickException) -> None:
    """Print an error about the arguments, which may be any text."""
    shown = io.StringIO()
    error.show(shown)
    usage, found, _ = f"\n{shown.getvalue()}".partition("\nError: ")
    say_lines(f"{usage}\n"[1:] if found else usage[1:], err=True)
    if found:  # help is shown as an error without a message
        say(f"Error: {error.format_message()}", err=True)
