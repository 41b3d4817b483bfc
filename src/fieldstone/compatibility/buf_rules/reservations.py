"""Ranges of numbers, and reserved names, that are no longer kept."""

from __future__ import annotations

from fieldstone.compatibility.buf_rules.catalogue import Hits
from fieldstone.compatibility.buf_rules.wording import quoted, span, spans
from fieldstone.schema.declarations import DeclaredEnum, DeclaredMessage
from fieldstone.schema.reservation import Ranges, uncovered


def dropped_reservations(was: DeclaredEnum | DeclaredMessage, now: DeclaredEnum | DeclaredMessage) -> Hits:
    """Each reserved range of which a part is gone, and each reserved name."""
    yield from dropped_ranges("reserved", was.reserved_ranges, now.reserved_ranges, now)
    for name in was.reserved_names:
        if name not in now.reserved_names:
            yield (
                now.place,
                f"Previously present reserved name {quoted(name)} on {now.kind} {quoted(now.name)} was deleted.",
            )


def dropped_ranges(word: str, old: Ranges, new: Ranges, now: DeclaredEnum | DeclaredMessage) -> Hits:
    """Each of the `old` ranges of an element that the `new` ones no longer cover; `word` says what they are for."""
    for one in old:
        missing = uncovered((one,), new)
        if missing:
            head = f'Previously present {word} range "{span(*one)}" on {now.kind} {quoted(now.name)}'
            yield now.place, f"{head} is missing values: {spans(missing)} were removed."
