"""The search in the names of all modules. Pure.

A name is found as a whole, by its beginning, by the beginning of a word in it (`total` in `orderTotal`), or by the
beginning of a word in its comment, in this order. What is searched are long texts with a line for each name, so that
only matches cost a step in Python.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum

from msgspec import Struct

from fieldstone.server.pages.search.names import KINDS, Lines, Name, Names, words_of

_MOST_WORDS = 8
_MOST_CANDIDATES = 2_000
"""The most names with the rarest of several words that are looked at for the other words."""


class Match(IntEnum):
    """The quality of a match; the smaller, the better."""

    EXACT = 0
    BEGINNING = 1
    WORD = 2
    COMMENT = 3
    NONE = 4


class Hit(Struct, frozen=True):
    """A name that was found."""

    match: Match
    names: Names
    name: Name


class _Text:
    """The lines of all modules in one text.

    Args:
        modules: the lines of each module.
    """

    def __init__(self, modules: Sequence[Lines]) -> None:
        self._modules = modules
        self._starts = array("Q")
        size = 0
        for lines in modules:
            self._starts.append(size)
            size += len(lines.text)
        self._text = "".join(lines.text for lines in modules)

    def count(self, wanted: str) -> int:
        """The number of times that it has a text."""
        return self._text.count(wanted)

    def having(self, wanted: str) -> Iterator[tuple[int, int]]:
        """The lines that have a text, whose first character may be a line end: the numbers of module and line."""
        at = self._text.find(wanted)
        while at >= 0:
            module = bisect_right(self._starts, at) - 1
            yield module, self._modules[module].number(at - self._starts[module])
            at = self._text.find(wanted, at + 1)


class Corpus:
    """The names of all modules.

    Args:
        modules: the names of each.
    """

    def __init__(self, modules: Sequence[Names]) -> None:
        self._modules = modules
        self._own, self._full = (_Text([getattr(one, kind) for one in modules]) for kind in ("own", "full"))
        self._words, self._comments = (_Text([getattr(one, kind) for one in modules]) for kind in ("words", "comments"))

    def search(self, text: str, may_read: Callable[[str], bool], most: int) -> tuple[list[Hit], bool]:
        """The names that match, the best first, and whether there may be more.

        Args:
            text: the words of a reader, of which all must match; a match is as good as that of its worst word.
            may_read: whether the reader may know of a module.
            most: the most names that are found.
        """
        words = [*dict.fromkeys(text.lower().split()[:_MOST_WORDS])]
        if not words:
            return [], False
        rarest = min(words, key=self._count) if len(words) > 1 else words[0]
        others = [word for word in words if word != rarest]
        most_candidates = _MOST_CANDIDATES if others else most
        candidates = self._candidates(rarest, may_read, most_candidates)
        found = []
        for (module, number), match in candidates.items():
            names = self._modules[module]
            worst = max((match, *(_match(names.names[number], word) for word in others)))
            if worst < Match.NONE:
                found.append(Hit(worst, names, names.names[number]))
        found.sort(key=_order)
        return found[:most], len(candidates) == most_candidates or len(found) > most

    def _count(self, word: str) -> int:
        """The approximate number of matches of a word."""
        return self._words.count(f" {word}") + self._comments.count(f" {word}") + self._full.count(f"\n{word}")

    def _candidates(self, word: str, may_read: Callable[[str], bool], most: int) -> dict[tuple[int, int], Match]:
        """The names that a word matches, by the numbers of module and line: the best first, until there are enough."""
        readable: dict[int, bool] = {}
        found: dict[tuple[int, int], Match] = {}
        for match in (Match.EXACT, Match.BEGINNING, Match.WORD, Match.COMMENT):
            for place in self._having(word, match):
                module = place[0]
                if module not in readable:
                    readable[module] = may_read(self._modules[module].module)
                if readable[module] and place not in found:
                    found[place] = match
                    if len(found) == most:
                        return found
        return found

    def _having(self, word: str, match: Match) -> Iterator[tuple[int, int]]:
        """The names that a word matches so well, and perhaps better."""
        match match:
            case Match.WORD:
                yield from self._words.having(f" {word}")
            case Match.COMMENT:
                yield from self._comments.having(f" {word}")
            case _:
                wanted = f"\n{word}\n" if match == Match.EXACT else f"\n{word}"
                yield from self._own.having(wanted)
                if "." in word:
                    yield from self._full.having(wanted)


def _match(name: Name, word: str) -> Match:
    """The quality of a word's match with a name."""
    for own in (name.own.lower(), name.full_name.lower() if "." in word else ""):
        if own == word:
            return Match.EXACT
        if own.startswith(word):
            return Match.BEGINNING
    if f" {word}" in words_of(name.own):
        return Match.WORD
    return Match.COMMENT if f" {word}" in f" {name.comment.lower()}" else Match.NONE


def _order(hit: Hit) -> tuple[int, int, str, str]:
    return hit.match, KINDS.index(hit.name.kind), hit.name.full_name, hit.names.module
