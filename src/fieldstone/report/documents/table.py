"""Cells of a table in Markdown."""

from __future__ import annotations

from fieldstone.printed import printable

_MARKUP = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "|": "&#124;",
    "`": "&#96;",
    "*": "&#42;",
    "_": "&#95;",
    "[": "&#91;",
}
_ESCAPES = str.maketrans(_MARKUP)


def cell(text: str) -> str:
    """A value from outside, of which nothing is markup."""
    return printable(text).translate(_ESCAPES)


def code(text: str) -> str:
    """A value as code."""
    return f"<code>{cell(text)}</code>"


def row(*cells: str) -> str:
    """A row of cells that are Markdown already."""
    return f"| {' | '.join(cells)} |"
