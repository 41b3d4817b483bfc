"""The numbers of a message, an enum or an extended message: taken, reserved and free ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from fieldstone.compatibility.ledger import TypeHistory
from fieldstone.lsp.text.outline import Declaration

MOST = 2**29 - 1
"""The largest field number (https://protobuf.dev/programming-guides/proto3/#assigning)."""
_MOST_OF_ENUM = 2**31 - 1
_OF_PROTOBUF = range(19_000, 20_000)
"""The field numbers that protobuf keeps for itself."""

_RANGE = re.compile(r"(-?\d+)(?:\s+to\s+(-?\d+|max))?")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'|//[^\n]*|/\*.*?\*/|\[.*\]", re.DOTALL)


class Numbers(Struct, frozen=True):
    """Everything that is known about the numbers of a type.

    Attributes:
        used: the number of each member in the text.
        blocked: the reserved ranges and, of a message, the extension ranges; both ends included.
        history: the members of all releases.
        allowed: the ranges that a new number must lie in; both ends included.
    """

    used: frozenset[int]
    blocked: tuple[tuple[int, int], ...]
    history: TypeHistory
    allowed: tuple[tuple[int, int], ...]

    def is_free(self, number: int) -> bool:
        """Whether nothing uses the number, or ever did."""
        return (
            number not in self.used
            and number not in self._past
            and number not in _OF_PROTOBUF
            and not self.is_blocked(number)
        )

    def is_blocked(self, number: int | None) -> bool:
        """Whether a reserved range or an extension range has the number."""
        return number is not None and any(first <= number <= last for first, last in self.blocked)

    @property
    def _past(self) -> set[int]:
        return {use.number for use in self.history.members if use.number is not None}

    def next(self) -> int | None:
        """The first free number after all that are or were used; if there is none, the first free one at all."""
        past = self.used | self._past
        for first, last in self.allowed:
            inside = [number for number in past if first <= number <= last]
            after = self._first_free(max(inside, default=first - 1) + 1, last)
            if after is not None:
                return after
        return next((n for first, last in self.allowed if (n := self._first_free(first, last)) is not None), None)

    def after_ranges(self) -> int | None:
        """The first free number after all members and all ranges that have an end; None if there is none."""
        most = self.allowed[-1][1] if self.allowed else 0
        ends = [last for _, last in self.blocked if last < most]
        return self._first_free(max([*ends, *self.used, *self._past], default=0) + 1, most)

    def _first_free(self, first: int, last: int) -> int | None:
        number = first
        while number <= last:
            if self.is_free(number):
                return number
            ends = [end for start, end in (*self.blocked, (19_000, 19_999)) if start <= number <= end]
            number = max(ends, default=number) + 1
        return None

    def past(self) -> Iterator[tuple[int, str, str]]:
        """The numbers that were used and are not any more: number, name, and the release that lacked it first."""
        present = {use.number for use in self.history.members if use.until is None}
        for use in self.history.members:
            if use.number is not None and use.until and use.number not in self.used | present:
                yield use.number, use.name, use.until


def numbers_of(type_: Declaration, history: TypeHistory, *, without: str = "") -> Numbers:
    """The numbers of a message or an enum.

    Args:
        type_: its declaration.
        history: its history.
        without: a member to leave out, because its number is being typed.
    """
    is_enum = type_.kind == "enum"
    most = _MOST_OF_ENUM if is_enum else MOST
    members = [part for part in _members(type_) if part.name != without]
    blocked = [span for part in type_.parts for span in _ranges(part, most)]
    return Numbers(
        used=frozenset(part.number for part in members if part.number is not None),
        blocked=tuple(blocked),
        history=history,
        allowed=((0 if is_enum else 1, most),),
    )


def numbers_of_extensions(extended: Declaration | None, used: Iterable[int], history: TypeHistory) -> Numbers:
    """The numbers for extensions of a message.

    Args:
        extended: its declaration; None if it is not known.
        used: the numbers of the extensions in the text.
        history: the history of the extended message.
    """
    ranges = (
        [span for part in extended.parts if part.kind == "extensions" for span in _ranges(part, MOST)]
        if extended
        else []
    )
    return Numbers(frozenset(used), (), history, tuple(ranges))


def _members(type_: Declaration) -> Iterator[Declaration]:
    for part in type_.parts:
        if part.kind in {"field", "value"}:
            yield part
        elif part.kind == "oneof":
            yield from part.parts


def _ranges(part: Declaration, most: int) -> Iterator[tuple[int, int]]:
    """The ranges of a `reserved` or `extensions` statement."""
    if part.kind not in {"reserved", "extensions"}:
        return
    for first, last in _RANGE.findall(_STRING.sub("", part.text)):
        yield int(first), most if last == "max" else int(last or first)
