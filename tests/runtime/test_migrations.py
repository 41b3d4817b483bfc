"""Migrations: forward only, all or nothing, one at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fieldstone_runtime import errors
from fieldstone_runtime.migrations import Migration, migrate, take_over
from fieldstone_runtime.sqlite import SQLiteDatabase

FIRST = Migration(
    "1.0.0", ("CREATE TABLE points (id INTEGER PRIMARY KEY)", "CREATE INDEX points_id_idx ON points (id)")
)
SECOND = Migration("1.2.0", ("ALTER TABLE points ADD COLUMN name TEXT NOT NULL DEFAULT 'none'",))
THIRD = Migration("2.0.0", ("CREATE TABLE lines (id INTEGER PRIMARY KEY)",))
UNIQUE = Migration("2.1.0", ("CREATE UNIQUE INDEX points_name_idx ON points (name)",))


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


def test_older_code_goes_on_beside_additions(database: SQLiteDatabase) -> None:
    migrate(database, "points", [FIRST, SECOND, THIRD])
    for known in ([FIRST, SECOND], [FIRST], []):
        assert migrate(database, "points", known) == ()
    database.local.execute("INSERT INTO points (id) VALUES (1)")
    assert migrate(database, "points", [FIRST, SECOND, THIRD, UNIQUE]) == ("2.1.0",)


def test_older_code_stops_at_what_it_cannot_work_beside(database: SQLiteDatabase) -> None:
    migrate(database, "points", [FIRST, SECOND, THIRD, UNIQUE])
    problem = r"has points 1\.2\.0, 2\.0\.0, 2\.1\.0, and .* up to 1\.0\.0; .* beside 2\.1\.0, .* UNIQUE INDEX"
    with pytest.raises(errors.DatabaseNewerError, match=problem):
        migrate(database, "points", [FIRST])
    with pytest.raises(errors.DatabaseNewerError, match="up to none"):
        migrate(database, "points", [])


@pytest.mark.parametrize("effect", [None, "", "in a form of the future", "Additive"])
def test_older_code_stops_where_it_is_not_known_to_be_safe(database: SQLiteDatabase, effect: str | None) -> None:
    migrate(database, "points", [FIRST, SECOND])
    database.local.execute("UPDATE fieldstone_migrations SET effect = ? WHERE version = '1.2.0'", (effect,))
    with pytest.raises(errors.DatabaseNewerError, match=r"cannot work beside 1\.2\.0"):
        migrate(database, "points", [FIRST])


def test_effects_that_were_not_recorded_are_filled_in_by_code_that_knows_them(database: SQLiteDatabase) -> None:
    database.local.execute(
        "CREATE TABLE fieldstone_migrations (module TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL,"
        " applied_at BIGINT NOT NULL, PRIMARY KEY (module, version))"
    )
    rows = [("points", version, migration.digest, 7) for version, migration in (("1.0.0", FIRST), ("1.2.0", SECOND))]
    database.local.cursor.executemany("INSERT INTO fieldstone_migrations VALUES (?, ?, ?, ?)", rows)
    with pytest.raises(errors.DatabaseNewerError, match="of which nothing is recorded"):
        migrate(database, "points", [FIRST])
    assert migrate(database, "points", [FIRST, SECOND]) == ()
    assert migrate(database, "points", [FIRST]) == ()
    recorded = database.local.execute("SELECT DISTINCT applied_at, effect FROM fieldstone_migrations").fetchall()
    assert recorded == [(7, "additive")]


def test_another_form_of_a_released_version(database: SQLiteDatabase) -> None:
    migrate(database, "points", [Migration("1.0.0", ("CREATE TABLE points (other INTEGER)",))])
    with pytest.raises(errors.MigrationError, match=r"was given points 1\.0\.0 in another form"):
        migrate(database, "points", [FIRST, SECOND])
    assert applied(database) == [("points", "1.0.0")]


def test_a_version_that_was_skipped(database: SQLiteDatabase) -> None:
    migrate(database, "points", [FIRST, THIRD])
    with pytest.raises(errors.MigrationError, match=r"lacks points 1\.2\.0 and has later versions"):
        migrate(database, "points", [FIRST, SECOND, THIRD])
    with pytest.raises(errors.MigrationError, match=r"lacks points 1\.2\.0 and has later versions"):
        migrate(database, "points", [FIRST, SECOND])


def test_all_or_nothing(database: SQLiteDatabase) -> None:
    broken = Migration("1.2.0", ("CREATE TABLE lines (id INTEGER)", "CREATE TABLE points (id INTEGER)"))
    with pytest.raises(errors.MigrationError, match=r"points 1\.2\.0 cannot be applied.*already exists"):
        migrate(database, "points", [FIRST, broken])
    assert database.local.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_tables_that_are_there_are_taken_over(database: SQLiteDatabase) -> None:
    for statement in FIRST.statements:
        database.local.execute(statement)
    assert take_over(database, "points", [FIRST]) == ("1.0.0",)
    with pytest.raises(errors.MigrationError, match="has recorded migrations of points already"):
        take_over(database, "points", [FIRST])
    assert migrate(database, "points", [FIRST, SECOND]) == ("1.2.0",)


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
