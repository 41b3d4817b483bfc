"""The subject that the checks look at, and the refusals that they give."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.fields import map_types, nested_message
from fieldstone.schema.entity import Entity
from fieldstone.schema.location import Location
from fieldstone.schema.model import Enum, Field, Message, Schema
from fieldstone.schema.storage import Column, Table, annotation_location, tables


class Refusal(Struct, frozen=True):
    """An annotation that cannot be met: where it stands, what is wrong and what to do."""

    location: Location
    problem: str
    fix: str = ""

    def line(self, root: str = "") -> str:
        """The refusal as people read it, with the path of the module's root before the file's."""
        path = f"{root.rstrip('/')}/{self.location.path}" if root else self.location.path
        position = f"{path}:{self.location.line}:{self.location.column}" if self.location.line else path
        return f"{position}: {'; '.join(part for part in (self.problem, self.fix) if part)}"


class Subject(Struct, frozen=True, dict=True):
    """A module and its annotations.

    Attributes:
        schema: the schema with all imported files.
        module: the module's name.
        own: the paths of the module's files.
        application: the application's classes and converters; None where they are not judged.
    """

    schema: Schema
    module: str
    own: Collection[str]
    application: Application | None

    @cached_property
    def own_messages(self) -> list[Message]:
        """The messages of the module's files."""
        return [message for message in self.schema.messages.values() if self.is_own(message)]

    @cached_property
    def entities(self) -> list[tuple[Message, Entity]]:
        """The module's messages with an annotation, and the annotation."""
        return [(message, message.entity) for message in self.own_messages if message.entity is not None]

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """The tables of the module's stored entities, by full name of the message."""
        own = {message.full_name for message, _ in self.entities}
        return {name: table for name, table in tables(self.schema).items() if name in own}

    @cached_property
    def messages(self) -> list[Message]:
        """Every message that gets a record: the entities and what they hold."""
        found = {message.full_name: message for message, _ in self.entities}
        waiting = list(found.values())
        while waiting:
            for field in waiting.pop().fields.values():
                name = nested_message(field)
                if name and name not in found:
                    found[name] = self.schema.messages[name]
                    waiting.append(found[name])
        return list(found.values())

    @cached_property
    def enums(self) -> list[Enum]:
        """Every enum that a record holds."""
        names = [type_name(field) for m in self.messages for field in m.fields.values() if field.composite == "enum"]
        return [self.schema.enums[name] for name in dict.fromkeys(names)]

    def own_fields(self) -> Iterator[tuple[Message, Field]]:
        """The fields of the module's messages."""
        for message in self.own_messages:
            for field in message.fields.values():
                yield message, field

    def is_own(self, element: Message | Enum) -> bool:
        """Whether the module itself declares it."""
        return element.file in self.own

    def location_of(self, element: Message | Enum) -> Location:
        """The location of an element, or, for one of another module, of the first own field that holds it."""
        if self.is_own(element):
            return element.location
        return self._holders.get(element.full_name) or annotation_location(self.entities[0][0])

    @cached_property
    def _holders(self) -> dict[str, Location]:
        """Each foreign type to the first own field that holds it, however deep."""
        found: dict[str, Location] = {}
        for message in self.own_messages:
            for field in message.fields.values():
                waiting = [type_name(field)] if field.composite else []
                while waiting:
                    name = waiting.pop()
                    if name in found:
                        continue
                    found[name] = field.location
                    held = self.schema.messages.get(name)
                    if held is not None and not self.is_own(held):
                        waiting.extend(type_name(f) for f in held.fields.values() if f.composite)
        return found


def type_name(field: Field) -> str:
    """The type of a field, or of a map's values."""
    return map_types(field)[1] if field.cardinality == "map" else field.type


def key_columns(table: Table) -> list[Column]:
    """The columns of a primary key; names of no column are left out."""
    return [column for name in table.primary_key if (column := table.column(name))]


def twice(names: Iterable[str]) -> list[str]:
    """The names that stand in a list more than once, each once."""
    return [name for name, count in Counter(names).items() if count > 1]


def quoted(names: Iterable[str]) -> str:
    """Names as a list of the annotation: `["run_id", "step_index"]`."""
    return json.dumps(list(names))
