"""Migrations: forward only, all or nothing, one at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fieldstone_runtime import errors
from fieldstone_runtime.migrations import Migration, migrate
from fieldstone_runtime.sqlite import SQLiteDatabase

FIRST = Migration(
    "1.0.0", ("CREATE TABLE points (id INTEGER PRIMARY KEY)", "CREATE INDEX points_id_idx ON points (id)")
)
SECOND = Migration("1.2.0", ("ALTER TABLE points ADD COLUMN name TEXT NOT NULL DEFAULT 'none'",))
THIRD = Migration("2.0.0", ("CREATE TABLE lines (id INTEGER PRIMARY KEY)",))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    opened = SQLiteDatabase(tmp_path / "points.db")
    yield opened
    opened.close()


def applied(database: SQLiteDatabase) -> list[tuple[str, str]]:
    rows = database.local.execute("SELECT module, version FROM fieldstone_migrations ORDER BY module, version")
    return rows.fetchall()


def test_what_is_missing_is_applied_once(database: SQLiteDatabase) -> None:
    assert migrate(database, "points", [FIRST]) == ("1.0.0",)
    database.local.execute("INSERT INTO points (id) VALUES (1)")
    assert migrate(database, "points", [FIRST, SECOND, THIRD]) == ("1.2.0", "2.0.0")
    assert migrate(database, "points", [FIRST, SECOND, THIRD]) == ()
    assert database.local.execute("SELECT * FROM points").fetchall() == [(1, "none")]
    assert applied(database) == [("points", "1.0.0"), ("points", "1.2.0"), ("points", "2.0.0")]


def test_modules_are_counted_on_their_own(database: SQLiteDatabase) -> None:
    migrate(database, "points", [FIRST])
    assert migrate(database, "lines", [THIRD]) == ("2.0.0",)
    assert migrate(database, "nothing", []) == ()


def test_a_database_from_the_future(database: SQLiteDatabase) -> None:
    migrate(database, "points", [FIRST, SECOND, THIRD])
    with pytest.raises(errors.DatabaseNewerError, match=r"points\.db has points 1\.2\.0, 2\.0\.0.*up to 1\.0\.0"):
        migrate(database, "points", [FIRST])
    with pytest.raises(errors.DatabaseNewerError, match="up to none"):
        migrate(database, "points", [])


def test_another_form_of_a_released_version(database: SQLiteDatabase) -> None:
    migrate(database, "points", [Migration("1.0.0", ("CREATE TABLE points (other INTEGER)",))])
    with pytest.raises(errors.MigrationError, match=r"was given points 1\.0\.0 in another form"):
        migrate(database, "points", [FIRST, SECOND])
    assert applied(database) == [("points", "1.0.0")]


def test_a_version_that_was_skipped(database: SQLiteDatabase) -> None:
    migrate(database, "points", [FIRST, THIRD])
    with pytest.raises(errors.MigrationError, match=r"lacks points 1\.2\.0 and has later versions"):
        migrate(database, "points", [FIRST, SECOND, THIRD])


def test_all_or_nothing(database: SQLiteDatabase) -> None:
    broken = Migration("1.2.0", ("CREATE TABLE lines (id INTEGER)", "CREATE TABLE points (id INTEGER)"))
    with pytest.raises(errors.MigrationError, match=r"points 1\.2\.0 cannot be applied.*already exists"):
        migrate(database, "points", [FIRST, broken])
    assert database.local.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_many_processes_at_once(tmp_path: Path) -> None:
    """Each opens a new file, which the first of them switches to WAL, and then migrates it."""
    program = """
import sys
from fieldstone_runtime.migrations import Migration, migrate
from fieldstone_runtime.sqlite import SQLiteDatabase
versions = [Migration(f"1.{n}.0", (f"CREATE TABLE points_{n} (id INTEGER PRIMARY KEY)",)) for n in range(20)]
sys.stdin.readline()
database = SQLiteDatabase(sys.argv[1], timeout=60)
print(len(migrate(database, "points", versions)))
"""
    for attempt in range(3):
        path = tmp_path / f"{attempt}.db"
        command = [sys.executable, "-c", program, str(path)]
        processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(6)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate() for process in processes]
        assert sorted(out for out, _ in said) == ["0\n"] * 5 + ["20\n"], said
