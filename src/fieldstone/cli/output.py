"""All that the command line prints goes through here; ruff refuses `click.echo` elsewhere."""

from __future__ import annotations

import io

import click

from fieldstone.printed import json_text, printable_line, printable_lines


def say(line: str, *, err: bool = False) -> None:
    """Print one line, whatever the values in it hold.

    Args:
        line: without its end; a line end in it is escaped.
        err: to standard error instead of standard output.
    """
    click.echo(printable_line(line), err=err)


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text of several lines as it ends; a line that would be a command to a runner is escaped."""
    click.echo(printable_lines(text), nl=False, err=err)


def say_json(value: object) -> None:
    """Print a value as JSON."""
    say_document(json_text(value))


def say_document(text: str) -> None:
    """Print what a renderer made as it is: a report, JSON, a script of ours."""
    click.echo(text, nl=False)


def say_wrong_usage(error: click.ClickException) -> None:
    """Print what is wrong with the arguments, which may be any text."""
    shown = io.StringIO()
    error.show(shown)
    usage, found, _ = f"\n{shown.getvalue()}".partition("\nError: ")
    say_lines(f"{usage}\n"[1:] if found else usage[1:], err=True)
    if found:  # help is shown as an error without a message
        say(f"Error: {error.format_message()}", err=True)
