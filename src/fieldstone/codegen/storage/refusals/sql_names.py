"""Tables and columns: that every database takes their names, and that each is the only one of its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from fieldstone.codegen.names import package
from fieldstone.codegen.storage.dialects import all_dialects
from fieldstone.codegen.storage.entities import child_table_name, free_column
from fieldstone.codegen.storage.fields import nested_message
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject, key_columns
from fieldstone.codegen.storage.reserved import PREFIXES
from fieldstone.schema.location import Location
from fieldstone.schema.storage import Column, Table

_RENAME = "give it another with name in (fieldstone.v1.column)"
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class _Named(Struct, frozen=True):
    """A table or column: its name, what has it, where that stands and how it gets another."""

    name: str
    what: str
    location: Location
    fix: str


def table_names(subject: Subject) -> Iterator[Refusal]:
    """Every database takes the name of every table."""
    prefixes = (*PREFIXES, *(prefix for dialect in all_dialects().values() for prefix in dialect.prefixes))
    for table in _all_tables(subject):
        yield from _name_problem(table)
        prefix = next((prefix for prefix in prefixes if table.name.startswith(prefix)), "")
        if prefix:
            what = f"{table.what} is called {table.name}, and names with {prefix} are the database's own"
            yield Refusal(table.location, what, table.fix)
        for dialect in all_dialects().values():
            if table.name in dialect.tables:
                what = f"{table.what} is called {table.name}, which {dialect.title} uses itself"
                yield Refusal(table.location, what, table.fix)


def column_names(subject: Subject) -> Iterator[Refusal]:
    """Every database takes the name of every column."""
    for table in subject.tables.values():
        for column in [*_columns(table), *_member_columns(subject, table)]:
            yield from _name_problem(column)
            for dialect in all_dialects().values():
                if column.name in dialect.columns:
                    what = f"{column.what} is called {column.name}, which every table of {dialect.title} has"
                    yield Refusal(column.location, what, column.fix)


def one_table_each(subject: Subject) -> Iterator[Refusal]:
    """No two entities, lists or maps share a table, and none has one of the outbox."""
    seen: dict[str, str] = {}
    if any(table.aggregate_key is not None for table in subject.tables.values()):
        outbox = package(subject.module, "outbox")
        seen |= dict.fromkeys((outbox, f"{outbox}_sinks", f"{outbox}_deliveries"), "the outbox")
    for table in _all_tables(subject):
        if table.name in seen:
            what = f"{table.what} has the table {table.name}, and so has {seen[table.name]}"
            yield Refusal(table.location, what, table.fix)
        seen.setdefault(table.name, table.what)


def one_column_each(subject: Subject) -> Iterator[Refusal]:
    """No two fields of a table share a column."""
    for table in subject.tables.values():
        yield from _columns_alike(list(_columns(table)), {})
        for column in table.columns.values():
            if column.kind == "child_table":
                members = list(_members(subject, table, column))
                yield from _columns_alike(members, _child_key(table, column))


def _columns_alike(columns: list[_Named], seen: dict[str, str]) -> Iterator[Refusal]:
    for column in columns:
        if column.name in seen:
            what = f"{column.what} has the column {column.name}, and so has {seen[column.name]}"
            yield Refusal(column.location, what, column.fix)
        seen.setdefault(column.name, column.what)


def _name_problem(named: _Named) -> Iterator[Refusal]:
    name = named.name
    dialects = all_dialects().values()
    shortest = min((d for d in dialects if d.longest_name), key=lambda d: d.longest_name, default=None)
    if not _NAME.fullmatch(name):
        what = f'{named.what} is called "{name}", and names in SQL have a-z, 0-9 and _'
        yield Refusal(named.location, what, named.fix)
    elif shortest is not None and len(name) > shortest.longest_name:
        limit = f"the {shortest.longest_name} bytes of {shortest.title}"
        what = f"{named.what} is called {name}, which is longer than {limit}"
        yield Refusal(named.location, what, named.fix)
    elif any(name in dialect.words for dialect in dialects):
        what = f'{named.what} is called "{name}", a reserved word of SQL'
        yield Refusal(named.location, what, named.fix)


def _all_tables(subject: Subject) -> Iterator[_Named]:
    for table in subject.tables.values():
        yield _Named(table.table, table.name, table.location, "give it another with table")
        for column in table.columns.values():
            if column.kind == "child_table":
                what = f"the child table of {table.name}.{column.name}"
                yield _Named(child_table_name(table, column), what, column.location, _RENAME)


def _columns(table: Table) -> Iterator[_Named]:
    for column in table.columns.values():
        if column.kind != "child_table":
            yield _Named(column.column, f"{table.name}.{column.name}", column.location, _RENAME)


def _member_columns(subject: Subject, table: Table) -> Iterator[_Named]:
    for column in table.columns.values():
        if column.kind == "child_table":
            yield from _members(subject, table, column)


def _members(subject: Subject, table: Table, column: Column) -> Iterator[_Named]:
    """The columns of a child table beside its key: those of a member that is a message."""
    name = nested_message(table.message.fields[column.number])
    if not name:
        return
    member = subject.schema.messages[name]
    own = subject.is_own(member)
    for field in member.fields.values():
        if not field.column.not_stored:
            location = field.location if own else column.location
            fix = _RENAME if own else f"keep {column.name} as JSON: leave out its codec"
            yield _Named(field.column.name or field.name, f"{member.name}.{field.name}", location, fix)


def _child_key(table: Table, column: Column) -> dict[str, str]:
    """The columns of a child table's key."""
    key = {parent.column: f"the primary key of {table.name}" for parent in key_columns(table)}
    is_map = table.message.fields[column.number].cardinality == "map"
    name, what = ("key", "the key of the map") if is_map else ("position", "the position in the list")
    return key | {free_column(name, key): what}


CHECKS = (table_names, column_names, one_table_each, one_column_each)
"""Every check of the topic."""
