"""From the subject of a finding to what is tried: a field, an enum, a call, a whole type that left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.witness import calls, definitions, promises
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.search import Route, routes
from fieldstone.schema.model import Definition, Field, Message, Schema


def search(subject: str, old: Version, new: Version, surface: Surface) -> Witness | None:
    """A witness for what a finding says of its subject.

    Args:
        subject: the full name of an element of either version, the name of a package or the path of a file.
        old: the older version.
        new: the newer one.
        surface: `wire` or `json`.
    """
    return next(_all(subject, old, new, surface), None)


def _all(subject: str, old: Version, new: Version, surface: Surface) -> Iterator[Witness]:
    parent, _, name = subject.rpartition(".")
    if subject in old.schema.messages:
        yield from definitions.missing_message(old, new, subject, surface)
        yield from _of_kept(old, new, subject, surface)
    if subject in old.schema.enums:
        yield from definitions.missing_enum(old, new, subject, surface)
        yield from of_enum(old, new, subject, surface)
    if subject in old.schema.services:
        yield from calls.of_service(old, new, subject, surface)
    if parent in old.schema.messages and parent in new.schema.messages:
        yield from _of_member(old, new, parent, name, surface)
    if parent in old.schema.enums:
        yield from of_enum(old, new, parent, surface, numbers_of_value(parent, name, old.schema, new.schema))
    if parent in old.schema.services and name in old.schema.services[parent].rpcs:
        yield from calls.of_rpc(old, new, parent, name, surface)
    yield from _of_extension(old, new, subject, surface)
    yield from _of_place(old, new, subject, surface)


def of_message(old: Version, new: Version, name: str, surface: Surface) -> Iterator[Witness]:
    """Whatever is not read as it was written of a message that both versions have."""
    yield from _of_kept(old, new, name, surface)
    before, after = old.schema.messages[name], new.schema.messages[name]
    numbers = {*before.fields, *after.fields, *_extensions(name, old.schema), *_extensions(name, new.schema)}
    yield from of_fields(old, new, name, surface, numbers)
    for number in before.fields.keys() & after.fields.keys():
        yield from promises.java_text(old, new, before.fields[number], after.fields[number], surface)


def _extensions(extendee: str, schema: Schema) -> set[int]:
    return {number for name, number in schema.extensions if name == extendee}


def _of_kept(old: Version, new: Version, name: str, surface: Surface) -> Iterator[Witness]:
    """What a message promises beside its fields."""
    if name in new.schema.messages:
        yield from definitions.dropped_ranges(old, new, name, surface)
        yield from promises.json_format(old, new, name, surface)


def of_fields(
    old: Version, new: Version, message: str, surface: Surface, numbers: Collection[int]
) -> Iterator[Witness]:
    """Whatever is not read as it was written of the fields with these numbers."""
    for route in routes(old, new, (message, message), surface):
        yield from searched(route, numbers)


def searched(route: Route, numbers: Collection[int]) -> Iterator[Witness]:
    """Whatever the search finds for the fields with these numbers on either side."""
    yield from route.search(f for f in route.reading.writer.fields(route.writer) if f.number in numbers)
    yield from (w for f in route.reader.fields if f.number in numbers for w in route.missing(f))


def _of_member(old: Version, new: Version, parent: str, name: str, surface: Surface) -> Iterator[Witness]:
    before, after = old.schema.messages[parent], new.schema.messages[parent]
    if name in before.oneofs and not _field(before, name):
        members = before.oneofs[name].members
        for route in routes(old, new, (parent, parent), surface):
            fields = (f for f in route.reading.writer.fields(route.writer) if f.number in members)
            yield from route.search(fields, pairs_only=True)
        yield from of_fields(old, new, parent, surface, members)
        return
    fields = [f for f in (_field(before, name), _field(after, name)) if f]
    numbers = {field.number for field in fields[:1]}
    if fields and fields[0].number not in after.fields:
        numbers |= {field.number for field in fields}
    yield from of_fields(old, new, parent, surface, numbers)
    for number in numbers & before.fields.keys() & after.fields.keys():
        yield from promises.java_text(old, new, before.fields[number], after.fields[number], surface)


def _field(message: Message, name: str) -> Field | None:
    return next((field for field in message.fields.values() if field.name == name), None)


def of_enum(
    old: Version, new: Version, name: str, surface: Surface, numbers: Collection[int] | None = None
) -> Iterator[Witness]:
    """Whatever is not read as it was written of an enum that both versions have; only these numbers, if given."""
    for route, field in definitions.enum_routes(old, new, name, surface):
        yield from route.search([field], numbers=numbers)
    if numbers is None:
        yield from promises.json_format(old, new, name, surface)


def numbers_of_value(enum: str, name: str, *schemas: Schema) -> set[int]:
    """The numbers that a name of an enum stands for in any of the schemas."""
    found = (schema.enums[enum].values for schema in schemas if enum in schema.enums)
    return {value.number for value in chain(*found) if value.name == name}


def _of_extension(old: Version, new: Version, subject: str, surface: Surface) -> Iterator[Witness]:
    for version in (old, new):
        for (extendee, number), extension in version.schema.extensions.items():
            if extension.full_name == subject:
                yield from of_fields(old, new, extendee, surface, {number})
                after = new.schema.extensions.get((extendee, number))
                yield from promises.java_text(old, new, extension, after, surface) if after else ()


def _of_place(old: Version, new: Version, place: str, surface: Surface) -> Iterator[Witness]:
    """The types of a file or a package that are gone; calls first."""
    held = [e for e in old.schema.types() if place in {_file(e), e.package} and e.parent == e.package]
    for element in held:
        if element.full_name in old.schema.services:
            yield from calls.of_service(old, new, element.full_name, surface)
    for element in held:
        yield from definitions.missing_message(old, new, element.full_name, surface)
        yield from definitions.missing_enum(old, new, element.full_name, surface)


def _file(element: Definition) -> str:
    return element.file
