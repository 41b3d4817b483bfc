"""The hook that sees statements, in SQLite."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fieldstone_runtime import errors
from fieldstone_runtime.sqlite import SQLiteDatabase


class Seen(list[tuple[str, float]]):
    """The statements that a hook saw."""

    def __call__(self, statement: str, seconds: float) -> None:
        self.append((statement, seconds))

    def taken(self) -> list[str]:
        """The SQL of those that were not taken before."""
        found = [statement for statement, _ in self]
        self.clear()
        return found


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def database(tmp_path: Path, seen: Seen) -> Iterator[SQLiteDatabase]:
    with closing(SQLiteDatabase(tmp_path / "points.db", on_statement=seen)) as opened:
        opened.local.execute("CREATE TABLE points (id INTEGER PRIMARY KEY)")
        seen.clear()
        yield opened


def test_statements_are_seen_with_their_seconds(database: SQLiteDatabase, seen: Seen) -> None:
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
    with database.transaction() as cursor:
        cursor.executemany("INSERT INTO points VALUES (?)", [(1,), (2,)])
        cursor.connection.execute("DELETE FROM points WHERE id = ?", (1,))
        cursor.connection.executemany("DELETE FROM points WHERE id = ?", [(7,)])
        with database.transaction():
            cursor.execute(slow)
    durations = dict(seen)
    assert seen.taken() == [
        "BEGIN IMMEDIATE",
        "INSERT INTO points VALUES (?)",
        *["DELETE FROM points WHERE id = ?"] * 2,
        "SAVEPOINT nested",
        slow,
        "RELEASE nested",
        "COMMIT",
    ]
    assert 0 < durations["SAVEPOINT nested"] < durations[slow] < 60


def test_reads_are_seen(database: SQLiteDatabase, seen: Seen) -> None:
    with database.reading("SELECT id FROM points", ()) as rows:
        assert rows.fetchall() == []
    assert "SELECT id FROM points" in seen.taken()


def test_statements_that_fail_are_seen(database: SQLiteDatabase, seen: Seen) -> None:
    with pytest.raises(errors.NotMigratedError), database.transaction() as cursor:
        cursor.execute("SELECT * FROM missing")
    assert seen.taken() == ["BEGIN IMMEDIATE", "SELECT * FROM missing", "ROLLBACK"]


def test_an_exception_of_the_hook_is_logged_and_loses_no_write(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(statement: str, seconds: float) -> None:
        raise ZeroDivisionError

    path = tmp_path / "points.db"
    with caplog.at_level(logging.ERROR), closing(SQLiteDatabase(path, on_statement=broken)) as database:
        database.local.execute("CREATE TABLE points (id INTEGER PRIMARY KEY)")
        with database.transaction() as cursor:
            cursor.execute("INSERT INTO points VALUES (7)")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM points").fetchall() == [(7,)]
    assert "on_statement failed after COMMIT" in caplog.messages
    assert "ZeroDivisionError" in caplog.text


def test_without_a_hook_the_driver_is_called_directly(tmp_path: Path) -> None:
    with closing(SQLiteDatabase(tmp_path / "points.db")) as database:
        assert type(database.local.connection) is sqlite3.Connection
        assert database.local.execute == database.local.cursor.execute
        with database.transaction() as cursor:
            assert type(cursor) is sqlite3.Cursor
