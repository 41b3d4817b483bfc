"""Messages that hold themselves: no record, no JSON and no table can hold what never ends."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.storage.fields import nested_message
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.schema.location import Location
from fieldstone.schema.model import Field, Message


def cycles(subject: Subject) -> Iterator[Refusal]:
    """No message that has a record holds itself, unless as bytes."""
    done: set[str] = set()
    for message in subject.messages:
        if message.full_name not in done:
            yield from _below(subject, message, [], {}, done)


def _below(
    subject: Subject, message: Message, path: list[Field], inside: dict[str, int], done: set[str]
) -> Iterator[Refusal]:
    """The cycles that a message leads into; `path` are the fields to it, `inside` the messages on the way."""
    inside[message.full_name] = len(path)
    for field in message.fields.values():
        name = nested_message(field)
        if name in inside:
            yield _refusal(subject, [*path[inside[name] :], field], name)
        elif name and name not in done:
            yield from _below(subject, subject.schema.messages[name], [*path, field], inside, done)
    del inside[message.full_name]
    done.add(message.full_name)


def _refusal(subject: Subject, circle: list[Field], first: str) -> Refusal:
    steps = [f"{field.parent.rpartition('.')[2]}.{field.name}" for field in circle]
    name = first.rpartition(".")[2]
    what = f"{name} holds itself: {' -> '.join([*steps, name])}"
    own = [field for field in circle if subject.is_own(subject.schema.messages[field.parent])]
    fix = f"keep {(own or circle)[-1].name} as bytes: codec: CODEC_PROTO"
    return Refusal(_location(subject, own, first), what, fix)


def _location(subject: Subject, own: list[Field], first: str) -> Location:
    return own[-1].location if own else subject.location_of(subject.schema.messages[first])


CHECKS = (cycles,)
"""Every check of the topic."""
