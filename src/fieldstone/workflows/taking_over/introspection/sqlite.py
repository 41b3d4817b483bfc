"""SQLite, by its pragmas (https://sqlite.org/pragma.html) and sqlite_master."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from fieldstone.codegen.storage.dialects.sqlite import path_of
from fieldstone.errors import Unavailable
from fieldstone.workflows.taking_over.differences import Difference
from fieldstone.workflows.taking_over.tables import Column, Index, Reference, Table, Tables

_CLASSES = {"INTEGER": "'integer'", "REAL": "'real'", "TEXT": "'text'", "BLOB": "'blob'"}
"""The storage class of the values that the code writes, by the column's affinity."""


@contextmanager
def inspecting(url: str) -> Iterator[sqlite3.Cursor]:
    """A cursor that can only read the file at a URL."""
    path = path_of(url)
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection.cursor()
    except sqlite3.Error as error:
        raise Unavailable(f"{path} cannot be read: {error}") from error


def tables(cursor: sqlite3.Cursor, names: Iterable[str]) -> Tables:
    """The tables that are there, by their names in lower case: SQLite takes a name in any case."""
    found = {}
    for name in names:
        query = "SELECT type, sql FROM sqlite_master WHERE lower(name) = ? AND type IN ('table', 'view')"
        row = cursor.execute(query, (name.lower(),)).fetchone()
        if row is not None:
            found[name] = _table(cursor, name.lower(), *row)
    return found


def grown(_: sqlite3.Cursor, migrations: Sequence[Sequence[str]]) -> list[Tables]:
    """The tables after each migration, in a database in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        cursor, steps = connection.cursor(), []
        for statements in migrations:
            for statement in statements:
                cursor.execute(statement)
            names = cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            steps.append(tables(cursor, [name for (name,) in names if not name.startswith("sqlite_")]))
        return steps


def misfits(cursor: sqlite3.Cursor, found: Tables, wanted: Tables) -> list[Difference]:
    """Values of another storage class: a column takes any, and DATETIME has text in many databases."""
    return [misfit for name, table in wanted.items() if name in found for misfit in _misfits_of(cursor, name, table)]


def alter(table: str, change: str) -> str:
    """Advice: SQLite itself can only add a column that may be NULL or has a default."""
    if change.startswith("ADD COLUMN"):
        return f"ALTER TABLE {table} {change}"
    return f"rebuild {table} with the wanted form: https://sqlite.org/lang_altertable.html#otheralter"


def is_recorded(cursor: sqlite3.Cursor, module: str) -> bool:
    """Whether migrations of a module are recorded."""
    if not tables(cursor, ["fieldstone_migrations"]):
        return False
    query = "SELECT count(*) FROM fieldstone_migrations WHERE module = ?"
    return bool(cursor.execute(query, (module,)).fetchone()[0])


def _table(cursor: sqlite3.Cursor, name: str, kind: str, sql: str) -> Table:
    if sql.upper().startswith("CREATE VIRTUAL"):
        kind = "virtual table"
    rows = cursor.execute(
        'SELECT lower(name), type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', (name,)
    ).fetchall()
    key = tuple(row[0] for row in sorted(rows, key=lambda row: row[4]) if row[4])
    indexes = _indexes(cursor, name)
    if any(index.special for index in indexes.pop("pk", ())):
        key = ()
    # https://sqlite.org/lang_createtable.html#rowid
    counted = len(key) == 1 and "WITHOUT ROWID" not in sql.upper()
    collations = _collations(sql, [row[0] for row in rows]) if kind == "table" else {}
    columns = {}
    for column, declared, required, default, place, hidden in rows:
        is_rowid = bool(counted and place and declared.upper() == "INTEGER")
        collation = collations.get(column, "")
        columns[column] = Column(
            type=f"{affinity(declared)}{collation}",
            declared=f"{declared}{collation}",
            nullable=not (required or is_rowid),
            default=default,
            automatic=is_rowid and not required,
            writable=not hidden,
        )
    others = tuple(index for found in indexes.values() for index in found)
    return Table(kind=kind, columns=columns, key=key, indexes=others, references=_references(cursor, name))


def affinity(declared: str) -> str:
    """The affinity of a declared type (https://sqlite.org/datatype3.html#determination_of_column_affinity).

    NUMERIC counts as INTEGER: the two differ in CAST alone.
    """
    name = declared.upper()
    for words, kind in ((("INT",), "INTEGER"), (("CHAR", "CLOB", "TEXT"), "TEXT"), (("BLOB",), "BLOB")):
        if any(word in name for word in words):
            return kind
    if not name:
        return "BLOB"
    return "REAL" if any(word in name for word in ("REAL", "FLOA", "DOUB")) else "INTEGER"


def _collations(sql: str, columns: Sequence[str]) -> dict[str, str]:
    """The collations of a table's columns but BINARY, which only an index shows: of an empty table like it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(sql)
            (name,) = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
            connection.execute(f"CREATE INDEX probe ON {_quoted(name)} ({', '.join(map(_quoted, columns))})")
        except sqlite3.Error:  # a collation or function that only the application has
            return dict.fromkeys(columns, " COLLATE unknown")
        rows = connection.execute("SELECT lower(name), coll FROM pragma_index_xinfo('probe') WHERE key")
        return {column: f" COLLATE {collation}" for column, collation in rows if collation != "BINARY"}


def _indexes(cursor: sqlite3.Cursor, table: str) -> dict[str, list[Index]]:
    """The indexes by their origin: "c" for CREATE INDEX, "u" for a unique constraint, "pk" for the primary key."""
    query = 'SELECT origin, name, "unique", partial FROM pragma_index_list(?) ORDER BY name'
    found: dict[str, list[Index]] = {}
    for origin, name, unique, partial in cursor.execute(query, (table,)).fetchall():
        parts = "SELECT lower(name), coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno"
        columns, collations = zip(*cursor.execute(parts, (name,)).fetchall(), strict=True)
        special = bool(partial) or set(collations) != {"BINARY"}
        found.setdefault(origin, []).append(Index(name, () if None in columns else columns, bool(unique), special))
    return found


def _references(cursor: sqlite3.Cursor, table: str) -> frozenset[Reference]:
    query = """SELECT id, lower("table"), lower("from"), lower("to"), on_delete
        FROM pragma_foreign_key_list(?) ORDER BY id, seq"""
    pairs: dict[tuple[int, str, str], list[tuple[str, str | None]]] = {}
    for number, parent, own, other, on_delete in cursor.execute(query, (table,)).fetchall():
        pairs.setdefault((number, parent, on_delete), []).append((own, other))
    return frozenset(
        Reference(frozenset(_paired(cursor, parent, columns)), parent, on_delete)
        for (_, parent, on_delete), columns in pairs.items()
    )


def _paired(cursor: sqlite3.Cursor, parent: str, columns: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """The columns with those of the parent; a foreign key that names none is one to the primary key."""
    query = "SELECT lower(name) FROM pragma_table_xinfo(?) WHERE pk ORDER BY pk"
    key = [name for (name,) in cursor.execute(query, (parent,)).fetchall()]
    return [(own, other or (key[place] if place < len(key) else "")) for place, (own, other) in enumerate(columns)]


def _misfits_of(cursor: sqlite3.Cursor, name: str, table: Table) -> Iterator[Difference]:
    kinds = {column: form.type for column, form in table.columns.items() if form.type in _CLASSES}
    conditions = [_is_misfit(column, kind) for column, kind in kinds.items()]
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
    numbers = cursor.execute(f"SELECT {counts} FROM {_quoted(name)}").fetchone()  # noqa: S608 - names of a schema
    for (column, kind), number in zip(kinds.items(), numbers, strict=True):
        if number:
            fix = f"write the values of {name}.{column} as docs/reference/storage.md has them for the type of the field"
            yield Difference(name, column, f"{number} rows with values of another type", f"{kind} in each row", fix)


def _is_misfit(column: str, kind: str) -> str:
    """The condition on a value that is neither NULL nor of the storage class; NaN is text, as SQLite has none."""
    nan = f" AND {_quoted(column)} IS NOT 'NaN'" if kind == "REAL" else ""
    return f"typeof({_quoted(column)}) NOT IN ('null', {_CLASSES[kind]}){nan}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
