"""An oracle beside the witnesses: random messages of one version, and what protobuf's runtime reads of them.

It shares no code with `fieldstone.compatibility.witness`, which tries one field at a time at the edges of its type.
Here many fields are set at once, and messages lie inside messages; all that is read is held against what was written:
by number in the binary encoding, by name in JSON.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError

from tests.compatibility.random_messages import Writer, entry_of, has, is_new, names_of, value_of

TRIES = 6
"""So many messages of each type are tried in each direction."""


class UnsupportedError(Exception):
    """Protobuf's Python runtime does not take a schema that buf compiles."""


class Side:
    """One version, as protobuf's runtime holds it.

    Args:
        image: the compiled image, imports before those that need them.

    Raises:
        UnsupportedError: the runtime refuses the image.
    """

    def __init__(self, image: bytes) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        self._members: dict[str, list[Any]] = {}
        for file in descriptor_pb2.FileDescriptorSet.FromString(image).file:
            try:
                self.pool.AddSerializedFile(file.SerializeToString())
            except TypeError as refused:
                raise UnsupportedError(str(refused)) from refused

    def message(self, full_name: str) -> Any:
        """The descriptor of a message."""
        return self.pool.FindMessageTypeByName(full_name)

    def members(self, message: Any) -> list[Any]:
        """The fields of a message and its extensions."""
        known = self._members.get(message.full_name)
        if known is None:
            known = [*message.fields, *(self.pool.FindAllExtensions(message) if message.is_extendable else [])]
            self._members[message.full_name] = known
        return known

    def make(self, message: Any) -> Any:
        """An empty message."""
        return message_factory.GetMessageClass(message)()

    def counterpart(self, message: Any, field: Any, *, as_json: bool) -> Any:
        """The field that this side takes a field of the other one for; None if there is none."""
        known = self.members(message)
        if not as_json:
            return next((f for f in known if f.number == field.number), None)
        if field.is_extension:
            return next((f for f in known if f.is_extension and f.full_name == field.full_name), None)
        names = {f.name: f for f in message.fields} | {f.json_name: f for f in message.fields}
        return names.get(field.json_name)


class Oracle:
    """One way of reading: who writes, who reads, and in which form.

    Args:
        writer: the side that writes.
        reader: the side that reads.
        as_json: ProtoJSON, or else the binary encoding.
        is_old_data: whether the writer is the older version; else what only it knows is an addition.
        rng: what random messages are made from.
    """

    def __init__(self, writer: Side, reader: Side, *, as_json: bool, is_old_data: bool, rng: random.Random) -> None:
        self.writer, self.reader = writer, reader
        self.as_json, self.is_old_data, self.rng = as_json, is_old_data, rng

    def losses(self, full_name: str) -> Iterator[str]:
        """The first difference of each random message of a type that is read otherwise than it was written."""
        mine, theirs = self.writer.message(full_name), self.reader.message(full_name)
        for _ in range(TRIES):
            made = self.writer.make(mine)
            sample = Writer(self.writer, self.reader, self.rng, as_json=self.as_json, is_old_data=self.is_old_data)
            sample.fill(made, theirs)
            is_whole = (sample.has_omitted or made.IsInitialized()) and not sample.is_endless
            if is_whole and (loss := self._loss(made, theirs)) and self._reads_itself(made):
                yield f"{full_name}: {loss}; written {str(made).strip()!r}"

    def _reads_itself(self, made: Any) -> bool:
        """Whether its own version reads a message as it was; Python's ProtoJSON writes every `NullValue` as null."""
        text = self._text(made) if self.as_json else None
        if text is None:
            return True
        try:
            read = json_format.Parse(text, self.writer.make(made.DESCRIPTOR), descriptor_pool=self.writer.pool)
        except json_format.ParseError:
            return False
        return bool(
            read.SerializePartialToString(deterministic=True) == made.SerializePartialToString(deterministic=True)
        )

    def _loss(self, made: Any, theirs: Any) -> str:
        if not self.as_json:
            read = self.reader.make(theirs)
            try:
                read.MergeFromString(made.SerializePartialToString())
            except DecodeError as error:
                return f"refused: {error}"
            return self._compared(made, read)
        text = self._text(made)
        if text is None:
            return ""
        try:
            read = json_format.Parse(text, self.reader.make(theirs), descriptor_pool=self.reader.pool)
        except json_format.ParseError as error:
            return f"refused {text}: {error}"
        return self._compared(made, read)

    def _text(self, made: Any) -> str | None:
        """Its ProtoJSON, with one of the names of each enum value; None if it has none."""
        try:
            content = json_format.MessageToDict(made, descriptor_pool=self.writer.pool)
        except (json_format.Error, ValueError, TypeError):
            return None
        return json.dumps(self._with_aliases(content, made))

    def _with_aliases(self, content: Any, made: Any) -> Any:
        """The same JSON, where an enum value is called by any of its names that the reader can know."""
        aliases = self._aliases(made.DESCRIPTOR, set())

        def renamed(found: Any) -> Any:
            if isinstance(found, dict):
                return {key: renamed(value) for key, value in found.items()}
            if isinstance(found, list):
                return [renamed(value) for value in found]
            return self.rng.choice(aliases.get(found, [found])) if isinstance(found, str) else found

        return renamed(content)

    def _aliases(self, message: Any, seen: set[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if message.full_name in seen:
            return found
        seen.add(message.full_name)
        for field in self.writer.members(message):
            if field.message_type is not None:
                found |= self._aliases(field.message_type, seen)
            for value in field.enum_type.values if field.enum_type is not None else ():
                names = names_of(field.enum_type, value.number)
                found[value.name] = sorted(names if self.is_old_data else names & self._known(field.enum_type, names))
        return {name: names for name, names in found.items() if names}

    def _known(self, enum: Any, names: set[str]) -> set[str]:
        try:
            theirs = self.reader.pool.FindEnumTypeByName(enum.full_name)
        except KeyError:
            return names
        return {value.name for value in theirs.values}

    def _compared(self, written: Any, read: Any) -> str:
        if not read.IsInitialized():
            return "lacks what is required"  # to name it, FindInitializationErrors, ends some processes of upb
        return self._message(written, read)

    def _message(self, written: Any, read: Any) -> str:
        for field in self.writer.members(written.DESCRIPTOR):
            other = self.reader.counterpart(read.DESCRIPTOR, field, as_json=self.as_json)
            if other is not None:
                loss = self._field(written, field, read, other)
            elif self.is_old_data or not self._is_new(read.DESCRIPTOR, field):
                loss = "lost" if self._values(written, field) else ""
            else:
                continue
            if loss:
                return f"{field.name}: {loss}"
        return ""

    def _is_new(self, message: Any, field: Any) -> bool:
        return is_new(self.writer, self.reader, message, field, as_json=self.as_json)

    def _field(self, written: Any, mine: Any, read: Any, theirs: Any) -> str:
        ours, others = self._values(written, mine), self._values(read, theirs)
        if not (mine.is_repeated or theirs.is_repeated):
            told = self._presence(written, mine, read, theirs)
            if told:
                return told
            if not ours and not others and mine.message_type is None:
                ours, others = [value_of(written, mine)], [value_of(read, theirs)]
        are_names = self.as_json and mine.enum_type is not None and theirs.enum_type is not None
        if len(ours) != len(others) and are_names and not (mine.is_repeated or theirs.is_repeated):
            return self._number(mine.enum_type, value_of(written, mine), theirs.enum_type, value_of(read, theirs))
        if len(ours) != len(others):
            is_zero = len(ours) + len(others) == 1 and _is_zero([*ours, *others][0])
            return "" if is_zero else f"{len(ours)} values were written, {len(others)} are read"
        pairs = zip(self._ordered(ours, mine, theirs), self._ordered(others, theirs, mine), strict=True)
        return next((loss for one, two in pairs if (loss := self._value(mine, one, theirs, two))), "")

    def _presence(self, written: Any, mine: Any, read: Any, theirs: Any) -> str:
        if mine.has_presence and theirs.has_presence:
            sets, gets = has(written, mine), has(read, theirs)
            return "" if sets == gets else f"{'set' if sets else 'unset'}, and read as {'set' if gets else 'unset'}"
        if mine.has_presence and self.is_old_data and not has(written, mine) and not value_of(read, theirs):
            return "unset, and read as a zero"
        if theirs.has_presence and not value_of(written, mine) and not has(read, theirs):
            return "a zero, and read as unset"
        return ""

    def _values(self, message: Any, field: Any) -> list[Any]:
        """What a field holds, as a list; nothing where it is unset or is a zero that nobody can tell from unset."""
        value = value_of(message, field)
        if entry_of(field) is not None:
            return list(value.items())
        if field.is_repeated:
            return list(value)
        is_there = has(message, field) if field.has_presence else bool(value) or _is_negative_zero(value)
        return [value] if is_there else []

    def _ordered(self, values: list[Any], field: Any, other: Any) -> list[Any]:
        """The entries of a map by their keys; those of a list as well, if the other side has a map."""
        if entry_of(field) is not None:
            return sorted(values, key=lambda entry: repr(entry[0]))
        if entry_of(other) is None or self.as_json or field.message_type is None:
            return values
        parts = [field.message_type.fields_by_number.get(number) for number in (1, 2)]
        if None in parts:
            return values
        pairs = [tuple(value_of(value, part) for part in parts) for value in values]
        return sorted(pairs, key=lambda entry: repr(entry[0]))

    def _value(self, mine: Any, one: Any, theirs: Any, two: Any) -> str:
        if isinstance(one, tuple) and isinstance(two, tuple):
            parts = zip(_parts(mine), one, _parts(theirs), two, strict=True)
            return next((loss for f, a, g, b in parts if (loss := self._value(f, a, g, b))), "")
        if mine.message_type is not None and theirs.message_type is not None:
            return self._message(one, two)
        if mine.message_type is not None or theirs.message_type is not None:
            return "" if _is_encoded(one, two) or _is_encoded(two, one) else "a message, and read as something else"
        if mine.enum_type is not None and theirs.enum_type is not None:
            return self._number(mine.enum_type, one, theirs.enum_type, two)
        return "" if _is_same(one, two) else f"{one!r}, and read as {two!r}"

    def _number(self, mine: Any, one: int, theirs: Any, two: int) -> str:
        ours, others = names_of(mine, one), names_of(theirs, two)
        if self.as_json and ours:
            return "" if ours & others else f"{min(ours)}, and read as {min(others, default=two)}"
        if one != two:
            return f"number {one}, and read as {two}"
        return f"{min(ours)}, and its number {two} has no name" if self.is_old_data and ours and not others else ""


def _parts(field: Any) -> list[Any]:
    return [field.message_type.fields_by_number[number] for number in (1, 2)]


def _is_encoded(message: Any, data: Any) -> bool:
    """Whether bytes hold a message."""
    if not hasattr(message, "DESCRIPTOR") or not isinstance(data, bytes):
        return False
    held = type(message)()
    with suppress(DecodeError):
        held.MergeFromString(data)
    return bool(
        held.SerializePartialToString(deterministic=True) == message.SerializePartialToString(deterministic=True)
    )


def _is_zero(value: Any) -> bool:
    """Whether a value is what a field without presence leaves out; for bytes that is an empty message, too."""
    return not value.ByteSize() if hasattr(value, "DESCRIPTOR") else value in (0, "", b"", 0.0)


def _is_negative_zero(value: Any) -> bool:
    return isinstance(value, float) and math.copysign(1, value) < 0


def _is_same(one: Any, two: Any) -> bool:
    one, two = (side.encode() if isinstance(side, str) else side for side in (one, two))
    if isinstance(one, bytes) != isinstance(two, bytes):
        return not one and not two
    if isinstance(one, float) and isinstance(two, float) and math.isnan(one):
        return math.isnan(two)
    return bool(one == two)
