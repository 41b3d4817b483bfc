"""What a reader makes of a message, held against what was written.

Two values are the same where no program could tell them apart by their contents: integers of any width by
number, text and bytes by their bytes, enum values by number in binary and by name in JSON. One value and a
list of it are the same. What is not the same is a `Difference`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.witness.pair import Mode
from fieldstone.compatibility.witness.values import get, has, is_map, is_message, is_text, names_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

    from fieldstone.compatibility.witness.images import Types


class Kind(StrEnum):
    """How what is read differs from what was written."""

    LOST = "lost"
    VALUE = "value"
    PRESENCE = "presence"
    DEFAULT = "default"
    UNNAMED = "unnamed"
    MEANING = "meaning"
    MISSING = "missing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, at the field where it begins; `reader` is None where the reader knows no such field."""

    kind: Kind
    writer: FieldDescriptor | None = None
    reader: FieldDescriptor | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read: by whom, what and how.

    Attributes:
        writer: the types of who writes.
        reader: the types of who reads.
        surface: `wire` or `json`.
        is_old_data: whether the writer is the older of the two.
        mode: what counts.
    """

    writer: Types
    reader: Types
    surface: Surface
    is_old_data: bool
    mode: Mode

    def counterpart(self, reader: Message, field: FieldDescriptor) -> FieldDescriptor | None:
        """What the reader takes a field of the writer for."""
        return self.field_of(reader.DESCRIPTOR, field)

    def field_of(self, message: Any, field: FieldDescriptor) -> FieldDescriptor | None:
        """What in the reader's message stands for a field of the writer."""
        if self.surface is Surface.JSON:
            return self.reader.by_json_name(message, field)
        return self.reader.by_number(message, field.number)

    def written_as(self, message: Any, field: FieldDescriptor) -> FieldDescriptor | None:
        """The field of the writer's message that the reader takes for its own `field`."""
        if self.surface is Surface.WIRE:
            return self.writer.by_number(message, field.number)
        known = (f for f in message.fields if f.json_name in {field.json_name, field.name})
        return next(known, None)

    def is_added(self, message: Any, field: FieldDescriptor) -> bool:
        """Whether a field is new to the reader by number and by name: no loss, but an addition."""
        return (
            not self.is_old_data
            and self.mode is not Mode.ADDITION
            and self.reader.by_number(message, field.number) is None
            and self.reader.by_json_name(message, field) is None
        )

    def compare(self, written: Message, read: Message, watched: Sequence[FieldDescriptor]) -> Difference | None:
        """The first difference among the watched fields and all that is set inside them.

        Args:
            written: the message as the writer holds it.
            read: the message as the reader holds it.
            watched: fields of the writer: the first at the top, each further one inside the one before.
        """
        top, deeper = watched[:1], watched[1:]
        return self._compare(written, read, top, deeper)

    def compare_all(self, written: Message, read: Message, watched: Sequence[FieldDescriptor]) -> Difference | None:
        """The first difference among several fields side by side."""
        return self._compare(written, read, watched, ())

    def _compare(
        self,
        written: Message,
        read: Message,
        fields: Sequence[FieldDescriptor],
        deeper: Sequence[FieldDescriptor],
    ) -> Difference | None:
        for field in fields:
            other = self.counterpart(read, field)
            found = self._lost(written, read, field) if other is None else None
            if other is not None:
                found = self._field(written, field, read, other, deeper)
            if found:
                return found
        return None

    def _lost(self, written: Message, read: Message, field: FieldDescriptor) -> Difference | None:
        is_set = bool(get(written, field)) if not field.has_presence else has(written, field)
        if is_set and not self.is_added(read.DESCRIPTOR, field):
            return Difference(Kind.LOST, field)
        return None

    def _field(
        self,
        written: Message,
        mine: FieldDescriptor,
        read: Message,
        theirs: FieldDescriptor,
        deeper: Sequence[FieldDescriptor],
    ) -> Difference | None:
        kind = self._presence(written, mine, read, theirs)
        inner: Difference | None = None
        if kind is None and is_map(mine) and is_map(theirs):
            kind, inner = self._entries(get(written, mine), mine, get(read, theirs), theirs, deeper)
        elif kind is None and is_map(mine) != is_map(theirs):
            kind = Kind.VALUE if _elements(written, mine) else None
        elif kind is None:
            kind, inner = self._elements(written, mine, read, theirs, deeper)
        if inner is not None:
            return inner
        if kind is None and self._means_another(mine, theirs) and _elements(written, mine):
            kind = Kind.MEANING
        return Difference(kind, mine, theirs) if kind is not None else None

    def _means_another(self, mine: FieldDescriptor, theirs: FieldDescriptor) -> bool:
        """Whether the reader has the field under another name, or under its name another field."""
        if self.mode is Mode.HISTORY:
            return (mine.name, mine.number) != (theirs.name, theirs.number)
        if mine.name == theirs.name or mine.is_extension or theirs.is_extension or self.surface is Surface.JSON:
            return False
        moved = mine.name in theirs.containing_type.fields_by_name
        return moved or theirs.name in mine.containing_type.fields_by_name

    def _presence(self, written: Message, mine: FieldDescriptor, read: Message, theirs: FieldDescriptor) -> Kind | None:
        """Unset on one side and a zero on the other; a required field that is not there."""
        if mine.is_repeated or theirs.is_repeated:
            return None
        sets, gets = _is_set(written, mine), _is_set(read, theirs)
        if theirs.is_required and not gets:
            return Kind.MISSING
        if sets is not None and gets is not None:
            return None if sets == gets else Kind.VALUE
        told = sets if sets is not None else gets
        if told is None:
            return None
        value = get(written, mine) if sets is None else get(read, theirs) if gets is None else None
        return Kind.PRESENCE if told is False and not value else None

    def _entries(
        self,
        mine: Any,
        my_field: FieldDescriptor,
        theirs: Any,
        field: FieldDescriptor,
        deeper: Sequence[FieldDescriptor],
    ) -> tuple[Kind | None, Difference | None]:
        parts = [(my_field.message_type.fields_by_number[n], field.message_type.fields_by_number[n]) for n in (1, 2)]
        if len(mine) != len(theirs):
            return Kind.VALUE, None
        for (key, value), (other_key, other) in zip(_sorted(mine), _sorted(theirs), strict=True):
            for mine_, theirs_, (part, other_part) in zip((key, value), (other_key, other), parts, strict=True):
                kind, inner = self._value(part, mine_, other_part, theirs_, deeper)
                if kind or inner:
                    return kind, inner
        return None, None

    def _elements(
        self,
        written: Message,
        mine: FieldDescriptor,
        read: Message,
        theirs: FieldDescriptor,
        deeper: Sequence[FieldDescriptor],
    ) -> tuple[Kind | None, Difference | None]:
        ours, others = _elements(written, mine), _elements(read, theirs)
        if not (mine.is_repeated or theirs.is_repeated) and not is_message(mine) and not ours and not others:
            kind, _ = self._value(mine, get(written, mine), theirs, get(read, theirs), ())
            return (Kind.DEFAULT if kind else None), None
        if len(ours) != len(others):
            return (Kind.VALUE if _counts(ours) or _counts(others) else None), None
        for value, other in zip(ours, others, strict=True):
            kind, inner = self._value(mine, value, theirs, other, deeper)
            if kind or inner:
                return kind, inner
        return None, None

    def _value(
        self, mine: FieldDescriptor, value: Any, theirs: FieldDescriptor, other: Any, deeper: Sequence[FieldDescriptor]
    ) -> tuple[Kind | None, Difference | None]:
        if is_message(mine) and is_message(theirs):
            return None, self._message(value, other, deeper)
        if is_message(mine) or is_message(theirs):
            return Kind.VALUE, None
        if mine.enum_type is not None and theirs.enum_type is not None:
            return self._number(mine, value, theirs, other), None
        return (None if _same_scalar(mine, value, theirs, other) else Kind.VALUE), None

    def _message(self, written: Message, read: Message, deeper: Sequence[FieldDescriptor]) -> Difference | None:
        top = [field for field in deeper[:1] if field.containing_type is written.DESCRIPTOR]
        for field, _ in written.ListFields():
            if field not in top:
                found = self._compare(written, read, [field], ())
                if found:
                    return found
        return self._compare(written, read, top, deeper[1:])

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
        """Whether another name of a number is another value: not if it was merely renamed."""
        if self.mode is Mode.HISTORY or self.surface is Surface.JSON:
            return True
        kept = any(name in theirs.enum_type.values_by_name for name in ours)
        return kept or any(name in mine.enum_type.values_by_name for name in others)


def _is_set(message: Message, field: FieldDescriptor) -> bool | None:
    """Whether a field is set; None where nobody can tell that from zero."""
    return has(message, field) if field.has_presence else None


def _elements(message: Message, field: FieldDescriptor) -> list[Any]:
    """The values that a field holds; none where it is unset or a zero that nobody can tell from unset."""
    value = get(message, field)
    if field.is_repeated:
        return list(value)
    is_there = has(message, field) if field.has_presence else _counts([value])
    return [value] if is_there else []


def _counts(values: Sequence[Any]) -> bool:
    """Whether there is more than a zero, which one side keeps and the other leaves out."""
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
