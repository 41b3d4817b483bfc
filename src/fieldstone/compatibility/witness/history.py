"""Data of an earlier release: the older side for elements that the baseline no longer has."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.compatibility.finding import Witness
from fieldstone.compatibility.ledger import Ledger, Use
from fieldstone.compatibility.witness import calls, definitions
from fieldstone.compatibility.witness.pair import Pair
from fieldstone.compatibility.witness.search import routes
from fieldstone.compatibility.witness.subjects import numbers_of, searched
from fieldstone.schema.model import Enum, Message, Schema
from fieldstone.schema.reservation import Reservation, uncovered


def releases(subject: str, pair: Pair, ledger: Ledger) -> list[str]:
    """The releases that had what the subject reuses, or no longer reserves; the newest first.

    Args:
        subject: the full name of an element.
        pair: the baseline, and the version that is judged.
        ledger: the history of the module.
    """
    past = ledger.types.get(subject)
    found = [past.since] if past is not None and past.until else []
    found += [use.since for use in _freed(subject, pair, ledger)]
    parent, _, name = subject.rpartition(".")
    schemas = pair.new.schema, pair.old.schema
    extension = next((f for s in schemas for f in s.extensions.values() if f.full_name == subject), None)
    if extension is not None:
        parent, name = extension.extendee or "", subject
    before, after = pair.names(parent)
    numbers = {use.number for use in Ledger().advance(schemas[0], "").type(after).members if use.name == name}
    elsewhere = ledger.type(before).elsewhere
    uses = [u for u in ledger.type(before).members if u.name == name or (u.number is not None and u.number in numbers)]
    return list(dict.fromkeys([*found, *(use.since for use in reversed(uses) if use.until or use in elsewhere)]))


def _freed(subject: str, pair: Pair, ledger: Ledger) -> Iterator[Use]:
    """The earlier uses of the numbers and names that a type no longer reserves."""
    was, now = pair.names(subject)
    before, after = _reserved(was, pair.old.schema), _reserved(now, pair.new.schema)
    free = Reservation(ranges=tuple(uncovered(before.ranges, after.ranges)), names=before.names - after.names)
    for use in reversed(ledger.type(was).members):
        if use.until and (free.has_name(use.name) or (use.number is not None and free.has_number(use.number))):
            yield use


def _reserved(name: str, schema: Schema) -> Reservation:
    element: Message | Enum | None = schema.messages.get(name) or schema.enums.get(name)
    return element.reserved if element is not None else Reservation()


def of_subject(pair: Pair, subject: str) -> Iterator[Witness]:
    """Witnesses from data that an earlier release wrote under a number or name; renaming is a difference there."""
    parent, _, name = subject.rpartition(".")
    services = pair.old.schema.services
    yield from definitions.missing_message(pair, subject)
    if subject in services:
        yield from calls.of_service(pair, subject)
    yield from _of_fields(pair, subject, None)
    yield from _of_values(pair, subject, None)
    if parent in services and name in services[parent].rpcs:
        yield from calls.of_rpc(pair, parent, name)
    yield from _of_fields(pair, parent, name)
    yield from _of_values(pair, parent, name)
    for version in (pair.old, pair.new):
        for (extendee, number), extension in version.schema.extensions.items():
            if extension.full_name == subject:
                yield from _of_numbers(pair, extendee, {number})


def _of_fields(pair: Pair, message: str, name: str | None) -> Iterator[Witness]:
    """All fields of a message, or those that share a name or number with the field of this name."""
    before, after = pair.names(message)
    if before in pair.old.schema.messages and after in pair.new.schema.messages:
        sides = pair.old.schema.messages[before], pair.new.schema.messages[after]
        numbers = {f.number for side in sides for f in side.fields.values() if name in {None, f.name}}
        yield from _of_numbers(pair, message, numbers)


def _of_numbers(pair: Pair, message: str, numbers: set[int]) -> Iterator[Witness]:
    for route in routes(pair, pair.names(message)):
        yield from searched(route, numbers)


def _of_values(pair: Pair, enum: str, name: str | None) -> Iterator[Witness]:
    before, after = pair.names(enum)
    numbers = None
    if name is not None:
        numbers = numbers_of(before, name, pair.old.schema) | numbers_of(after, name, pair.new.schema)
    for route, field in definitions.enum_routes(pair, enum):
        yield from route.search([field], numbers=numbers)
