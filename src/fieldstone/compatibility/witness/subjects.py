"""The searches for the subject of a finding: a field, an enum, a call, or a whole removed type."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.witness import calls, definitions, promises
from fieldstone.compatibility.witness.images import OTHERS
from fieldstone.compatibility.witness.pair import Pair
from fieldstone.compatibility.witness.search import Route, routes
from fieldstone.schema.element import Element
from fieldstone.schema.model import Field, Message, Schema


def of_subject(pair: Pair, subject: str, said: str) -> Iterator[Witness]:
    """Witnesses for a finding about its subject.

    Args:
        pair: both versions.
        subject: the full name of an element of either version, the name of a package or the path of a file.
        said: the finding's text, which names the custom options that it is about.
    """
    schema, (before, after) = pair.old.schema, pair.names(subject)
    if before == after:
        pair = pair.looking_inside()
    if subject in schema.messages:
        yield from definitions.missing_message(pair, subject)
        yield from _of_kept(pair, subject)
    if subject in schema.enums:
        yield from of_enum(pair, subject)
    if subject in schema.services:
        yield from calls.of_service(pair, subject)
    yield from _of_part(pair, subject)
    yield from _of_extension(pair, subject)
    yield from _of_container(pair, subject)
    yield from _of_options(pair, subject, said)


def _of_part(pair: Pair, subject: str) -> Iterator[Witness]:
    """Witnesses for a field, a oneof, an enum value or an rpc; an addition counts if it is the subject."""
    around, _, name = subject.rpartition(".")
    parent, after = pair.names(around)
    old, new = pair.old.schema, pair.new.schema
    if parent in old.messages and after in new.messages:
        members = old.messages[parent].oneofs
        if name in members:
            yield from _of_oneof(pair, parent, members[name].members)
        else:
            yield from _of_field(pair, parent, name)
    if parent in old.enums:
        known = numbers_of(parent, name, old)
        asked = pair if known else pair.of_addition()
        yield from of_enum(asked, parent, known | numbers_of(after, name, new))
    if parent in old.services and name in old.services[parent].rpcs:
        yield from calls.of_rpc(pair, parent, name)


def of_message(pair: Pair, name: str) -> Iterator[Witness]:
    """Witnesses for a message that both versions have."""
    yield from _of_kept(pair, name)
    names = pair.names(name)
    before, after = pair.old.schema.messages[names[0]], pair.new.schema.messages[names[1]]
    extensions = {number for v in (pair.old, pair.new) for on, number in v.schema.extensions if on in names}
    yield from of_fields(pair, name, {*before.fields, *after.fields, *extensions})
    for number in before.fields.keys() & after.fields.keys():
        yield from promises.of_languages(pair, before.fields[number], after.fields[number])


def _of_kept(pair: Pair, name: str) -> Iterator[Witness]:
    """Witnesses for a message's promises apart from its fields."""
    if pair.names(name)[1] in pair.new.schema.messages:
        yield from definitions.dropped_ranges(pair, pair.names(name))
        yield from promises.json_format(pair, name)


def of_fields(pair: Pair, message: str, numbers: Collection[int]) -> Iterator[Witness]:
    """Witnesses for the fields with these numbers."""
    for route in routes(pair, pair.names(message)):
        yield from searched(route, numbers)


def searched(route: Route, numbers: Collection[int]) -> Iterator[Witness]:
    """Witnesses of one route for the fields with these numbers on either side."""
    yield from route.search(route.exchange.writer.numbered(route.writer, numbers))
    required = (f for f in route.exchange.reader.numbered(route.reader, numbers) if f.is_required)
    yield from (witness for field in required for witness in route.missing(field))


def _of_oneof(pair: Pair, parent: str, members: Collection[int]) -> Iterator[Witness]:
    """Two of the members at once first; then each alone."""
    for route in routes(pair, pair.names(parent)):
        yield from route.search(route.exchange.writer.numbered(route.writer, members), pairs_only=True)
    yield from of_fields(pair, parent, members)


def _of_field(pair: Pair, parent: str, name: str) -> Iterator[Witness]:
    names = pair.names(parent)
    before, after = pair.old.schema.messages[names[0]], pair.new.schema.messages[names[1]]
    was, now = _field(before, name), _field(after, name)
    numbers = {field.number for field in (was, now) if field}
    if was and was.number in after.fields and pair.surface is Surface.WIRE:
        numbers = {was.number}
    if was and pair.surface is Surface.JSON:
        numbers |= {field.number for field in after.fields.values() if field.json_name == was.json_name}
    yield from of_fields(pair if was else pair.of_addition(), parent, numbers)
    for number in numbers & before.fields.keys() & after.fields.keys():
        yield from promises.of_languages(pair, before.fields[number], after.fields[number])


def _field(message: Message, name: str) -> Field | None:
    number = message.numbers.get(name)
    return message.fields[number] if number is not None else None


def of_enum(pair: Pair, name: str, numbers: Collection[int] | None = None) -> Iterator[Witness]:
    """Witnesses for an enum that both versions have; only these numbers, if given."""
    for route, field in definitions.enum_routes(pair, name):
        yield from route.search([field], numbers=numbers, set_only=field.full_name.startswith(f"{OTHERS}."))
    if numbers is None:
        yield from promises.json_format(pair, name)


def numbers_of(enum: str, name: str, *schemas: Schema) -> set[int]:
    """The numbers of a name of an enum in any of the schemas."""
    found = (schema.enums[enum].values for schema in schemas if enum in schema.enums)
    return {value.number for value in chain(*found) if value.name == name}


def _of_extension(pair: Pair, subject: str) -> Iterator[Witness]:
    for version in (pair.old, pair.new):
        for (extendee, number), extension in version.schema.extensions.items():
            if extension.full_name == subject:
                yield from of_fields(pair, extendee, {number})
                if extendee in pair.old.schema.messages:
                    yield from definitions.missing_message(pair, extendee)
                after = pair.new.schema.extensions.get((pair.names(extendee)[1], number))
                yield from promises.of_languages(pair, extension, after) if after else ()


def _of_container(pair: Pair, container: str) -> Iterator[Witness]:
    """The removed types of a file or a package; calls first."""
    if container not in pair.old.schema.files and container not in pair.old.schema.packages:
        return
    held = [e for e in pair.old.schema.types() if container in {e.file, e.package} and e.parent == e.package]
    for element in held:
        if element.full_name in pair.old.schema.services:
            yield from calls.of_service(pair, element.full_name)
    for element in held:
        yield from definitions.missing_message(pair, element.full_name)


def _of_options(pair: Pair, subject: str, said: str) -> Iterator[Witness]:
    """A changed custom option on the subject, or on the message's field of the same number."""
    old_name, new_name = pair.names(subject)
    parent, _, name = new_name.rpartition(".")
    before, after = _element(pair.old.schema, old_name), _element(pair.new.schema, new_name)
    if after is not None and "`" in said:
        message = parent if parent in pair.new.schema.messages else subject
        path = f"/{parent}/{name}" if parent in pair.new.schema.services else message
        yield from promises.options(pair, path, before, after, said)


def _element(schema: Schema, full_name: str) -> Element | None:
    parent, _, name = full_name.rpartition(".")
    if parent in schema.messages and (field := _field(schema.messages[parent], name)):
        return field
    if parent in schema.messages and name in schema.messages[parent].oneofs:
        return schema.messages[parent].oneofs[name]
    if parent in schema.enums:
        return next((value for value in schema.enums[parent].values if value.name == name), None)
    if parent in schema.services:
        return schema.services[parent].rpcs.get(name)
    kinds = (schema.messages, schema.enums, schema.services, schema.files)
    return next((kind[full_name] for kind in kinds if full_name in kind), None)
