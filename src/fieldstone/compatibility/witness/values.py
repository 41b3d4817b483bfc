"""The values that are tried: those at the edges of a type, and those that only some readers know."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor
    from google.protobuf.message import Message

NOT_UTF8 = b"\xc3\x28\xff"
"""Bytes that are not UTF-8."""

STAND_IN = "\x01\x02\x03"
"""The text in place of `NOT_UTF8` until the message is encoded, because Python cannot encode invalid text."""

Values = list[Any]
"""A field's values: one, several for a list, pairs for a map, none to leave it unset."""

_INTEGERS = (1, -1, 2**31 - 1, 2**31, 2**32 + 5, 2**63 - 1, 2**63, 2**64 - 1, -(2**31), -(2**31) - 1, -(2**63), 0)
_OTHERS: Mapping[int, Sequence[Any]] = {
    FieldDescriptor.TYPE_BOOL: (True, False),
    FieldDescriptor.TYPE_DOUBLE: (0.1, 1e300, -0.0, math.inf, math.nan),
    FieldDescriptor.TYPE_FLOAT: (0.1, -0.0, math.inf, math.nan),
    FieldDescriptor.TYPE_STRING: ("a", "\u00e9", STAND_IN, ""),
    FieldDescriptor.TYPE_BYTES: (b"\x01", NOT_UTF8, b""),
}
_MANY_VALUES = 64
"""The most values of an enum that are tried, besides those that the other version lacks."""

_NESTING = 20
"""The depth to which required messages are filled."""

_RANGES = {
    **dict.fromkeys(
        (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SFIXED32), (-(2**31), 2**31 - 1)
    ),
    **dict.fromkeys(
        (FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_SINT64, FieldDescriptor.TYPE_SFIXED64), (-(2**63), 2**63 - 1)
    ),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64), (0, 2**64 - 1)),
}


def is_message(field: FieldDescriptor) -> bool:
    """Whether the values of a field are messages; a map's entries are."""
    return field.message_type is not None


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    kind: Any = field.message_type
    return bool(field.is_repeated and kind is not None and kind.GetOptions().map_entry)


def map_parts(field: FieldDescriptor) -> tuple[FieldDescriptor, FieldDescriptor]:
    """The key and the value of a map's entries."""
    entry: Any = field.message_type
    return entry.fields_by_number[1], entry.fields_by_number[2]


def valued(field: FieldDescriptor) -> FieldDescriptor:
    """The field that types the values: for a map the entry's value, else the field itself."""
    return map_parts(field)[1] if is_map(field) else field


def is_number(field: FieldDescriptor) -> bool:
    """Whether the values of a field are numbers, bool and enums included."""
    return field.cpp_type not in {FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_MESSAGE}


def is_text(field: FieldDescriptor) -> bool:
    """Whether the values of a field are text."""
    return bool(field.type == FieldDescriptor.TYPE_STRING)


def singles(field: FieldDescriptor, other: FieldDescriptor | None) -> list[Any]:
    """The values at the edges of a field's type; for a message None, which means an empty one.

    Args:
        field: the writer's field.
        other: the reader's field in its place.
    """
    if field.enum_type is not None:
        return _numbers(field.enum_type, other.enum_type if other is not None else None)
    if field.type in _RANGES:
        least, most = _RANGES[field.type]
        return [v for v in _INTEGERS if least <= v <= most]
    return list(_OTHERS.get(field.type, [None]))


def _numbers(enum: EnumDescriptor, other: EnumDescriptor | None) -> list[int]:
    """Numbers that the other enum lacks or names differently come first, numbers that neither names last."""
    mine, theirs = _names(enum), _names(other) if other is not None else {}
    strange = [number for number, names in mine.items() if theirs.get(number) != names]
    usual = [number for number, names in mine.items() if theirs.get(number) == names][:_MANY_VALUES]
    unknown = max((1, *mine, *theirs)) + 1  # no bool has this number
    return [*strange, *usual, *([] if enum.is_closed else [min(unknown, 2**31 - 1), *([-1] if theirs else [])])]


@cache
def _names(enum: EnumDescriptor) -> dict[int, frozenset[str]]:
    names: dict[int, frozenset[str]] = {}
    for value in enum.values:
        names[value.number] = names.get(value.number, frozenset()) | {value.name}
    return names


def names_of(enum: EnumDescriptor | None, number: int) -> frozenset[str]:
    """The names of a number; none for a number that the enum does not name."""
    return _names(enum).get(number, frozenset()) if enum is not None else frozenset()


def settings(field: FieldDescriptor, other: FieldDescriptor | None) -> Iterator[Values]:
    """All values for a field, one after another; the most revealing first, unset last."""
    if is_map(field):
        key, value = map_parts(field)
        keys, values = singles(key, _part(other, 1)), singles(value, _part(other, 2))
        yield from ([(keys[0], v)] for v in values)
        yield from ([(k, values[0])] for k in keys[1:])
    else:
        values = singles(field, other)
        yield from ([v] for v in values)
        if field.is_repeated:
            yield [values[0], values[-1]]
    yield []


def _part(field: FieldDescriptor | None, number: int) -> FieldDescriptor | None:
    return map_parts(field)[number - 1] if field is not None and is_map(field) else None


def put(message: Message, field: FieldDescriptor, values: Values) -> None:
    """Set a field of a message, and the required fields of messages that are created by it."""
    for value in values:
        if is_map(field):
            _put_entry(message, field, *value)
        elif is_message(field):
            fill_required(enter(message, field))
        elif field.is_repeated:
            get(message, field).append(value)
        elif field.is_extension:
            _extensions(message)[field] = value
        else:
            setattr(message, field.name, value)


def _put_entry(message: Message, field: FieldDescriptor, key: Any, value: Any) -> None:
    entries = get(message, field)
    if is_message(map_parts(field)[1]):
        entries[key].SetInParent()
        fill_required(entries[key])
    else:
        entries[key] = value


def enter(message: Message, field: FieldDescriptor) -> Message:
    """A new message in a field: its value, the next element of a list, or the value of a new entry."""
    inside: Message
    if is_map(field):
        inside = get(message, field)[singles(map_parts(field)[0], None)[0]]
    elif field.is_repeated:
        inside = get(message, field).add()
    else:
        inside = get(message, field)
        inside.SetInParent()
    return inside


def get(message: Any, field: FieldDescriptor) -> Any:
    """The value of a field or an extension; the default where it is unset."""
    return _extensions(message)[field] if field.is_extension else getattr(message, field.name)


def _extensions(message: Message) -> Any:
    return message.Extensions


def has(message: Any, field: FieldDescriptor) -> bool:
    """Whether a field with presence is set."""
    return bool(cast("Any", message).HasExtension(field) if field.is_extension else message.HasField(field.name))


def fill_required(message: Message, depth: int = 0) -> None:
    """Give every required field of a message a value; none if a message would have to contain itself."""
    if not depth and not _can_be_complete(message.DESCRIPTOR):
        return
    for field in _required(message.DESCRIPTOR):
        if not is_message(field):
            setattr(message, field.name, singles(field, None)[0])
        elif depth < _NESTING:
            fill_required(enter(message, field), depth + 1)


@cache
def _can_be_complete(message: Descriptor) -> bool:
    """Whether a message can have all required fields set, without containing itself."""
    seen: set[str] = set()
    waiting = [(message, frozenset({message.full_name}))]
    while waiting:
        at, above = waiting.pop()
        inside: list[Any] = [f.message_type for f in _required(at) if is_message(f)]
        for inner in inside:
            if inner.full_name in above:
                return False
            if inner.full_name not in seen:
                seen.add(inner.full_name)
                waiting.append((inner, above | {inner.full_name}))
    return True


@cache
def _required(message: Descriptor) -> list[FieldDescriptor]:
    return [field for field in message.fields if field.is_required]
