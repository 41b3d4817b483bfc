"""Differences between the tables that a database has and those that generated code expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from fieldstone.workflows.taking_over.tables import Column, Table, Tables

Alter = Callable[[str, str], str]
"""Advice on changing a table, by its name and what follows ALTER TABLE in standard SQL."""


class Difference(Struct, frozen=True):
    """A part of a table that generated code cannot work with.

    Attributes:
        table: the table's name.
        part: the column's name, "primary key", or another part with its name; empty for the table itself.
        found: the part in the database.
        wanted: the part that the code needs.
        fix: a statement that brings the one to the other, or advice.
    """

    table: str
    part: str
    found: str
    wanted: str
    fix: str


def differences(found: Tables, wanted: Tables, alter: Alter, create: Callable[[str], str]) -> list[Difference]:
    """All differences, in the order of the wanted tables and columns; other tables do not matter.

    Args:
        found: the tables of the database.
        wanted: the tables that the code expects.
        alter: the advice on changing a table.
        create: the statements that make a table, by its name.
    """
    listed = []
    for name, table in wanted.items():
        if name not in found:
            listed.append(Difference(name, "", "nothing", "a table", create(name)))
        elif found[name].kind != "table":
            fix = f"give the {found[name].kind} another name, then {create(name)}"
            listed.append(Difference(name, "", f"a {found[name].kind}", "a table", fix))
        else:
            listed += _of_table(name, found[name], table, alter)
    return listed


def _of_table(name: str, found: Table, wanted: Table, alter: Alter) -> Iterator[Difference]:
    for column, form in wanted.columns.items():
        if column not in found.columns:
            definition = f"{column} {form.definition}"
            yield Difference(name, column, "nothing", form.definition, alter(name, f"ADD COLUMN {definition}"))
        else:
            yield from _of_column(name, column, found.columns[column], form, alter)
    for column, form in found.columns.items():
        if column not in wanted.columns and not (form.nullable or form.automatic or form.default is not None):
            fix = alter(name, f"ALTER COLUMN {column} DROP NOT NULL")
            yield Difference(name, column, form.definition, "no such column, or one that may be left out", fix)
    if found.key != wanted.key and set(found.key) != set(wanted.key):
        fix = alter(name, f"ADD PRIMARY KEY ({', '.join(wanted.key)})")
        yield Difference(name, "primary key", _listed(found.key), _listed(wanted.key), fix)
    yield from _of_indexes(name, found, wanted)
    yield from _of_references(name, found, wanted, alter)


def _of_column(table: str, name: str, found: Column, wanted: Column, alter: Alter) -> Iterator[Difference]:
    if found.type != wanted.type:
        fix = alter(table, f"ALTER COLUMN {name} TYPE {wanted.declared}")
        yield Difference(table, name, found.declared or "no type", wanted.declared, fix)
    if found.nullable != wanted.nullable:
        form = {True: "NULL allowed", False: "NOT NULL"}
        fix = alter(table, f"ALTER COLUMN {name} {'DROP' if wanted.nullable else 'SET'} NOT NULL")
        yield Difference(table, name, form[found.nullable], form[wanted.nullable], fix)
    if wanted.automatic and not found.automatic:
        fix = alter(table, f"ALTER COLUMN {name} ADD GENERATED ALWAYS AS IDENTITY")
        yield Difference(table, name, "no number by itself", "a number that counts up by itself", fix)


def _of_indexes(table: str, found: Table, wanted: Table) -> Iterator[Difference]:
    """Unique indexes alone: another that is missing costs time and no more."""
    needed = {frozenset(index.columns): index for index in wanted.indexes if index.unique}
    there = {frozenset(index.columns) for index in found.indexes if index.unique and not index.partial}
    for columns, index in needed.items():
        if columns not in there:
            fix = f"CREATE UNIQUE INDEX {index.name} ON {table} ({', '.join(index.columns)})"
            yield Difference(table, f"unique index {index.name}", "nothing", _listed(index.columns), fix)
    for index in found.indexes:
        implied = index.columns and set(wanted.key) <= set(index.columns)
        if index.unique and not implied and frozenset(index.columns) not in needed:
            fix = "drop it, as it refuses records that the code may write, or declare it in the schema"
            form = f"{_listed(index.columns)}{' of some rows' if index.partial else ''}"
            yield Difference(table, f"unique index {index.name}", form, "nothing", fix)


def _of_references(table: str, found: Table, wanted: Table, alter: Alter) -> Iterator[Difference]:
    for reference in wanted.references - found.references:
        pairs = sorted(reference.columns)
        own, others = ", ".join(own for own, _ in pairs), ", ".join(other for _, other in pairs)
        form = f"FOREIGN KEY ({own}) REFERENCES {reference.parent} ({others}) ON DELETE {reference.on_delete}"
        yield Difference(table, "foreign key", "nothing", form, alter(table, f"ADD {form}"))


def _listed(columns: tuple[str, ...]) -> str:
    return f"({', '.join(columns)})" if columns else "nothing, or expressions"
