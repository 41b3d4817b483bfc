"""The tokens of a .proto text, which may be unfinished (https://protobuf.com/docs/language-spec#lexical-elements)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<text>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)
  | (?P<word>[.\w]+)
  | (?P<sign>[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(Struct, frozen=True):
    """A word, a string or a sign, with its place in the text.

    Attributes:
        text: its characters.
        start: the index of its first character.
    """

    text: str
    start: int

    @property
    def end(self) -> int:
        """The index after its last character."""
        return self.start + len(self.text)


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens without comments, in order. An unfinished string ends with its line."""
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "comment":
            yield Token(found[0], found.start())


def is_in_comment(text: str, at: int) -> bool:
    """Whether a place lies inside a comment or a string."""
    quiet = ("comment", "text")
    return any(found.start() < at <= found.end() for found in _TOKEN.finditer(text) if found.lastgroup in quiet)
