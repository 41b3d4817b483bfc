"""Compares a written message with the message that a reader gets.

Two values are the same if no program could distinguish them by their contents: integers of any width by number, text
and bytes by their bytes, enum values by number in binary and by name in JSON. A single value equals a list of it.
Anything else is a `Difference`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from google.protobuf.message import EncodeError
from msgspec import Struct

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.witness.pair import Mode
from fieldstone.compatibility.witness.values import get, has, is_map, is_message, is_text, map_parts, names_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
    from google.protobuf.message import Message

    from fieldstone.compatibility.witness.images import Types


_PARTS = (1, 2)
"""The numbers of the key and the value of a map's entry."""


class Kind(StrEnum):
    """The kind of a difference between the written and the received message."""

    LOST = "lost"
    VALUE = "value"
    PRESENCE = "presence"
    DEFAULT = "default"
    UNNAMED = "unnamed"
    MEANING = "meaning"
    MISSING = "missing"
    REFUSED = "refused"


class Difference(Struct, frozen=True):
    """One difference, at the field where it begins; `reader` is None if the reader has no such field."""

    kind: Kind
    writer: FieldDescriptor | None = None
    reader: FieldDescriptor | None = None
    reason: str = ""


class Exchange(Struct, frozen=True):
    """One exchange of data: the writer, the reader and the encoding.

    Attributes:
        writer: the writer's types.
        reader: the reader's types.
        surface: `wire` or `json`.
        is_old_data: whether the writer is the older of the two.
        mode: what counts as a difference.
        renamed: the renamed types: the writer's name to the reader's.
        is_deep: whether renamed types are compared inside the fields that contain them.
    """

    writer: Types
    reader: Types
    surface: Surface
    is_old_data: bool
    mode: Mode
    renamed: Mapping[str, str] = {}
    is_deep: bool = False

    def is_one(self, mine: Descriptor | EnumDescriptor, theirs: Descriptor | EnumDescriptor) -> bool:
        """Whether a type of the writer and one of the reader are the same, renamed or not."""
        return self.renamed.get(mine.full_name, mine.full_name) == theirs.full_name

    def counterpart(self, reader: Message, field: FieldDescriptor) -> FieldDescriptor | None:
        """The field of the reader that receives a field of the writer."""
        return self.field_of(reader.DESCRIPTOR, field)

    def field_of(self, message: Any, field: FieldDescriptor) -> FieldDescriptor | None:
        """The field of the reader's message that receives a field of the writer."""
        if self.surface is Surface.JSON:
            return self.reader.by_json_name(message, field)
        return self.reader.by_number(message, field.number)

    def written_as(self, message: Any, field: FieldDescriptor) -> FieldDescriptor | None:
        """The field of the writer's message that the reader receives in its own `field`."""
        if self.surface is Surface.WIRE:
            return self.writer.by_number(message, field.number)
        known = (f for f in message.fields if f.json_name in {field.json_name, field.name})
        return next(known, None)

    def is_added(self, message: Any, field: FieldDescriptor) -> bool:
        """Whether a field is new to the reader: no loss, but an addition.

        The reader knows neither its name nor its number. In JSON the number may have belonged to a field that keeps its
        name.
        """
        if self.is_old_data or self.mode is Mode.ADDITION:
            return False
        replaced = self.reader.by_number(message, field.number)
        if self.surface is Surface.JSON and self.reader.by_json_name(message, field) is not None:
            return False
        if self.surface is Surface.JSON and replaced is not None:
            return self.written_as(field.containing_type, replaced) is not None
        return replaced is None and (field.is_extension or field.name not in message.fields_by_name)

    def compare(self, written: Message, received: Message, watched: Sequence[FieldDescriptor]) -> Difference | None:
        """The first difference among the watched fields and all that is set inside them.

        Args:
            written: the message as the writer holds it.
            received: the message as the reader holds it.
            watched: fields of the writer: the first at the top, each further one inside the one before.
        """
        top, deeper = watched[:1], watched[1:]
        return self._compare(written, received, top, deeper)

    def compare_all(self, written: Message, received: Message, watched: Sequence[FieldDescriptor]) -> Difference | None:
        """The first difference among several fields side by side."""
        return self._compare(written, received, watched, ())

    def _compare(
        self,
        written: Message,
        received: Message,
        fields: Sequence[FieldDescriptor],
        deeper: Sequence[FieldDescriptor],
    ) -> Difference | None:
        for field in fields:
            other = self.counterpart(received, field)
            found = self._lost(written, received, field) if other is None else None
            if other is not None:
                found = self._field(written, field, received, other, deeper)
            if found:
                return found
        return None

    def _lost(self, written: Message, received: Message, field: FieldDescriptor) -> Difference | None:
        is_set = bool(get(written, field)) if not field.has_presence else has(written, field)
        if is_set and not self.is_added(received.DESCRIPTOR, field):
            return Difference(Kind.LOST, field)
        return None

    def _field(
        self,
        written: Message,
        mine: FieldDescriptor,
        received: Message,
        theirs: FieldDescriptor,
        deeper: Sequence[FieldDescriptor],
    ) -> Difference | None:
        kind = self._presence(written, mine, received, theirs)
        inner: Difference | None = None
        if kind is None and is_map(mine) and is_map(theirs):
            kind, inner = self._entries(get(written, mine), mine, get(received, theirs), theirs, deeper)
        elif kind is None and is_map(mine) != is_map(theirs):
            kind = None if self._are_same_entries(written, mine, received, theirs) else Kind.VALUE
        elif kind is None:
            kind, inner = self._elements(written, mine, received, theirs, deeper)
        if inner is not None:
            return inner
        if kind is None and self._means_another(mine, theirs) and _elements(written, mine):
            kind = Kind.MEANING
        return Difference(kind, mine, theirs) if kind is not None else None

    def _means_another(self, mine: FieldDescriptor, theirs: FieldDescriptor) -> bool:
        """Whether the reader has the field under another name, or another field under its name."""
        if self.mode is Mode.HISTORY:
            return (mine.name, mine.number) != (theirs.name, theirs.number)
        if mine.name == theirs.name or mine.is_extension or theirs.is_extension:
            return False
        if self.surface is Surface.JSON:
            return _is_parted(mine, theirs) or _is_parted(theirs, mine)
        holder: Any = mine.containing_type
        other: Any = theirs.containing_type
        return mine.name in other.fields_by_name or theirs.name in holder.fields_by_name

    def _presence(
        self, written: Message, mine: FieldDescriptor, received: Message, theirs: FieldDescriptor
    ) -> Kind | None:
        """Unset on one side and zero on the other; or a missing required field."""
        if theirs.is_required and not has(received, theirs):
            return Kind.MISSING
        if mine.is_repeated or theirs.is_repeated:
            return None
        sets, gets = _is_set(written, mine), _is_set(received, theirs)
        if sets is not None and gets is not None:
            return None if sets == gets else Kind.VALUE
        told = sets if sets is not None else gets
        if told is None:
            return None
        value = get(written, mine) if sets is None else get(received, theirs) if gets is None else None
        is_blind = gets is None and not self.is_old_data  # old code never could distinguish them, and still reads zero
        return Kind.PRESENCE if told is False and not value and not is_blind else None

    def _entries(
        self,
        mine: Any,
        my_field: FieldDescriptor,
        theirs: Any,
        field: FieldDescriptor,
        deeper: Sequence[FieldDescriptor],
    ) -> tuple[Kind | None, Difference | None]:
        parts = [*zip(map_parts(my_field), map_parts(field), strict=True)]
        if len(mine) != len(theirs):
            return Kind.VALUE, None
        for (key, value), (other_key, other) in zip(_sorted(mine), _sorted(theirs), strict=True):
            for mine_, theirs_, (part, other_part) in zip((key, value), (other_key, other), parts, strict=True):
                kind, inner = self._value(part, mine_, other_part, theirs_, deeper)
                if kind or inner:
                    return kind, inner
        return None, None

    def _are_same_entries(
        self, written: Message, mine: FieldDescriptor, received: Message, theirs: FieldDescriptor
    ) -> bool:
        """Whether a map and a list of messages are equal: in the binary encoding a map is a list of entries."""
        entries, others = _entries(written, mine), _entries(received, theirs)
        if self.surface is Surface.JSON or entries is None or others is None:
            return not _elements(written, mine)
        return len(entries) == len(others) and not any(
            kind or inner
            for entry, other in zip(entries, others, strict=True)
            for (part, value), (their_part, their_value) in zip(entry, other, strict=True)
            for kind, inner in [self._value(part, value, their_part, their_value, ())]
        )

    def _elements(
        self,
        written: Message,
        mine: FieldDescriptor,
        received: Message,
        theirs: FieldDescriptor,
        deeper: Sequence[FieldDescriptor],
    ) -> tuple[Kind | None, Difference | None]:
        ours, others = _elements(written, mine), _elements(received, theirs)
        if not (mine.is_repeated or theirs.is_repeated) and not is_message(mine) and not ours and not others:
            kind, _ = self._value(mine, get(written, mine), theirs, get(received, theirs), ())
            return (Kind.DEFAULT if kind else None), None
        if len(ours) != len(others) and self._are_names(mine, theirs):
            return self._number(mine, get(written, mine), theirs, get(received, theirs)), None
        if len(ours) != len(others):
            in_bytes = is_message(mine) != is_message(theirs)
            return (
                Kind.VALUE if _counts(ours, in_bytes=in_bytes) or _counts(others, in_bytes=in_bytes) else None
            ), None
        for value, other in zip(ours, others, strict=True):
            kind, inner = self._value(mine, value, theirs, other, deeper)
            if kind or inner:
                return kind, inner
        return None, None

    def _are_names(self, mine: FieldDescriptor, theirs: FieldDescriptor) -> bool:
        """Whether two fields hold one name of an enum each: of aliases one may be a zero, and the other not."""
        both = mine.enum_type is not None and theirs.enum_type is not None
        return self.surface is Surface.JSON and both and not (mine.is_repeated or theirs.is_repeated)

    def _value(
        self, mine: FieldDescriptor, value: Any, theirs: FieldDescriptor, other: Any, deeper: Sequence[FieldDescriptor]
    ) -> tuple[Kind | None, Difference | None]:
        if is_message(mine) and is_message(theirs):
            return None, self._message(value, other, deeper)
        if is_message(mine) or is_message(theirs):
            return (None if self.surface is Surface.WIRE and _same_bytes(value, other) else Kind.VALUE), None
        if mine.enum_type is not None and theirs.enum_type is not None:
            return self._number(mine, value, theirs, other), None
        return (None if _same_scalar(mine, value, theirs, other) else Kind.VALUE), None

    def _message(self, written: Message, received: Message, deeper: Sequence[FieldDescriptor]) -> Difference | None:
        top = [field for field in deeper[:1] if field.containing_type is written.DESCRIPTOR]
        for field, _ in written.ListFields():
            if field not in top:
                found = self._compare(written, received, [field], ())
                if found:
                    return found
        return self._compare(written, received, top, deeper[1:])

    def _number(self, mine: FieldDescriptor, value: int, theirs: FieldDescriptor, other: int) -> Kind | None:
        ours, others = names_of(mine.enum_type, value), names_of(theirs.enum_type, other)
        if ours and others and not ours & others and self._names_another(mine, ours, theirs, others):
            return Kind.MEANING
        if self.surface is Surface.JSON and ours and others and self.mode is not Mode.HISTORY:
            return None
        if value != other:
            return Kind.VALUE
        counts = self.is_old_data or self.mode is Mode.ADDITION
        return Kind.UNNAMED if counts and ours and not others else None

    def _names_another(
        self, mine: FieldDescriptor, ours: frozenset[str], theirs: FieldDescriptor, others: frozenset[str]
    ) -> bool:
        """Whether another name of a number is another value, and not just renamed."""
        if self.mode is Mode.HISTORY or self.surface is Surface.JSON:
            return True
        enum: Any = mine.enum_type
        other: Any = theirs.enum_type
        return any(name in other.values_by_name for name in ours) or any(n in enum.values_by_name for n in others)


def _is_parted(field: FieldDescriptor, other: FieldDescriptor) -> bool:
    """Whether the other field's message has this field, by name and number, next to the other one."""
    message: Any = other.containing_type
    same = message.fields_by_name.get(field.name)
    return same is not None and same.number == field.number and same.number != other.number


def _entries(message: Message, field: FieldDescriptor) -> list[list[tuple[FieldDescriptor, Any]]] | None:
    """The entries of a map or of a list of messages with a key and a value; None if it is neither."""
    element: Any = field.message_type
    parts = [part for part in element.fields if part.number in _PARTS] if element is not None else []
    if not field.is_repeated or len(parts) != len(_PARTS) or any(part.is_repeated for part in parts):
        return None
    parts.sort(key=lambda part: part.number)
    if is_map(field):
        return [[*zip(parts, entry, strict=True)] for entry in _sorted(get(message, field))]
    return [[(part, get(element, part)) for part in parts] for element in get(message, field)]


def _same_bytes(value: Any, other: Any) -> bool:
    """Whether a message equals bytes: bytes may hold an encoded message."""
    sides = [
        v if isinstance(v, bytes) else None if isinstance(v, str | int | float) else _encoded(v) for v in (value, other)
    ]
    return None not in sides and sides[0] == sides[1]


def _encoded(message: Message) -> bytes | None:
    """A message in bytes; None if a required field is missing and the runtime refuses to write it."""
    try:
        return message.SerializePartialToString(deterministic=True)
    except EncodeError:
        return None


def _is_set(message: Message, field: FieldDescriptor) -> bool | None:
    """Whether a field is set; None if unset and zero are the same."""
    return has(message, field) if field.has_presence else None


def _elements(message: Message, field: FieldDescriptor) -> list[Any]:
    """The values of a field; none if it is unset, or a zero that is the same as unset."""
    value = get(message, field)
    if field.is_repeated:
        return list(value)
    is_there = has(message, field) if field.has_presence else _counts([value])
    return [value] if is_there else []


def _counts(values: Sequence[Any], *, in_bytes: bool = False) -> bool:
    """Whether there is more than one zero, which one side keeps and the other omits; messages count `in_bytes`."""
    values = [_encoded(v) if in_bytes and hasattr(v, "DESCRIPTOR") else v for v in values]
    return len(values) > 1 or any(not isinstance(v, bool | int | float | str | bytes) or _is_nonzero(v) for v in values)


def _is_nonzero(value: Any) -> bool:
    return bool(value) or (isinstance(value, float) and math.copysign(1, value) < 0)


def _sorted(entries: Any) -> list[tuple[Any, Any]]:
    return sorted(entries.items(), key=lambda entry: str(entry[0]))


def _same_scalar(mine: FieldDescriptor, value: Any, theirs: FieldDescriptor, other: Any) -> bool:
    if isinstance(value, str | bytes) and isinstance(other, str | bytes):
        if is_text(theirs) and isinstance(other, bytes) and not is_text(mine):
            return False
        return _bytes(value) == _bytes(other)
    if isinstance(value, str | bytes) or isinstance(other, str | bytes):
        return not value and not other
    if isinstance(value, float) and isinstance(other, float):
        return value == other or (math.isnan(value) and math.isnan(other))
    return bool(value == other)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
