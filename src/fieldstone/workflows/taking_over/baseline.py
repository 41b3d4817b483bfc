"""The release that a database is at, by the tables that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from fieldstone.codegen.storage.views import MigrationView
from fieldstone.workflows.taking_over.differences import Difference, differences
from fieldstone.workflows.taking_over.introspection import Cursor, introspection
from fieldstone.workflows.taking_over.tables import Index, Tables


class Fit(Struct, frozen=True):
    """The release that the tables of a module are compared with.

    Attributes:
        migrations: how many of its migrations the tables are to be recorded with, the oldest ones.
        differences: from the tables after these migrations.
        indexes: statements that make the indexes that are missing, which are not unique.
        is_recorded: whether migrations are recorded already, so that nothing is to be compared.
    """

    migrations: int = 0
    differences: Sequence[Difference] = ()
    indexes: Sequence[str] = ()
    is_recorded: bool = False


def fits(cursor: Cursor, dialect: str, modules: Mapping[str, Sequence[MigrationView]]) -> dict[str, Fit]:
    """Compare the tables of each module with those of its releases.

    They are compared with the newest release that brought a part that the database has: the migrations after that
    one find nothing in their way.

    Args:
        cursor: a cursor in the database.
        dialect: the name of its dialect.
        modules: the migrations of each module, oldest first.
    """
    return {module: _fit(cursor, dialect, module, views) for module, views in modules.items()}


def _fit(cursor: Cursor, dialect: str, module: str, views: Sequence[MigrationView]) -> Fit:
    database = introspection(dialect)
    if database.is_recorded(cursor, module):
        return Fit(is_recorded=True)
    migrations = [view.statements[dialect] for view in views]
    grown = database.grown(cursor, migrations)
    found = database.tables(cursor, grown[-1])
    count = _newest(found, grown)
    if count == 0:
        return Fit()
    wanted, statements = grown[count - 1], [text for migration in migrations[:count] for text in migration]
    listed = differences(found, wanted, database.alter, lambda table: _creating(table, statements))
    listed = listed or database.misfits(cursor, found, wanted)
    return Fit(count, listed, () if listed else _missing_indexes(found, wanted))


def _newest(found: Tables, grown: Sequence[Tables]) -> int:
    """The number of migrations up to the newest one of which the database has a table, a column or an index."""
    there, before, newest = _parts(found), set[tuple[str, str]](), 0
    for number, tables in enumerate(grown, 1):
        now = _parts(tables)
        if (now - before) & there:
            newest = number
        before = now
    return newest


def _parts(tables: Tables) -> set[tuple[str, str]]:
    return {part for name, table in tables.items() for part in table.parts(name)}


def _creating(table: str, statements: Sequence[str]) -> str:
    """The statements that make a table, each on one line."""
    return "; ".join(" ".join(text.split()) for text in statements if _subject(text) == table)


def _subject(statement: str) -> str:
    """The table that a statement of a migration is about."""
    words = statement.partition("(")[0].split()
    return words[-1] if "INDEX" in words else words[2]


def _missing_indexes(found: Tables, wanted: Tables) -> list[str]:
    return [
        f"CREATE INDEX {index.name} ON {name} ({', '.join(index.columns)})"
        for name, table in wanted.items()
        for index in table.indexes
        if not index.unique and not any(_serves(other, index) for other in found[name].indexes)
    ]


def _serves(index: Index, wanted: Index) -> bool:
    """Whether an index finds the same rows as another."""
    return index.name == wanted.name or (index.columns[: len(wanted.columns)] == wanted.columns and not index.special)
