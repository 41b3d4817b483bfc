"""Whole types: those that left, and the extensions that they take from others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.reading import Reading
from fieldstone.compatibility.witness.search import Route, direction, pair_routes
from fieldstone.compatibility.witness.values import fill_required, put, singles
from fieldstone.compatibility.witness.words import in_hex, shown
from fieldstone.schema.model import uncovered

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message


def missing_message(old: Version, new: Version, name: str, surface: Surface) -> Iterator[Witness]:
    """Data of a message that the newer version does not have.

    The binary form may come by any way that names its type; in JSON it is `google.protobuf.Any` that does
    (https://protobuf.dev/programming-guides/json/#any).
    """
    written = old.types.message(name)
    if written is not None and new.types.message(name) is None:
        message, what = sample(old, written)
        if surface is Surface.WIRE:
            yield _missing(old, new, name, what, in_hex(message.SerializePartialToString(deterministic=True)), surface)
        else:
            yield _missing(old, new, name, what, _as_any(old, message), surface)


def missing_enum(old: Version, new: Version, name: str, surface: Surface) -> Iterator[Witness]:
    """A value of an enum that the newer version does not have, in somebody else's field."""
    enum = old.types.enum(name)
    if enum is not None and new.types.enum(name) is None:
        carrier = old.types.field_of_enum(enum)
        message = old.types.new(carrier)
        put(message, carrier.fields[0], [enum.values[-1].number])
        data = in_hex(message.SerializeToString()) if surface is Surface.WIRE else json.dumps(enum.values[-1].name)
        yield _missing(old, new, name, f"{enum.values[-1].name} in a field of {name}", data, surface)


def _missing(old: Version, new: Version, name: str, value: str, encoded: str, surface: Surface) -> Witness:
    return Witness(
        surface=surface,
        direction=direction(is_old_data=True),
        writer=old.label,
        reader=new.label,
        message=name,
        value=value,
        encoded=encoded,
        reads=f"has no type {name}",
    )


def sample(version: Version, written: Descriptor) -> tuple[Message, str]:
    """A message with one field set, and what it holds in words."""
    message = version.types.new(written)
    fill_required(message)
    for field in written.fields[:1]:
        put(message, field, [] if field.is_repeated or field.is_required else singles(field, None)[:1])
        return message, f"{written.name} with {shown(message, (field,))}"
    return message, f"an empty {written.name}"


def _as_any(version: Version, message: Message) -> str:
    try:
        inside = json_format.MessageToDict(message, descriptor_pool=version.types.pool)
    except (json_format.Error, ValueError, TypeError):
        inside = {}
    contents = inside if isinstance(inside, dict) else {"value": inside}
    return json.dumps({"@type": f"type.googleapis.com/{message.DESCRIPTOR.full_name}", **contents})


def dropped_ranges(old: Version, new: Version, name: str, surface: Surface) -> Iterator[Witness]:
    """An extension of somebody else's, with a number that the newer version no longer takes."""
    before, after = old.schema.messages[name], new.schema.messages[name]
    for first, _ in uncovered(before.extension_ranges, after.extension_ranges):
        mine, theirs = old.types.message(name), new.types.message(name)
        if mine is not None and theirs is not None:
            extension = old.types.extend(mine, first)
            reading = Reading(old.types, new.types, surface, is_old_data=True)
            yield from Route(reading, old.label, new.label, mine, theirs, name).search([extension])


def enum_routes(
    old: Version, new: Version, name: str, surface: Surface, *, exact: bool = False
) -> Iterator[tuple[Route, Any]]:
    """The ways of an enum's values, with the field that carries them: one of the module's, or somebody else's."""
    mine, theirs = old.types.enum(name), new.types.enum(name)
    if mine is None or theirs is None:
        return
    holder = _holder(old, new, name)
    if holder is None:
        pair = old.types.field_of_enum(mine), new.types.field_of_enum(theirs)
        number, called = 1, f"any message with a field of {name}"
    else:
        pair, number, called = holder
    for route in pair_routes(old, new, pair, surface, exact=exact, called=called):
        yield route, route.writer.fields_by_number[number]


def _holder(old: Version, new: Version, name: str) -> tuple[tuple[Any, Any], int, str] | None:
    """A field of both versions that has the enum as its type."""
    for message in old.schema.messages.values():
        after = new.schema.messages.get(message.full_name)
        for number, field in message.fields.items():
            if after is not None and field.type == name and number in after.fields:
                kept = after.fields[number]
                if (kept.type, kept.name, kept.cardinality) == (name, field.name, "singular"):
                    pair = old.types.message(message.full_name), new.types.message(message.full_name)
                    return pair, number, message.full_name
    return None
