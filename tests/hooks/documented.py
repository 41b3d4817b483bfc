"""The fenced blocks of the documentation, so that tests can hold it to what is true."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its text, without indentation."""

    language: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for language, text in _FENCE.findall((DOCS / page).read_text("utf-8")):
        yield Block(language, textwrap.dedent(text))


def session(page: str, command: str, nth: int = 0) -> str:
    """What a page shows as the output of a command."""
    found = [b.text for b in blocks(page) if b.language == "console" and b.text.startswith(f"$ {command}\n")]
    return found[nth].partition("\n")[2]


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", (DOCS / page).read_text("utf-8"))
