"""Messages to try: one field at a time at the edges of its type, and two at once if the reader's oneof forbids it."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from msgspec import Struct

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.witness.exchange import Exchange
from fieldstone.compatibility.witness.pair import Mode
from fieldstone.compatibility.witness.values import (
    NOT_UTF8,
    STAND_IN,
    Values,
    enter,
    fill_required,
    is_map,
    is_message,
    is_number,
    names_of,
    put,
    settings,
    singles,
    valued,
)
from fieldstone.schema.reservation import Ranges, uncovered

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
    from google.protobuf.message import Message

Path = tuple["FieldDescriptor", ...]
"""Fields of the writer, each inside the one before."""

_PATHS = 400
"""The most fields inside renamed types that are tried below one field."""


class Probe(Struct, frozen=True):
    """One message to write.

    Attributes:
        message: the message as the writer holds it.
        data: its bytes; the writer reads them as the message.
        path: the field that is tried.
        beside: another member of a oneof that is set as well.
        values: the values of the tried field; empty if it is left unset.
        alias: the name of an enum value in its JSON, and an alias to replace it; the same name twice if its JSON omits
            the value but may contain it.
    """

    message: Message
    data: bytes
    path: Path
    beside: FieldDescriptor | None = None
    alias: tuple[str, str] | None = None
    values: Values = []


def probes(
    exchange: Exchange,
    writer: Descriptor,
    reader: Descriptor,
    fields: Iterable[FieldDescriptor],
    numbers: Collection[int] | None = None,
) -> Iterator[Probe]:
    """Every message of the writer that tries one of the fields.

    Args:
        exchange: the writer, the reader and the encoding.
        writer: the message as the writer knows it.
        reader: the message as the reader knows it.
        fields: fields of the writer's message.
        numbers: if given, only enum values with these numbers are tried, and leaving fields unset.
    """
    for field in fields:
        if exchange.is_added(reader, field):
            continue
        for path, other in _paths(exchange, field, reader):
            for values in settings(path[-1], other):
                if not (_is_addition(exchange, path[-1], other, values) or _is_other(values, numbers)):
                    yield from _made(exchange, writer, path, other, values)
            yield from _both(exchange, writer, path, other)


def empty(exchange: Exchange, writer: Descriptor) -> Probe:
    """The message with its required fields and nothing else."""
    message = exchange.writer.new(writer)
    fill_required(message)
    return Probe(message, _encode(message), ())


def _paths(
    exchange: Exchange, field: FieldDescriptor, reader: Descriptor
) -> Iterator[tuple[Path, FieldDescriptor | None]]:
    """The field, and the fields inside it while its type has another name for the reader.

    The contents of a type that both know, renamed or not, are tried with that type.
    """
    waiting: list[tuple[Path, FieldDescriptor | None]] = [((field,), exchange.field_of(reader, field))]
    seen: set[tuple[str, str]] = set()
    given = 0
    while waiting and given < _PATHS:
        path, other = waiting.pop(0)
        given += 1
        yield path, other
        mine, theirs = _inside(path[-1]), _inside(other)
        if mine is None or theirs is None or other is None or mine.full_name == theirs.full_name:
            continue
        if is_map(path[-1]) != is_map(other):
            continue
        if exchange.is_one(mine, theirs) and not exchange.is_deep:
            continue
        if (mine.full_name, theirs.full_name) not in seen:
            seen.add((mine.full_name, theirs.full_name))
            known = [field for field in exchange.writer.fields(mine) if not exchange.is_added(theirs, field)]
            waiting += [((*path, field), exchange.field_of(theirs, field)) for field in known]
            waiting += [
                ((*path, field), exchange.field_of(theirs, field)) for field in _foreign(exchange, mine, theirs)
            ]


def _foreign(exchange: Exchange, mine: Descriptor, theirs: Descriptor) -> Iterator[FieldDescriptor]:
    """An extension by somebody else, with a number that the reader's message no longer takes."""
    missing = uncovered(_ranges(mine), _ranges(theirs)) if exchange.is_old_data else []
    for number, _ in missing[:1]:
        taker = exchange.reader.by_number(theirs, number)
        yield exchange.writer.extend(mine, number, text=taker is not None and is_number(taker))


def _ranges(message: Any) -> Ranges:
    return tuple((first, end - 1) for first, end in message.extension_ranges)


def _inside(field: FieldDescriptor | None) -> Descriptor | None:
    """The type of the messages in a field, or of the values of a map."""
    if field is None or not is_message(field):
        return None
    return valued(field).message_type


def _is_other(values: Values, numbers: Collection[int] | None) -> bool:
    contents = [value[1] if isinstance(value, tuple) else value for value in values]
    return numbers is not None and bool(contents) and not any(value in numbers for value in contents)


def _is_addition(exchange: Exchange, field: FieldDescriptor, other: FieldDescriptor | None, values: Values) -> bool:
    """Whether the values only try an enum value that the reader does not know yet."""
    if is_map(field):
        values = [value for _, value in values]
        other = other if other is not None and is_map(other) else None
    field, other = valued(field), valued(other) if other is not None else None
    if (
        exchange.is_old_data
        or exchange.mode is Mode.ADDITION
        or field.enum_type is None
        or other is None
        or other.enum_type is None
    ):
        return False
    mine, theirs = field.enum_type, other.enum_type
    if not exchange.is_one(mine, theirs):
        return False
    if exchange.surface is Surface.JSON:
        return any(_is_new_name(mine, theirs, v) for v in values)
    return any(_is_new_number(mine, theirs, v) for v in values)


def _is_new_number(mine: EnumDescriptor, theirs: EnumDescriptor, number: int) -> bool:
    """Whether the reader knows neither a number nor any of its names."""
    names = names_of(mine, number)
    return bool(names) and not names_of(theirs, number) and not names & frozenset(theirs.values_by_name)


def _is_new_name(mine: EnumDescriptor, theirs: EnumDescriptor, number: int) -> bool:
    """Whether the reader knows none of a number's names, and its own name of the number was not removed."""
    names = names_of(mine, number)
    left = names_of(theirs, number) - frozenset(mine.values_by_name)
    return bool(names) and not names & frozenset(theirs.values_by_name) and not left


def _made(
    exchange: Exchange, writer: Descriptor, path: Path, other: FieldDescriptor | None, values: Values
) -> Iterator[Probe]:
    message, inside = _entered(exchange, writer, path)
    put(inside, path[-1], values)
    if path[-1].is_required and not values:
        return
    if _holds_stand_in(values):
        yield from _not_utf8(exchange, writer, message, path)
    else:
        data = _encode(message)
        yield Probe(message, data, path, values=values)
        if exchange.surface is Surface.JSON:
            yield from (
                Probe(message, data, path, values=values, alias=alias)
                for alias in _aliases(exchange, path[-1], other, values)
            )


def _entered(exchange: Exchange, writer: Descriptor, path: Path) -> tuple[Message, Message]:
    """A message with its required fields, and the message inside it that has the last field of a path."""
    message = inside = exchange.writer.new(writer)
    fill_required(message)
    for field in path[:-1]:
        inside = enter(inside, field)
        fill_required(inside)
    return message, inside


def _aliases(
    exchange: Exchange, field: FieldDescriptor, other: FieldDescriptor | None, values: Values
) -> Iterator[tuple[str, str]]:
    """The first name of each written enum number, with each further one; none that is an addition."""
    enum = valued(field).enum_type
    theirs: Container[str] | None = None
    if not exchange.is_old_data and exchange.mode is not Mode.ADDITION and other is not None:
        known = valued(other).enum_type
        is_same = known is not None and enum is not None and exchange.is_one(enum, known)
        theirs = known.values_by_name if is_same else None
    for number in (value[1] if isinstance(value, tuple) else value for value in values if enum is not None):
        names = [value.name for value in enum.values if value.number == number] if enum is not None else []
        is_number = other is not None and valued(other).enum_type is None  # JSON may print a zero, by its name
        written = names if number == 0 and is_number and _leaves_out_zero(field) else names[1:]
        yield from ((names[0], other) for other in written if theirs is None or other in theirs)


def _leaves_out_zero(field: FieldDescriptor) -> bool:
    """Whether JSON contains a zero of a field only if the writer also prints fields without presence."""
    return not field.is_repeated and not field.has_presence


def _holds_stand_in(values: Values) -> bool:
    return any(STAND_IN in (value if isinstance(value, tuple) else (value,)) for value in values)


def _not_utf8(exchange: Exchange, writer: Descriptor, message: Message, path: Path) -> Iterator[Probe]:
    """The message with bytes that are not UTF-8, if its own version reads them."""
    data = _encode(message).replace(STAND_IN.encode(), NOT_UTF8)
    if exchange.surface is Surface.WIRE:
        try:
            yield Probe(exchange.writer.decode(writer, data), data, path, values=[NOT_UTF8])
        except DecodeError:
            return


def _both(exchange: Exchange, writer: Descriptor, path: Path, other: FieldDescriptor | None) -> Iterator[Probe]:
    """Two fields at once that the writer can set together and the reader cannot; one may be a list."""
    field = path[-1]
    if is_map(field) or other is None or other.containing_oneof is None:
        return
    for rival in other.containing_oneof.fields:
        beside = exchange.written_as(field.containing_type, rival)
        if beside is None or beside.number == field.number or is_map(beside):
            continue
        if field.containing_oneof is None or field.containing_oneof is not beside.containing_oneof:
            message, inside = _entered(exchange, writer, path)
            put(inside, field, singles(field, None)[:1])
            put(inside, beside, singles(beside, None)[:1])
            yield Probe(message, _encode(message), path, beside)
            return


def _encode(message: Message) -> bytes:
    return message.SerializePartialToString(deterministic=True)
