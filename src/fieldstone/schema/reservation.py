"""Reserved numbers and names, and ranges of numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

Ranges = tuple[tuple[int, int], ...]
"""Inclusive ranges of numbers."""


class Reservation(Struct, frozen=True, kw_only=True):
    """The numbers (inclusive ranges) and names that an element reserves."""

    ranges: Ranges = ()
    names: frozenset[str] = frozenset()

    def has_number(self, number: int) -> bool:
        """Whether the number is reserved."""
        return any(first <= number <= last for first, last in self.ranges)

    def has_name(self, name: str) -> bool:
        """Whether the name is reserved."""
        return name in self.names


NOTHING_RESERVED = Reservation()


def uncovered(old: Ranges, new: Ranges) -> list[tuple[int, int]]:
    """The parts of the inclusive ranges `old` that no range of `new` covers, in order."""
    missing: list[tuple[int, int]] = []
    for first, last in sorted(old):
        start = first
        for covered_from, covered_to in sorted(new):
            if covered_from > last or covered_to < start:
                continue
            if covered_from > start:
                missing.append((start, covered_from - 1))
            start = covered_to + 1
        if start <= last:
            missing.append((start, last))
    return missing


def first_numbers(ranges: Iterable[tuple[int, int]], missing: Collection[tuple[int, int]]) -> list[str]:
    """The first number, as text, of each of the inclusive `ranges` that contains any `missing` number."""
    return [str(first) for first, last in ranges if any(first <= end and start <= last for start, end in missing)]
