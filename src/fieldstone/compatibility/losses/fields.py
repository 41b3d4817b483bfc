"""The losses between two versions of a field, apart from those of its type."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import EVERYTHING_LOST, NOTHING, Losses, lost, on
from fieldstone.schema.model import Field, Message

_OLD, _NEW = Direction.READING_OLD, Direction.READ_BY_OLD

K = TypeVar("K", int, str)


def presence(old: Field, new: Field) -> Losses:
    """The losses where a field gains or loses the distinction between unset and zero.

    Without presence a zero is not sent (https://protobuf.dev/programming-guides/field_presence/).
    """
    return {
        ("explicit", "implicit"): EVERYTHING_LOST,
        ("implicit", "explicit"): lost(_OLD),
    }.get((old.presence, new.presence), NOTHING)


def required(old: Field, new: Field) -> Losses:
    """The losses where a field becomes required, or stops being so."""
    became, ceased = (side.cardinality == "required" for side in (new, old))
    return NOTHING if became == ceased else lost(_OLD if became else _NEW)


def utf8(old: Field, new: Field) -> Losses:
    """The losses where a reader starts or stops refusing bytes that are not UTF-8."""
    found = NOTHING
    for option, was in old.options.items():
        now = new.options.get(option, was)
        if was != now and "VERIFY" in {was, now} and "utf8" in option:
            found |= lost(_OLD if now == "VERIFY" else _NEW, surfaces=[Surface.WIRE])
    return found


def swapped(old: Field, of_old: Message, new: Field, of_new: Message) -> bool:
    """Whether a number has another name, which the other message has at another number."""
    return old.name != new.name and (old.name in of_new.numbers or new.name in of_old.numbers)


def oneof(old: Field, of_old: Message, new: Field, of_new: Message) -> Losses:
    """The losses where a field moves into, out of or between oneofs.

    A reader keeps only the last member of a oneof, so data with several of them loses all but one. A field alone in a
    new oneof loses nothing. The binary encoding identifies members by number, JSON by name.
    """
    if not old.oneof and not new.oneof:
        return NOTHING
    rivals = _rivals(old, of_old), _rivals(new, of_new)
    names = [{of.fields[n].json_name for n in found} for found, of in zip(rivals, (of_old, of_new), strict=True)]
    on_wire = _parted(*rivals, _kept(of_old.fields, of_new.fields))
    in_json = _parted(names[0], names[1], _kept(of_old.by_json_name, of_new.by_json_name))
    return on(Surface.WIRE, on_wire) | on(Surface.JSON, in_json)


def _kept(old: Mapping[K, Field], new: Mapping[K, Field]) -> AbstractSet[K]:
    """The keys, numbers or names, of fields that both versions have and read as one another.

    Such a pair is a list in both versions, a map in both, or a single value in both.
    """

    def form(field: Field) -> str:
        return field.cardinality if field.cardinality in {"repeated", "map"} else ""

    return {key for key in old.keys() & new.keys() if form(old[key]) == form(new[key])}


def _parted(before: set[K], after: set[K], kept: AbstractSet[K]) -> Losses:
    """The losses when a field's rivals, by number or name, change from one set to another; new fields are additions."""
    found = NOTHING
    if (after & kept) - before:
        found |= lost(_OLD)
    if (before - after) & kept:
        found |= lost(_NEW)
    return found


def _rivals(field: Field, message: Message) -> set[int]:
    """The numbers of the other members of a field's oneof."""
    return set(message.oneofs[field.oneof].members) - {field.number} if field.oneof else set()
