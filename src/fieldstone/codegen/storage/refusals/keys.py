"""Primary keys, indexes and the key of the outbox: that they name fields which can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.storage.refusals.subject import Refusal, Subject, twice
from fieldstone.schema.storage import Column, Table
from fieldstone.suggestions import did_you_mean

_KEPT = {
    "json": "is kept as JSON",
    "proto": "is kept as the bytes of a message",
    "child_table": "has a table of its own",
}


def no_primary_key(subject: Subject) -> Iterator[Refusal]:
    """A stored entity has a key."""
    for table in subject.tables.values():
        if not table.primary_key:
            yield Refusal(
                table.location, f"{table.name} has no primary key", "name its fields in primary_key, or set not_stored"
            )


def primary_key(subject: Subject) -> Iterator[Refusal]:
    """The fields of a primary key are there, always have a value, and can be compared."""
    for table in subject.tables.values():
        for name in dict.fromkeys(table.primary_key):
            yield from named_field(table, "primary_key", name)
            yield from _key_field(table, "primary_key", name)
        yield from _twice(table, "primary_key", table.primary_key)


def indexes(subject: Subject) -> Iterator[Refusal]:
    """The fields of an index are there and can be compared, and it is not there already."""
    for table in subject.tables.values():
        seen = {table.primary_key: "the primary key"}
        for index in table.indexes:
            for name in dict.fromkeys(index.fields):
                yield from named_field(table, "an index", name)
            yield from _twice(table, "an index", index.fields)
            if not index.fields:
                yield Refusal(table.location, f"an index of {table.name} names no fields", "name them in fields")
            elif index.fields in seen:
                what = f"an index of {table.name} has the fields of {seen[index.fields]}"
                yield Refusal(table.location, what, "leave it out")
            seen.setdefault(index.fields, "another")


def aggregate_key(subject: Subject) -> Iterator[Refusal]:
    """The field that orders the events of an outbox is there and always has a value."""
    for table in subject.tables.values():
        if table.entity.outbox is not None and table.entity.outbox.aggregate_key:
            name = table.entity.outbox.aggregate_key
            yield from named_field(table, "aggregate_key", name)
            yield from _key_field(table, "aggregate_key", name)


def named_field(table: Table, where: str, name: str) -> Iterator[Refusal]:
    """Refuse a name that is no stored field, or one of a field that cannot be compared.

    Args:
        table: the entity's table.
        where: what names it: "primary_key", "query steps_by_run".
        name: the field.
    """
    column = table.column(name)
    if column is None:
        yield _no_column(table, where, name)
    elif column.kind in _KEPT:
        what = f"{where} of {table.name} names {name}, which {_KEPT[column.kind]} and cannot be compared"
        yield Refusal(table.location, what, "name fields with numbers, text, bytes, enums or timestamps")


def _no_column(table: Table, where: str, name: str) -> Refusal:
    if any(field.name == name for field in table.message.fields.values()):
        what = f"{where} of {table.name} names {name}, which is not stored"
        return Refusal(table.location, what, "leave out its not_stored, or name another field")
    known = [column.name for column in table.columns.values() if column.kind not in _KEPT]
    what = f"{where} of {table.name} names {name}, which is no field of it"
    return Refusal(table.location, what, did_you_mean(name, known) or f"name one of {', '.join(known)}")


def _key_field(table: Table, where: str, name: str) -> Iterator[Refusal]:
    column = table.column(name)
    if column is None or column.kind in _KEPT:
        return
    if column.nullable:
        fix = "set required in its (fieldstone.v1.column), or name fields that always have a value"
        if table.message.fields[column.number].oneof:
            fix = "name fields that always have a value"
        yield Refusal(table.location, f"{where} of {table.name} names {name}, {_why_absent(table, column)}", fix)
    elif column.kind in {"float", "double"}:
        what = f"{where} of {table.name} names {name}, a {column.kind}, and NaN is equal to nothing"
        yield Refusal(table.location, what, "name fields with whole numbers, text or bytes")


def _why_absent(table: Table, column: Column) -> str:
    field = table.message.fields[column.number]
    if field.oneof:
        return f"a member of the oneof {field.oneof}, which can be absent"
    return "a message, which can be absent" if field.composite == "message" else "which can be absent"


def _twice(table: Table, where: str, names: tuple[str, ...]) -> Iterator[Refusal]:
    for name in twice(names):
        yield Refusal(table.location, f"{where} of {table.name} names {name} twice", "name it once")


CHECKS = (no_primary_key, primary_key, indexes, aggregate_key)
"""Every check of the topic."""
