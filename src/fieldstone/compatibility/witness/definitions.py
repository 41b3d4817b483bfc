"""Whole types: those that were removed, and the extensions that they accept from others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.pair import Pair
from fieldstone.compatibility.witness.search import Route, exchange_of, pair_routes
from fieldstone.compatibility.witness.values import fill_required, is_number, put, singles
from fieldstone.compatibility.witness.words import in_hex, shown
from fieldstone.schema.reservation import uncovered

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message


_HOLDERS = 3
"""The most fields of an enum that are tried: the default of one may hide what another means where it is unset."""


def missing_message(pair: Pair, name: str) -> Iterator[Witness]:
    """Data of a message that the newer version lacks, under its name and any other.

    Binary data may arrive in any way that names its type. In JSON, `google.protobuf.Any` names it
    (https://protobuf.dev/programming-guides/json/#any).
    """
    written = pair.old.types.message(name)
    if written is not None and pair.new.types.message(pair.names(name)[1]) is None:
        message, what = sample(pair.old, written)
        if pair.surface is Surface.WIRE:
            yield _missing(pair, name, what, in_hex(message.SerializePartialToString(deterministic=True)))
        else:
            yield _missing(pair, name, what, _as_any(pair.old, message))


def _missing(pair: Pair, name: str, value: str, encoded: str) -> Witness:
    writer, reader, direction = pair.writing(old=True)
    return Witness(
        surface=pair.surface,
        direction=direction,
        writer=writer.label,
        reader=reader.label,
        message=name,
        value=value,
        encoded=encoded,
        reads=f"has no type {name}",
    )


def sample(version: Version, written: Descriptor, name: str | None = None) -> tuple[Message, str]:
    """A message with one field set, and its contents in words.

    Args:
        version: the version of the message.
        written: the message.
        name: the field to set; empty for none, None for the first.
    """
    message = version.types.new(written)
    fill_required(message)
    for field in written.fields[:1] if name is None else [f for f in written.fields if f.name == name]:
        if not field.is_repeated:
            put(message, field, singles(field, None)[:1])
            return message, f"{written.name} with {shown(message, (field,))}"
    return message, f"an empty {written.name}"


def _as_any(version: Version, message: Message) -> str:
    try:
        inside = json_format.MessageToDict(message, descriptor_pool=version.types.pool)
    except (json_format.Error, ValueError, TypeError):
        inside = {}
    return json.dumps({"@type": f"type.googleapis.com/{message.DESCRIPTOR.full_name}", **inside})


def dropped_ranges(pair: Pair, names: tuple[str, str]) -> Iterator[Witness]:
    """An extension by others, with a number that the newer version's message no longer accepts."""
    before, after = pair.old.schema.messages.get(names[0]), pair.new.schema.messages.get(names[1])
    mine, theirs = pair.old.types.message(names[0]), pair.new.types.message(names[1])
    if before and after and mine is not None and theirs is not None:
        for first, _ in uncovered(before.extension_ranges, after.extension_ranges):
            taker = pair.new.types.by_number(theirs, first)
            extension = pair.old.types.extend(mine, first, text=taker is not None and is_number(taker))
            route = Route(exchange_of(pair, old=True), pair.old.label, pair.new.label, mine, theirs, names[0])
            yield from route.search([extension])


def enum_routes(pair: Pair, name: str) -> Iterator[tuple[Route, FieldDescriptor]]:
    """The routes of an enum's values, with the field that holds them: a few of the module's, then one by others."""
    before, after = pair.names(name)
    mine, theirs = pair.old.types.enum(before), pair.new.types.enum(after)
    if mine is None or theirs is None:
        return
    anywhere = (pair.old.types.field_of_enum(mine), pair.new.types.field_of_enum(theirs))
    ways = [*islice(_holders(pair, before, after), _HOLDERS), (anywhere, 1, f"any message with a field of {name}")]
    for messages, number, called in ways:
        for route in pair_routes(pair, messages, called=called):
            yield route, route.writer.fields_by_number[number]


def _holders(pair: Pair, before: str, after: str) -> Iterator[tuple[tuple[Any, Any], int, str]]:
    """The fields of both versions whose type is the enum."""
    for message in pair.old.schema.messages.values():
        names = pair.names(message.full_name)
        held_by = pair.new.schema.messages.get(names[1])
        for number, field in message.fields.items():
            if held_by is not None and field.type == before and number in held_by.fields:
                kept = held_by.fields[number]
                if (kept.type, kept.name, kept.cardinality) == (after, field.name, "singular"):
                    messages = pair.old.types.message(names[0]), pair.new.types.message(names[1])
                    yield messages, number, message.full_name
