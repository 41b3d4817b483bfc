"""Values from outside in a line of text, in Markdown, and in the cells of its tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

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


class Style(NamedTuple):
    """The form of values: of any text, and of a name in code."""

    value: Callable[[str], str]
    name: Callable[[str], str]


TEXT = Style(printable, lambda name: f"`{printable(name)}`")
"""For a terminal."""
MARKDOWN = Style(cell, code)
"""For Markdown, of which nothing in a value is part."""
