"""The names of a module, and the search in them. Pure.

A name is found as a whole, by its beginning, by the beginning of a word in it (`total` in `orderTotal`), or by the
beginning of a word in its comment, in this order. The texts that are searched have a line for each name, so that a
match needs no loop in Python.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import chain

from msgspec import Struct

from fieldstone.schema.element import Element
from fieldstone.schema.model import Schema

KINDS = ("module", "message", "enum", "service", "extension", "field", "rpc", "value")
"""The kinds of names, in the order of results that are equally good."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
"""A word of an identifier, in snake case or in camel case."""
_SPACES = re.compile(r"\s+")
_MOST_WORDS = 8


class Match(IntEnum):
    """How good a match is; the smaller, the better."""

    EXACT = 0
    BEGINNING = 1
    WORD = 2
    COMMENT = 3


class Name(Struct, frozen=True, gc=False):
    """A name that a module declares.

    Attributes:
        kind: one of `KINDS`.
        full_name: its full name.
        comment: its comment, on one line.
        deprecated: whether it is deprecated.
    """

    kind: str
    full_name: str
    comment: str = ""
    deprecated: bool = False

    @property
    def own(self) -> str:
        """The last part of its full name."""
        return self.full_name if self.kind == "module" else self.full_name.rpartition(".")[2]


class _Lines:
    """A text with a line for each name."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._starts = array("I")
        size, parts = 1, []
        for line in lines:
            self._starts.append(size)
            parts.append(line)
            size += len(line) + 1
        self._text = "\n" + "\n".join(parts) + "\n"

    def having(self, wanted: str) -> Iterator[int]:
        """The numbers of the lines that have a text, whose first character may be the end of the line before."""
        at = self._text.find(wanted)
        while at >= 0:
            yield bisect_right(self._starts, at + 1) - 1
            at = self._text.find(wanted, at + 1)


class Names:
    """The names of a module's newest release.

    Args:
        module: the module.
        version: the version of the release; empty without one.
        names: the names.
    """

    def __init__(self, module: str, version: str, names: Sequence[Name]) -> None:
        self.module, self.version, self.names = module, version, names
        self._own = _Lines(name.own.lower() for name in names)
        self._full = _Lines(name.full_name.lower() for name in names)
        self._words = _Lines(_words(name.own) for name in names)
        self._comments = _Lines(" " + name.comment.lower() for name in names)

    def having(self, word: str, match: Match) -> Iterator[int]:
        """The numbers of the names that a word matches so well, and perhaps better."""
        beginnings = (self._own, self._full) if "." in word else (self._own,)
        match match:
            case Match.EXACT:
                return chain.from_iterable(lines.having(f"\n{word}\n") for lines in beginnings)
            case Match.BEGINNING:
                return chain.from_iterable(lines.having(f"\n{word}") for lines in beginnings)
            case Match.WORD:
                return self._words.having(f" {word}")
            case _:
                return self._comments.having(f" {word}")


class Hit(Struct, frozen=True):
    """A name that was found."""

    match: Match
    names: Names
    name: Name


def search(text: str, modules: Iterable[Names], most: int) -> list[Hit]:
    """The names that match, the best first.

    Args:
        text: the words of a reader, of which all must match; a match is as good as that of its worst word.
        modules: the names of the modules that the reader may know of.
        most: the most names that are found. The rest of those that match as well as the last one is left out.
    """
    words = text.lower().split()[:_MOST_WORDS]
    searches = [_Search(module, words) for module in modules] if words else []
    found: list[Hit] = []
    for match in Match:
        of_match: list[Hit] = []
        for one in searches:
            of_match += one.hits(match)
            if len(found) + len(of_match) >= most:
                return [*found, *sorted(of_match, key=_order)][:most]
        found += sorted(of_match, key=_order)
    return found


class _Search:
    """The search in one module, the best matches first.

    Args:
        names: its names.
        words: the words.
    """

    def __init__(self, names: Names, words: Sequence[str]) -> None:
        self._names, self._words = names, words
        self._having: list[set[int]] = [set() for _ in words]
        self._found: set[int] = set()

    def hits(self, match: Match) -> Iterator[Hit]:
        """The names that match so well, and not better. To be called in the order of `Match`."""
        for having, word in zip(self._having, self._words, strict=True):
            having.update(self._names.having(word, match))
        new = set.intersection(*self._having) - self._found
        self._found |= new
        return (Hit(match, self._names, self._names.names[number]) for number in new)


def _order(hit: Hit) -> tuple[int, str, str]:
    return KINDS.index(hit.name.kind), hit.name.full_name, hit.names.module


def names_of(module: str, description: str, schema: Schema) -> list[Name]:
    """The names of a module and of all that it declares.

    Args:
        module: its name.
        description: its description.
        schema: its newest release.
    """
    found = [Name("module", module, _line(description))]
    for message in schema.messages.values():
        found.append(_name("message", message))
        found += (_name("field", field) for field in message.fields.values())
    for enum in schema.enums.values():
        found.append(_name("enum", enum))
        found += (_name("value", value) for value in enum.values)
    for service in schema.services.values():
        found.append(_name("service", service))
        found += (_name("rpc", rpc) for rpc in service.rpcs.values())
    found += (_name("extension", field) for field in schema.extensions.values())
    return found


def _name(kind: str, element: Element) -> Name:
    return Name(kind, element.full_name, _line(element.comment), element.lifecycle.deprecated)


def _line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _words(own: str) -> str:
    """The words of an identifier, each with a space before it."""
    return "".join(f" {word.lower()}" for word in _WORD.findall(own))
