"""Words that SQL keeps for itself, as the databases themselves say."""

from __future__ import annotations

import sqlite3

import psycopg

from fieldstone.codegen.storage.dialects import all_dialects
from tests.codegen.server import PostgresServer

STATEMENTS = (
    "CREATE TABLE {table} (id BIGINT NOT NULL, {column} BIGINT NOT NULL, PRIMARY KEY (id, {column}))",
    "CREATE INDEX i ON {table} ({column}, id)",
    "INSERT INTO {table} (id, {column}) VALUES (1, 2) ON CONFLICT (id, {column}) DO NOTHING",
    (
        "INSERT INTO {table} (id, {column}) VALUES (1, 2) "
        "ON CONFLICT (id, {column}) DO UPDATE SET {column} = excluded.{column}"
    ),
    "SELECT id, {column} FROM {table} WHERE {column} = 2 ORDER BY {column} DESC, id LIMIT 1",
    "SELECT {column} FROM {table} WHERE {column} IS NOT NULL AND ({column}, id) > (0, 0)",
    "DELETE FROM {table} WHERE {column} < 5",
    "ALTER TABLE {table} ADD COLUMN more TEXT",
    "CREATE TABLE other (id BIGINT, {column} BIGINT)",
    "DROP TABLE other",
    "DROP TABLE {table}",
)


def sqlite_takes(table: str, column: str) -> bool:
    """Whether SQLite takes the names in every statement."""
    connection = sqlite3.connect(":memory:")
    try:
        for statement in STATEMENTS:
            connection.execute(statement.format(table=table, column=column))
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return True


def test_the_words_that_sqlite_reserves() -> None:
    words = all_dialects()["sqlite"].words
    refused_words = {word for word in words if not (sqlite_takes(word, "x") and sqlite_takes("x", word))}
    assert refused_words == words
    taken = "action key range timestamp value status data time type index_ match order_ rowid timeout"
    assert all(sqlite_takes("x", word) for word in taken.split())


def test_the_words_that_postgres_reserves(postgres: PostgresServer) -> None:
    dialect = all_dialects()["postgres"]
    with psycopg.connect(postgres.new_database()) as connection:
        rows = connection.execute("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')").fetchall()
        assert {word for (word,) in rows} == dialect.words
        system = "SELECT attname::text FROM pg_attribute WHERE attnum < 0 AND attrelid = 'pg_class'::regclass"
        assert {name for (name,) in connection.execute(system).fetchall()} == dialect.columns
