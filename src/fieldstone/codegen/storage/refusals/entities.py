"""Entities as a whole: what a message that is not stored cannot have, and what takes the place of what."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.schema.entity import ColumnOptions
from fieldstone.schema.storage import annotation_location
from fieldstone.suggestions import did_you_mean


def not_stored(subject: Subject) -> Iterator[Refusal]:
    """An entity without a table has nothing that is a table's."""
    for message, entity in subject.entities:
        stored = [key for key in ("table", "primary_key", "indexes", "queries") if getattr(entity, key)]
        stored += ["outbox"] if entity.outbox is not None else []
        if entity.not_stored and stored:
            what = f"{message.name} is not_stored and has {', '.join(stored)}"
            yield Refusal(annotation_location(message), what, "leave out the one or the other")


def supersedes(subject: Subject) -> Iterator[Refusal]:
    """An entity supersedes another entity of the module."""
    known = {message.full_name: message for message, _ in subject.entities}
    for message, entity in subject.entities:
        if not entity.supersedes or entity.supersedes in known:
            continue
        other = subject.schema.messages.get(entity.supersedes)
        what = f"{message.name} supersedes {entity.supersedes}, "
        if other is None:
            names = [name for name in known if name != message.full_name]
            yield Refusal(
                annotation_location(message), f"{what}which is no message", did_you_mean(entity.supersedes, names)
            )
        elif subject.is_own(other):
            fix = "give it the option (fieldstone.v1.entity), with not_stored where it has no table"
            yield Refusal(annotation_location(message), f"{what}which has no record", fix)
        else:
            fix = "name a message of this module"
            yield Refusal(annotation_location(message), f"{what}which is of another module ({other.file})", fix)


def superseded_in_a_circle(subject: Subject) -> Iterator[Refusal]:
    """Versions follow each other, and none comes after itself."""
    successors = {message.full_name: entity.supersedes for message, entity in subject.entities}
    for message, _ in subject.entities:
        chain = [message.full_name]
        while (before := successors.get(chain[-1], "")) and before not in chain:
            chain.append(before)
        if before == message.full_name == min(chain):
            what = f"{message.name} supersedes itself"
            through = f": {' -> '.join([*chain, before])}" if len(chain) > 1 else ""
            yield Refusal(annotation_location(message), f"{what}{through}", "name the version before it")


def sources(subject: Subject) -> Iterator[Refusal]:
    """`from` names fields of the superseded message."""
    for message, field in subject.own_fields():
        if not field.column.sources:
            continue
        if message.entity is None or not message.entity.supersedes:
            what = f"{field.name} comes from {', '.join(field.column.sources)}, but {message.name} supersedes nothing"
            yield Refusal(field.location, what, "name the message that it takes the place of in supersedes")
            continue
        old = subject.schema.messages.get(message.entity.supersedes)
        known = [before.name for before in old.fields.values()] if old else []
        for name in field.column.sources:
            if old is not None and name not in known:
                what = f"{field.name} comes from {name}, which is no field of {old.full_name}"
                yield Refusal(field.location, what, did_you_mean(name, known))


def extensions(subject: Subject) -> Iterator[Refusal]:
    """A record has no attributes for extensions."""
    for extension in subject.schema.extensions.values():
        if extension.location.path in subject.own and extension.column != ColumnOptions():
            what = f"{extension.name} is an extension, and records have no extensions"
            yield Refusal(extension.location, what, "leave out its (fieldstone.v1.column), or make it a field")


CHECKS = (not_stored, supersedes, superseded_in_a_circle, sources, extensions)
"""Every check of the topic."""
