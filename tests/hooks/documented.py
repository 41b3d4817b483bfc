"""The fenced blocks of the documentation, so that tests can hold it to what is true."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its text, without indentation."""

    language: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page; a line that goes on after a backslash is one line."""
    for language, text in _FENCE.findall((DOCS / page).read_text("utf-8")):
        yield Block(language, textwrap.dedent(text.replace("\\\n", " ")))


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", (DOCS / page).read_text("utf-8"))
