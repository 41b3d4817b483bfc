"""PostgreSQL, by its system catalogs (https://www.postgresql.org/docs/current/catalogs.html)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, cast

from fieldstone.codegen.storage.dialects import all_dialects
from fieldstone.workflows.taking_over.differences import Difference
from fieldstone.workflows.taking_over.tables import Column, Index, Reference, Table, Tables

if TYPE_CHECKING:
    from fieldstone_runtime.postgres import Cursor, PostgresDatabase

_KINDS = """
    SELECT CASE WHEN relkind IN ('r', 'p') THEN 'table' WHEN relkind = 'v' THEN 'view' ELSE 'relation' END
    FROM pg_class WHERE oid = to_regclass(%s)
"""
_COLUMNS = """
    SELECT attname::text, format_type(atttypid, atttypmod), collname::text,
        collname = 'default' AND collnamespace = 'pg_catalog'::regnamespace,
        attnotnull, pg_get_expr(adbin, adrelid), attidentity <> '', attidentity <> 'a' AND attgenerated = ''
    FROM pg_attribute
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_INDEXES = """
    SELECT relname::text, indisprimary, indisunique, indpred IS NOT NULL OR NOT indisvalid OR NOT indimmediate
            OR coalesce(to_jsonb(pg_index) ->> 'indnullsnotdistinct', 'false') = 'true',
        ARRAY(
            SELECT attname::text FROM unnest(indkey) WITH ORDINALITY AS part (number, place)
            LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number
            WHERE place <= indnkeyatts ORDER BY place
        )
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = to_regclass(%s) ORDER BY relname
"""
_REFERENCES = """
    SELECT parent.relname::text, confdeltype::text,
        ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS part (number, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place),
        ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS part (number, place)
            JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place)
    FROM pg_constraint JOIN pg_class AS parent ON parent.oid = confrelid
    WHERE contype = 'f' AND conrelid = to_regclass(%s)
"""
_DEFAULT_COLLATION = """
    SELECT CASE coalesce(to_jsonb(d) ->> 'datlocprovider', 'c')
        WHEN 'c' THEN datcollate WHEN 'b' THEN coalesce(to_jsonb(d) ->> 'datlocale', 'C') ELSE 'default' END
    FROM pg_database AS d WHERE datname = current_database()
"""
_BY_CODE_POINT = {"C", "POSIX", "C.UTF-8", "C.utf8", "C.UTF8", "ucs_basic", "pg_c_utf8"}
"""Collations that order text as `C` does, where it is UTF-8."""

_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@contextmanager
def inspecting(url: str) -> Iterator[Cursor]:
    """A cursor in a transaction that is rolled back."""
    database = cast("PostgresDatabase", all_dialects()["postgres"].open(url))
    with closing(database), database.transaction() as cursor, cursor.connection.transaction(force_rollback=True):
        yield cursor


def tables(cursor: Cursor, names: Iterable[str]) -> Tables:
    """The tables to which the names lead on the search path."""
    (default,) = cursor.execute(_DEFAULT_COLLATION).fetchone() or ("default",)
    found = {}
    for name in names:
        row = cursor.execute(_KINDS, (name,)).fetchone()
        if row is not None:
            found[name] = _table(cursor, name, row[0], default)
    return found


def grown(cursor: Cursor, migrations: Sequence[Sequence[str]]) -> list[Tables]:
    """The tables after each migration, as temporary tables of a transaction that is rolled back."""
    steps = []
    with cursor.connection.transaction(force_rollback=True):
        cursor.execute("SET LOCAL search_path TO pg_temp")
        for statements in migrations:
            for statement in statements:
                cursor.execute(statement.encode(), prepare=False)
            cursor.execute(
                "SELECT relname::text FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"
            )
            steps.append(tables(cursor, [name for (name,) in cursor.fetchall()]))
    return steps


def misfits(_: Cursor, _found: Tables, _wanted: Tables) -> list[Difference]:
    """None: a column takes values of its type alone."""
    return []


def alter(table: str, change: str) -> str:
    """The statement."""
    return f"ALTER TABLE {table} {change}"


def is_recorded(cursor: Cursor, module: str) -> bool:
    """Whether migrations of a module are recorded."""
    if not tables(cursor, ["fieldstone_migrations"]):
        return False
    query = "SELECT 1 FROM fieldstone_migrations WHERE module = %s"
    return cursor.execute(query, (module,)).fetchone() is not None


def _table(cursor: Cursor, name: str, kind: str, default_collation: str) -> Table:
    columns = {
        column: Column(
            type=f"{type_}{order}",
            declared=f"{type_}{order}",
            nullable=not required,
            default=default,
            automatic=identity or (default or "").startswith("nextval("),
            writable=writable,
        )
        for column, type_, order, required, default, identity, writable in _columns(cursor, name, default_collation)
    }
    key, indexes = (), []
    for index, primary, unique, special, parts in cursor.execute(_INDEXES, (name,)).fetchall():
        if primary:
            key = () if special else tuple(parts)
        else:
            indexes.append(Index(index, () if None in parts else tuple(parts), unique, special))
    references = frozenset(
        Reference(frozenset(zip(own, other, strict=True)), parent, _ACTIONS[action])
        for parent, action, own, other in cursor.execute(_REFERENCES, (name,)).fetchall()
    )
    return Table(kind=kind, columns=columns, key=key, indexes=tuple(indexes), references=references)


def _columns(
    cursor: Cursor, table: str, default_collation: str
) -> Iterator[tuple[str, str, str, bool, str | None, bool, bool]]:
    for name, type_, collation, is_default, *rest in cursor.execute(_COLUMNS, (table,)).fetchall():
        if (default_collation if is_default else collation) in _BY_CODE_POINT:
            order = ' COLLATE "C"'
        else:
            order = "" if is_default or collation is None else f' COLLATE "{collation}"'
        yield name, type_, order, *rest
