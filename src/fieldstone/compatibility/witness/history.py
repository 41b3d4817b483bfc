"""What an earlier release wrote, and left: the older side where the baseline no longer has it."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.ledger import Ledger, Use
from fieldstone.compatibility.witness import calls, definitions
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.search import routes
from fieldstone.compatibility.witness.subjects import numbers_of_value, searched
from fieldstone.schema.model import Enum, Message, Reservation, Schema, uncovered


def releases(subject: str, old: Schema, new: Schema, ledger: Ledger) -> list[str]:
    """The releases that had what the subject takes again, or no longer keeps free; the newest first."""
    past = ledger.types.get(subject)
    found = [past.since] if past is not None and past.until else []
    found += [use.since for use in _freed(subject, old, new, ledger)]
    parent, _, name = subject.rpartition(".")
    extension = next((f for s in (new, old) for f in s.extensions.values() if f.full_name == subject), None)
    if extension is not None:
        parent, name = extension.extendee or "", subject
    numbers = {use.number for use in _now(parent, name, new)}
    uses = [u for u in ledger.type(parent).members if u.name == name or (u.number is not None and u.number in numbers)]
    return list(dict.fromkeys([*found, *(use.since for use in reversed(uses) if use.until)]))


def _now(parent: str, name: str, new: Schema) -> Iterator[Use]:
    """How the new schema uses a name."""
    return (use for use in Ledger().advance(new, "").type(parent).members if use.name == name)


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


def search(subject: str, release: Version, new: Version, surface: Surface) -> Witness | None:
    """A witness of what an earlier release wrote under a number or name; another name is another thing."""
    return next(_all(subject, release, new, surface), None)


def _all(subject: str, release: Version, new: Version, surface: Surface) -> Iterator[Witness]:
    parent, _, name = subject.rpartition(".")
    yield from definitions.missing_message(release, new, subject, surface)
    yield from definitions.missing_enum(release, new, subject, surface)
    if subject in release.schema.services:
        yield from calls.of_service(release, new, subject, surface, exact=True)
    yield from _of_fields(release, new, subject, surface, None)
    yield from _of_values(release, new, subject, surface, None)
    if parent in release.schema.services and name in release.schema.services[parent].rpcs:
        yield from calls.of_rpc(release, new, parent, name, surface, exact=True)
    yield from _of_fields(release, new, parent, surface, name)
    yield from _of_values(release, new, parent, surface, name)
    for (extendee, number), extension in new.schema.extensions.items():
        if extension.full_name == subject:
            yield from _of_numbers(release, new, extendee, surface, {number})


def _of_fields(release: Version, new: Version, message: str, surface: Surface, name: str | None) -> Iterator[Witness]:
    """All fields of a message, or the one whose name or number a field of this name has now."""
    if message not in release.schema.messages or message not in new.schema.messages:
        return
    before, after = release.schema.messages[message], new.schema.messages[message]
    both = [*before.fields.values(), *after.fields.values()]
    yield from _of_numbers(release, new, message, surface, {f.number for f in both if name in {None, f.name}})


def _of_numbers(release: Version, new: Version, message: str, surface: Surface, numbers: set[int]) -> Iterator[Witness]:
    for route in routes(release, new, (message, message), surface, exact=True):
        yield from searched(route, numbers)


def _of_values(release: Version, new: Version, enum: str, surface: Surface, name: str | None) -> Iterator[Witness]:
    numbers = numbers_of_value(enum, name, release.schema, new.schema) if name is not None else None
    for route, field in definitions.enum_routes(release, new, enum, surface, exact=True):
        yield from route.search([field], numbers=numbers)
