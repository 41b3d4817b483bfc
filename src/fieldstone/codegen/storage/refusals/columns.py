"""Required fields of requests, and versions: that a field can be what its annotation says."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.codegen.storage.served import served_rpcs
from fieldstone.schema.model import Field, Message
from fieldstone.schema.storage import may_be_absent

_INTEGERS = frozenset("int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64".split())


def required(subject: Subject) -> Iterator[Refusal]:
    """A request that a query answers has no required field: no record is made of it."""
    requests = {rpc.request for _, rpc in served_rpcs(subject.schema, subject.own)}
    recorded = {message.full_name for message in subject.messages}
    for message, field in subject.own_fields():
        if field.column.required and message.full_name in requests - recorded:
            what = f"{message.name}.{field.name} is required, and no record is made of {message.name}"
            yield Refusal(field.location, what, "leave required out")


def versions(subject: Subject) -> Iterator[Refusal]:
    """A version is the one integer of a stored entity that counts its changes."""
    for message, field in subject.own_fields():
        problem, fix = _no_version(message, field) if field.column.version else ("", "")
        if problem:
            yield Refusal(field.location, f"{message.name}.{field.name} is the version, and {problem}", fix)


def _no_version(message: Message, field: Field) -> tuple[str, str]:
    another = "name another field with version"
    if message.entity is None or message.entity.not_stored:
        return f"{message.name} has no table", "leave version out"
    first = next(f for f in message.fields.values() if f.column.version)
    problems = (
        (first is not field, f"so is {first.name}", "leave one of them out"),
        (field.type not in _INTEGERS or field.cardinality in {"repeated", "map"}, "it is no integer", another),
        (may_be_absent(field), "it can be absent", f"make it {field.type} {field.name}, outside of a oneof"),
        (field.column.not_stored, "it is not stored", "leave out its not_stored"),
        (field.name in message.entity.primary_key, "it is in the primary key, which never changes", another),
    )
    return next(((problem, fix) for is_so, problem, fix in problems if is_so), ("", ""))


CHECKS = (required, versions)
"""Every check of the topic."""
