"""What an earlier release wrote, and left: the older side where the baseline no longer has it."""

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


def releases(subject: str, old: Schema, new: Schema, ledger: Ledger) -> list[str]:
    """The releases that had what the subject takes again, or no longer keeps free; the newest first.

    Args:
        subject: the full name of an element.
        old: the baseline.
        new: the schema that is judged.
        ledger: the history of the module.
    """
    past = ledger.types.get(subject)
    found = [past.since] if past is not None and past.until else []
    found += [use.since for use in _freed(subject, old, new, ledger)]
    parent, _, name = subject.rpartition(".")
    extension = next((f for s in (new, old) for f in s.extensions.values() if f.full_name == subject), None)
    if extension is not None:
        parent, name = extension.extendee or "", subject
    numbers = {use.number for use in Ledger().advance(new, "").type(parent).members if use.name == name}
    uses = [u for u in ledger.type(parent).members if u.name == name or (u.number is not None and u.number in numbers)]
    return list(dict.fromkeys([*found, *(use.since for use in reversed(uses) if use.until)]))


def _freed(subject: str, old: Schema, new: Schema, ledger: Ledger) -> Iterator[Use]:
    """What earlier releases had under the numbers and names that a type no longer reserves."""
    before, after = _reserved(subject, old), _reserved(subject, new)
    free = Reservation(ranges=tuple(uncovered(before.ranges, after.ranges)), names=before.names - after.names)
    for use in reversed(ledger.type(subject).members):
        if use.until and (free.has_name(use.name) or (use.number is not None and free.has_number(use.number))):
            yield use


def _reserved(name: str, schema: Schema) -> Reservation:
    element: Message | Enum | None = schema.messages.get(name) or schema.enums.get(name)
    return element.reserved if element is not None else Reservation()


def of_subject(pair: Pair, subject: str) -> Iterator[Witness]:
    """Witnesses of what an earlier release wrote under a number or name; another name is another thing."""
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
    """All fields of a message, or those whose name or number a field of this name has now."""
    if message in pair.old.schema.messages and message in pair.new.schema.messages:
        sides = (version.schema.messages[message].fields.values() for version in (pair.old, pair.new))
        yield from _of_numbers(pair, message, {f.number for side in sides for f in side if name in {None, f.name}})


def _of_numbers(pair: Pair, message: str, numbers: set[int]) -> Iterator[Witness]:
    for route in routes(pair, (message, message)):
        yield from searched(route, numbers)


def _of_values(pair: Pair, enum: str, name: str | None) -> Iterator[Witness]:
    numbers = numbers_of(enum, name, pair.old.schema, pair.new.schema) if name is not None else None
    for route, field in definitions.enum_routes(pair, enum):
        yield from route.search([field], numbers=numbers)
