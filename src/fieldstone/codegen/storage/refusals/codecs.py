"""Codecs: that each is of a type that can be kept so."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.storage.fields import map_types
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.schema.model import Field, Message
from fieldstone.schema.storage import DURATION, TIMESTAMP


def codecs(subject: Subject) -> Iterator[Refusal]:
    """A field's type can be kept as its codec says."""
    for message, field in subject.own_fields():
        problem = _problem(message, field) if field.column.codec else None
        if problem is not None:
            what, fix = problem
            yield Refusal(
                field.location, f"{message.name}.{field.name} has {_SPELLED[field.column.codec]}, {what}", fix
            )


_SPELLED = {
    "json": "CODEC_JSON",
    "enum_name": "CODEC_ENUM_NAME",
    "child_table": "CODEC_CHILD_TABLE",
    "proto": "CODEC_PROTO",
    "nanoseconds": "CODEC_NANOSECONDS",
}


def _problem(message: Message, field: Field) -> tuple[str, str] | None:
    plural = field.cardinality in {"repeated", "map"}
    kind = f"{field.cardinality} {field.type}" if field.cardinality == "repeated" else field.type
    match field.column.codec:
        case "json" if plural or field.type not in {"bytes", "string"}:
            fix = "leave it out: lists, maps and messages are kept as JSON without it"
            return (
                f"which is for bytes and strings, and is {kind}",
                fix if plural or field.composite else "leave it out",
            )
        case "enum_name" if plural or field.composite != "enum":
            return f"which is for a single enum, and is {kind}", "leave it out"
        case "proto" if field.composite != "message":
            return f"which is for messages, and is {kind}", "leave it out"
        case "nanoseconds" if map_types(field)[1] not in {TIMESTAMP, DURATION}:
            return f"which is for Timestamps and Durations, and is {kind}", "leave it out"
        case "child_table":
            return _child_problem(message, kind, plural=plural)
    return None


def _child_problem(message: Message, kind: str, *, plural: bool) -> tuple[str, str] | None:
    if not plural:
        return f"which is for lists and maps, and is {kind}", "leave it out"
    if message.entity is None or message.entity.not_stored:
        return f"and {message.name} has no table", "leave it out: it is kept as JSON with the message that it is in"
    return None


CHECKS = (codecs,)
"""Every check of the topic."""
