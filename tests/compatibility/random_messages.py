"""Random messages of a type: many fields at once, values at the edges of their types, messages inside messages."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from tests.compatibility.soundness import Side

DEPTH = 3
"""Messages are filled this deep; what is required, deeper."""

_DEEPEST = 8

_T = FieldDescriptor
_RANGES = {
    **dict.fromkeys((_T.TYPE_INT32, _T.TYPE_SINT32, _T.TYPE_SFIXED32), (-(2**31), 2**31 - 1)),
    **dict.fromkeys((_T.TYPE_INT64, _T.TYPE_SINT64, _T.TYPE_SFIXED64), (-(2**63), 2**63 - 1)),
    **dict.fromkeys((_T.TYPE_UINT32, _T.TYPE_FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((_T.TYPE_UINT64, _T.TYPE_FIXED64), (0, 2**64 - 1)),
}
"""The least and the most that an integer of a type can be."""

_FLOATS = [0.0, 1.5, -2.25, 0.1, math.inf, -math.inf, math.nan, -0.0]
_TEXTS = ["", "a", "\u00e9\u4e16", "x" * 40, "0", "true"]
_BYTES = [b"", b"\x00", b"a", b"\xff\xfe", b"\x08\x01"]


def entry_of(field: Any) -> Any:
    """The entry of a map; None of any other field."""
    kind = field.message_type
    return kind if field.is_repeated and kind is not None and kind.GetOptions().map_entry else None


def value_of(message: Any, field: Any) -> Any:
    """The value of a field or an extension."""
    return message.Extensions[field] if field.is_extension else getattr(message, field.name)


def has(message: Any, field: Any) -> bool:
    """Whether a field that can tell it is set."""
    return bool(message.HasExtension(field) if field.is_extension else message.HasField(field.name))


def names_of(enum: Any, number: int) -> set[str]:
    """The names of a number."""
    return {value.name for value in enum.values if value.number == number}


def is_new(writer: Side, reader: Side, message: Any, field: Any, *, as_json: bool) -> bool:
    """Whether the reader's message knows a field of the writer's neither by its number nor by its name.

    In JSON it may have the number of a field that lives on under its name.
    """
    if as_json and reader.counterpart(message, field, as_json=True):
        return False
    replaced = reader.counterpart(message, field, as_json=False)
    if as_json and replaced:
        return bool(writer.counterpart(field.containing_type, replaced, as_json=True))
    return replaced is None and (field.is_extension or field.name not in message.fields_by_name)


class Writer:
    """Fills messages of one side.

    Args:
        side: whose messages they are.
        reader: who will read them.
        rng: where chance comes from.
        as_json: whether they are read as ProtoJSON.
        is_old_data: whether all that they hold counts; else what the reader does not know yet is left out.
    """

    def __init__(self, side: Side, reader: Side, rng: random.Random, *, as_json: bool, is_old_data: bool) -> None:
        self.side, self.reader, self.rng = side, reader, rng
        self.as_json, self.is_old_data = as_json, is_old_data
        self.has_omitted = False
        """Whether a message lacks what is required, as only its writer knows it."""
        self.is_endless = False
        """Whether what is required holds itself, so that there is no whole message."""

    def fill(self, message: Any, theirs: Any, depth: int = 0) -> None:
        """Set fields at random, and all that is required.

        Args:
            message: an empty message of the side.
            theirs: the reader's type in its place; None if it has none.
            depth: how many messages lie around it.
        """
        if message.DESCRIPTOR.full_name in _SPECIAL:
            _SPECIAL[message.DESCRIPTOR.full_name](message, self.rng)
            return
        for field in self.side.members(message.DESCRIPTOR):
            other = self.reader.counterpart(theirs, field, as_json=self.as_json) if theirs is not None else None
            is_addition = not self.is_old_data and theirs is not None and self._is_new(theirs, field)
            self.has_omitted |= is_addition and field.is_required
            if not is_addition and (field.is_required or self._is_wanted(field, depth)):
                self._set(message, field, other, depth)

    def _is_new(self, message: Any, field: Any) -> bool:
        return is_new(self.side, self.reader, message, field, as_json=self.as_json)

    def _is_wanted(self, field: Any, depth: int) -> bool:
        return self.rng.random() < (0.7 if field.message_type is None or depth < DEPTH else 0)

    def _set(self, message: Any, field: Any, other: Any, depth: int) -> None:
        self.is_endless |= depth > _DEEPEST
        if depth > _DEEPEST:
            return
        count = self.rng.choice([1, 1, 2, 3]) if field.is_repeated else 1
        for _ in range(count):
            if entry_of(field) is not None:
                self._set_entry(message, field, other, depth)
            elif field.message_type is not None:
                inner = value_of(message, field).add() if field.is_repeated else value_of(message, field)
                inner.SetInParent()
                self.fill(inner, other.message_type if other is not None else None, depth + 1)
            else:
                self._put(message, field, other)

    def _put(self, message: Any, field: Any, other: Any) -> None:
        for value in self._scalars(field, other):
            if field.is_repeated:
                value_of(message, field).append(value)
            elif field.is_extension:
                message.Extensions[field] = value
            else:
                setattr(message, field.name, value)

    def _set_entry(self, message: Any, field: Any, other: Any, depth: int) -> None:
        key, value = (field.message_type.fields_by_number[number] for number in (1, 2))
        kind = other.message_type.fields_by_number if other is not None and other.message_type is not None else {}
        entries = value_of(message, field)
        for name in self._scalars(key, kind.get(1)):
            if value.message_type is not None:
                entries[name].SetInParent()
                inner = kind.get(2)
                self.fill(entries[name], inner.message_type if inner is not None else None, depth + 1)
            else:
                for content in self._scalars(value, kind.get(2)):
                    entries[name] = content

    def _scalars(self, field: Any, other: Any) -> list[Any]:
        """A random value; none if the reader knows none of an enum's."""
        if field.enum_type is not None:
            numbers = self._numbers(field.enum_type, other.enum_type if other is not None else None)
            return [self.rng.choice(numbers)] if numbers else []
        if field.type in _RANGES:
            return [self._integer(*_RANGES[field.type])]
        if field.type == FieldDescriptor.TYPE_BOOL:
            return [self.rng.random() < 0.5]
        if field.type == FieldDescriptor.TYPE_STRING:
            return [self.rng.choice(_TEXTS)]
        return [self.rng.choice(_BYTES if field.type == FieldDescriptor.TYPE_BYTES else _FLOATS)]

    def _numbers(self, mine: Any, theirs: Any) -> list[int]:
        known = [value.number for value in mine.values]
        if theirs is not None and not self.is_old_data:
            known = [number for number in known if self._is_known(mine, theirs, number)]
        both = [value.number for enum in (mine, theirs) if enum is not None for value in enum.values]
        unnamed = [] if mine.is_closed or max(both) >= 2**31 - 1 else [max(both) + 1]
        return [*known, *known, *unnamed]

    def _is_known(self, mine: Any, theirs: Any, number: int) -> bool:
        if self.as_json:
            return bool(names_of(mine, number) & {value.name for value in theirs.values})
        return bool(names_of(theirs, number))

    def _integer(self, least: int, most: int) -> int:
        return self.rng.choice([0, 1, 2, 7, least, most, self.rng.randint(least, most)])


def _timestamp(message: Any, rng: random.Random) -> None:
    message.seconds, message.nanos = rng.choice([0, 1, 1700000000]), rng.choice([0, 1, 999999999])


def _any(message: Any, rng: random.Random) -> None:
    if rng.random() < 0.3:
        message.type_url = "type.googleapis.com/none"


def _value(message: Any, rng: random.Random) -> None:
    message.string_value = rng.choice(_TEXTS)


def _struct(message: Any, rng: random.Random) -> None:
    message.fields["a"].number_value = rng.choice([0.0, 1.5])


def _list(message: Any, rng: random.Random) -> None:
    message.values.add().bool_value = rng.random() < 0.5


def _mask(message: Any, rng: random.Random) -> None:
    message.paths.append(rng.choice(["a", "b.c"]))


_SPECIAL = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _timestamp,
    "google.protobuf.Any": _any,
    "google.protobuf.Value": _value,
    "google.protobuf.Struct": _struct,
    "google.protobuf.ListValue": _list,
    "google.protobuf.FieldMask": _mask,
}
"""Well-known types whose JSON has rules of its own."""
