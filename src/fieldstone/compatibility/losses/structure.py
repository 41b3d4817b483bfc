"""The losses between two types, compared by structure and not by name.

Two messages are compared field by field, through all messages inside them. Every pair of messages is compared once, so
the work grows linearly and recursive messages end: what is not found lost counts as kept. A type with the same full
name on both sides counts as kept, because its own change is judged separately.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import ALL_IN_JSON, ALL_ON_WIRE, EVERYTHING_LOST, NOTHING, Losses, lost, on
from fieldstone.compatibility.losses.encoding import Type, json_keeps, means_other_numbers, unset_means, wire_keeps
from fieldstone.compatibility.losses.fields import oneof, presence, required, swapped, utf8
from fieldstone.compatibility.losses.json_names import counterpart, written
from fieldstone.compatibility.losses.json_names import losses as names_lost
from fieldstone.schema.model import Enum
from fieldstone.schema.reservation import uncovered

if TYPE_CHECKING:
    from fieldstone.schema.model import Field, Message, Schema

_OLD, _NEW = Direction.READING_OLD, Direction.READ_BY_OLD
_KEEPS: Mapping[Surface, Callable[[Type, Type], bool]] = {Surface.WIRE: wire_keeps, Surface.JSON: json_keeps}
_MANY = frozenset({"repeated", "map"})
_SCALAR = ""
_WRAPPER = "the value"

_FORMS: Mapping[str, str] = {
    **{f"google.protobuf.{name}": name for name in "Any Timestamp Duration FieldMask Struct Value ListValue".split()},
    **{
        f"google.protobuf.{name}Value": _WRAPPER
        for name in "Double Float Int64 UInt64 Int32 UInt32 Bool String Bytes".split()
    },
}
"""The messages with a JSON form of their own (https://protobuf.dev/programming-guides/json/)."""

Pair = tuple[str, str]
"""The full names of an old and of a new message."""


class _Comparison(Struct, frozen=True):
    """The losses of two types or fields in themselves, and the pairs of messages to compare, each for one surface."""

    losses: Losses = NOTHING
    inside: frozenset[tuple[Pair, Surface]] = frozenset()

    def __or__(self, other: _Comparison) -> _Comparison:
        return _Comparison(self.losses | other.losses, self.inside | other.inside)

    def on(self, surface: Surface) -> _Comparison:
        """The part of it that is on a surface."""
        inside = frozenset((pair, of) for pair, of in self.inside if of is surface)
        return _Comparison(on(surface, self.losses), inside)


_ALIKE = _Comparison()


class Structure:
    """The losses between old and new types.

    Args:
        old: the released schema.
        new: the schema that is judged. Types that neither it nor its imports declare keep nothing.
        renames: the renamed types, old full name to new; their own changes are judged separately, too.
    """

    def __init__(self, old: Schema, new: Schema, renames: Mapping[str, str]) -> None:
        self._old = old
        self._new = new
        self._renames = renames
        self._came = {after: before for before, after in renames.items()}
        self._known: dict[Pair, Losses] = {}

    def message(self, old: str, new: str) -> Losses:
        """The losses between two messages, given by full name."""
        root = (old, new)
        if root not in self._known:
            self._known |= self._judge_from(root)
        return self._known[root]

    def type(self, old: Field, new: Field) -> Losses:
        """The losses between the types of two fields that are both lists, both maps, or neither."""
        return self._settled(self._types(old, new))

    def cardinality(self, old: Field, new: Field) -> Losses:
        """The losses where a field changes between one value, a list and a map."""
        return self._settled(self._cardinalities(old, new))

    def default(self, old: Field, new: Field) -> Losses:
        """The losses where an unsent field is read as another value.

        The binary encoding identifies an enum value by number, JSON by name. A required field is always sent.
        """
        sides = old, new
        if any(side.cardinality in _MANY or side.composite == "message" for side in sides):
            return NOTHING
        if all(side.cardinality == "required" for side in sides):
            return NOTHING
        by_number = unset_means(old) == unset_means(new)
        names = self._unset_names(self._old, old), self._unset_names(self._new, new)
        by_name = not names[0].isdisjoint(names[1]) if all(names) else by_number
        return (NOTHING if by_number else ALL_ON_WIRE) | (NOTHING if by_name else ALL_IN_JSON)

    def renumbered(self, old: Field, new: Field) -> Losses:
        """The losses where an extension is renumbered: all in the binary encoding; JSON identifies it by name."""
        kept = written(old) == written(new) and old.extendee == new.extendee
        return ALL_ON_WIRE | on(Surface.JSON, self._values_of(old, new)) if kept else EVERYTHING_LOST

    def named(self, old: Field, of_old: Message, new: Field, of_new: Message) -> Losses:
        """The JSON losses of a field that keeps its name, whatever its number."""
        found = self._values_of(old, new) | oneof(old, of_old, new, of_new)
        return on(Surface.JSON, found) | names_lost(old, of_old, new, of_new)

    def _values_of(self, old: Field, new: Field) -> Losses:
        """The losses of a field's values, whatever its number and name."""
        if old.cardinality != new.cardinality and _MANY & {old.cardinality, new.cardinality}:
            return EVERYTHING_LOST
        return presence(old, new) | required(old, new) | self.type(old, new) | self.default(old, new)

    def replaced(self, old: Field, new: Field) -> Losses:
        """The binary losses where an extension replaces a field, or the reverse."""
        found = presence(old, new) | required(old, new) | utf8(old, new) | self.default(old, new)
        holders = self._message_of(self._old, _holder(old)), self._message_of(self._new, _holder(new))
        if holders[0] and holders[1]:
            found |= oneof(old, holders[0], new, holders[1])
        return on(Surface.WIRE, found | self.cardinality(old, new))

    def _settled(self, found: _Comparison) -> Losses:
        return found.losses.union(*(on(surface, self.message(*pair)) for pair, surface in found.inside))

    def _judge_from(self, root: Pair) -> dict[Pair, Losses]:
        """The losses of every pair of messages that is reachable from a pair and not known yet."""
        losses: dict[Pair, Losses] = {}
        leading_to: dict[Pair, set[tuple[Pair, Surface]]] = defaultdict(set)
        waiting = [root]
        while waiting:
            pair = waiting.pop()
            if pair in losses:
                continue
            found = self._messages(*pair)
            losses[pair] = found.losses
            for other, surface in found.inside:
                if other in self._known:
                    losses[pair] |= on(surface, self._known[other])
                else:
                    leading_to[other].add((pair, surface))
                    waiting.append(other)
        _spread(losses, leading_to)
        return losses

    def _messages(self, old_name: str, new_name: str) -> _Comparison:
        """The losses of two messages in themselves, and the pairs of messages inside them."""
        if new_name in {old_name, self._renames.get(old_name)}:
            return _ALIKE
        old, new = self._message_of(self._old, old_name), self._message_of(self._new, new_name)
        if old is None or new is None:
            return _Comparison(EVERYTHING_LOST)
        found = _Comparison(_forms(old_name, new_name) | _new_fields(old, new)) | self._extensions(old, new)
        extensions = {field.number: field for field in self._extending_new.get(new.full_name, ())}
        for number, field in old.fields.items():
            found |= self._on_wire(field, old, new.fields.get(number) or extensions.get(number), new)
            other = counterpart(field, old, new)
            compared = self._fields(field, old, other, new) if other else _Comparison(EVERYTHING_LOST)
            found |= compared.on(Surface.JSON)
        return found

    def _on_wire(self, field: Field, old: Message, other: Field | None, new: Message) -> _Comparison:
        """The losses of a field that the binary encoding takes for a field or an extension of another message."""
        if other is None:
            return _Comparison(EVERYTHING_LOST).on(Surface.WIRE)
        found = self._contents(field, other) | _Comparison(oneof(field, old, other, new))
        if not other.extendee and swapped(field, old, other, new):
            found |= _Comparison(ALL_ON_WIRE)
        return found.on(Surface.WIRE)

    def _extensions(self, old: Message, new: Message) -> _Comparison:
        """The losses in a message's known extensions, and in dropped ranges that others may have used."""
        known = self._extending_old.get(old.full_name, ())
        found = _ALIKE
        for extension in known:
            found |= self._extension(extension, old, new)
        for first, last in uncovered(old.extension_ranges, new.extension_ranges):
            if sum(first <= extension.number <= last for extension in known) <= last - first:
                return _Comparison(EVERYTHING_LOST)
        return found

    def _extension(self, extension: Field, old: Message, new: Message) -> _Comparison:
        """The losses of an extension: the binary encoding identifies it by number, JSON by full name."""
        found = _ALIKE
        others = self._extending_new.get(new.full_name, [])
        by_number = [field for field in (*new.fields.values(), *others) if field.number == extension.number]
        by_name = [other for other in others if other.full_name == extension.full_name]
        for surface, found_there in ((Surface.WIRE, by_number), (Surface.JSON, by_name)):
            compared = _Comparison(EVERYTHING_LOST)
            for other in found_there:
                compared = self._contents(extension, other) | _Comparison(oneof(extension, old, other, new))
            found |= compared.on(surface)
        return found

    def _fields(self, old: Field, of_old: Message, new: Field, of_new: Message) -> _Comparison:
        found = oneof(old, of_old, new, of_new) | names_lost(old, of_old, new, of_new)
        return _Comparison(found) | self._contents(old, new)

    def _contents(self, old: Field, new: Field) -> _Comparison:
        """The losses of two fields' contents, whatever their names and messages."""
        found = presence(old, new) | required(old, new) | utf8(old, new) | self.default(old, new)
        return _Comparison(found) | self._cardinalities(old, new)

    def _cardinalities(self, old: Field, new: Field) -> _Comparison:
        """The losses of two fields' types, and those between a list, a map and a single value.

        A list field reads a single value as a list of one. A single field reads the last value of a list, and nothing
        of a packed one (https://protobuf.dev/programming-guides/encoding/#optional). A map is a list of entries
        (https://protobuf.dev/programming-guides/encoding/#maps).
        """
        kinds = old.cardinality, new.cardinality
        if kinds[0] == kinds[1] or not _MANY & {*kinds}:
            return self._types(old, new)
        found = _Comparison(EVERYTHING_LOST)
        if kinds == ("map", "repeated") and self._is_entry(self._new, new, of=old):
            found = _Comparison(lost(_NEW))
        elif kinds == ("repeated", "map") and self._is_entry(self._old, old, of=new):
            found = _Comparison(lost(_OLD))
        elif "map" not in kinds:
            found = _Comparison(lost(_NEW if new.cardinality == "repeated" else _OLD)) | self._types(old, new)
        return found.on(Surface.WIRE) | _Comparison(ALL_IN_JSON)

    def _types(self, old: Field, new: Field) -> _Comparison:
        """The losses of two fields' types in themselves, and the pairs of messages to compare."""
        found = _Comparison(ALL_ON_WIRE if old.group != new.group else NOTHING)
        for (before, old_kind), (after, new_kind) in zip(_parts(old), _parts(new), strict=True):
            if (before, old_kind) == (after, new_kind):
                continue
            if old_kind == new_kind == "message":
                found |= _Comparison(inside=frozenset(((before, after), surface) for surface in _KEEPS))
            elif "message" in {old_kind, new_kind}:
                found |= _Comparison(_message_and(before, after, grouped=old.group or new.group))
            else:
                found |= _Comparison(self._values(before, old_kind, after, new_kind))
        return found

    def _values(self, before: str, old_kind: str, after: str, new_kind: str) -> Losses:
        """The losses between scalars and enums."""
        old = self._enum_of(self._old, before) if old_kind else before
        new = self._enum_of(self._new, after) if new_kind else after
        if old is None or new is None:
            return EVERYTHING_LOST
        reading_old = {(on, _OLD) for on, keeps in _KEEPS.items() if not keeps(old, new)}
        found = frozenset(reading_old | {(on, _NEW) for on, keeps in _KEEPS.items() if not keeps(new, old)})
        if isinstance(old, Enum) and isinstance(new, Enum):
            if not old.numbers <= new.numbers:
                found |= lost(_OLD, surfaces=[Surface.WIRE])  # a named value becomes a number without a name
            if means_other_numbers(old, new):
                found |= ALL_ON_WIRE
        return found

    def _is_entry(self, schema: Schema, field: Field, *, of: Field) -> bool:
        """Whether a list's elements are like a map's entries: a key with number 1, a value with number 2."""
        message = None if field.group else self._message_of(schema, field.type)
        if message is None or message.fields.keys() != {1, 2}:
            return False
        parts = [message.fields[number] for number in (1, 2)]
        fit = not any(part.cardinality in _MANY or part.group or part.oneof for part in parts)
        return fit and [(part.type, part.composite) for part in parts] == _parts(of)

    def _unset_names(self, schema: Schema, field: Field) -> frozenset[str]:
        """The names of the value that an unsent enum field is read as."""
        enum = self._enum_of(schema, field.type) if field.composite == "enum" else None
        return (
            frozenset(value.name for value in enum.values if str(value.number) == field.unset) if enum else frozenset()
        )

    def _message_of(self, schema: Schema, name: str) -> Message | None:
        name = self._name_in(schema, name)
        return schema.messages.get(name) or self._imported(schema).messages.get(name)

    def _enum_of(self, schema: Schema, name: str) -> Enum | None:
        name = self._name_in(schema, name)
        return schema.enums.get(name) or self._imported(schema).enums.get(name)

    def _name_in(self, schema: Schema, name: str) -> str:
        """The name of a type in one of the schemas, from its new name: fields are compared under new names."""
        return self._came.get(name, name) if schema is self._old else name

    def _imported(self, schema: Schema) -> Schema:
        return self._imported_by_old if schema is self._old else self._imported_by_new

    @cached_property
    def _extending_old(self) -> Mapping[str, list[Field]]:
        return _by_extendee(self._old, self._imported_by_old)

    @cached_property
    def _extending_new(self) -> Mapping[str, list[Field]]:
        return _by_extendee(self._new, self._imported_by_new)

    @cached_property
    def _imported_by_old(self) -> Schema:
        return self._old.imported()

    @cached_property
    def _imported_by_new(self) -> Schema:
        return self._new.imported()


def _by_extendee(*schemas: Schema) -> Mapping[str, list[Field]]:
    """The extensions that schemas declare, by the full name of the message that they extend."""
    found: dict[str, list[Field]] = defaultdict(list)
    for schema in schemas:
        for (extendee, _), extension in schema.extensions.items():
            found[extendee].append(extension)
    return found


def _holder(field: Field) -> str:
    """The full name of the message that has a field or an extension."""
    return field.extendee or field.parent


def replacement_of(field: Field, schema: Schema, renames: Mapping[str, str]) -> Field | None:
    """The extension that replaces a field of a message, or the field that replaces an extension.

    Args:
        field: the field or extension of the other schema.
        schema: the schema to search.
        renames: messages that have another name in `schema`, from their names in the other one.
    """
    holder = renames.get(_holder(field), _holder(field))
    if not field.extendee:
        return schema.extensions.get((holder, field.number))
    message = schema.messages.get(holder)
    return message.fields.get(field.number) if message else None


def _spread(losses: dict[Pair, Losses], leading_to: Mapping[Pair, Iterable[tuple[Pair, Surface]]]) -> None:
    """Add the losses of inner pairs to every pair around them, until nothing changes."""
    spreading = [pair for pair, found in losses.items() if found]
    while spreading:
        pair = spreading.pop()
        for before, surface in leading_to.get(pair, ()):
            more = on(surface, losses[pair])
            if not more <= losses[before]:
                losses[before] |= more
                spreading.append(before)


def _forms(old: str, new: str) -> Losses:
    """The JSON losses between messages if one of them has a JSON form of its own."""
    return NOTHING if _FORMS.get(old) == _FORMS.get(new) else ALL_IN_JSON


def _new_fields(old: Message, new: Message) -> Losses:
    """The losses from required fields that only the new message has."""
    added = [field for number, field in new.fields.items() if number not in old.fields]
    return lost(_OLD) if any(field.cardinality == "required" for field in added) else NOTHING


def _message_and(before: str, after: str, *, grouped: bool) -> Losses:
    """The losses between a message and another type: bytes can hold a message, but not all bytes are one."""
    if grouped or "bytes" not in {before, after}:
        return EVERYTHING_LOST
    return lost(_NEW if after == "bytes" else _OLD, surfaces=[Surface.WIRE]) | ALL_IN_JSON


def _parts(field: Field) -> list[tuple[str, str]]:
    """The types of a field's values, each with whether it is a message or an enum."""
    if field.cardinality != "map":
        return [(field.type, field.composite)]
    key, value = field.type.removeprefix("map<").removesuffix(">").split(", ")
    return [(key, _SCALAR), (value, field.composite)]
