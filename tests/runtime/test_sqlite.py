"""The SQLite half of fieldstone-runtime, driven by real files, threads and processes."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from fieldstone_runtime import errors
from fieldstone_runtime.migrations import Migration, migrate
from fieldstone_runtime.sqlite import SQLiteDatabase

TABLE = Migration("1.0.0", ("CREATE TABLE points (id INTEGER NOT NULL, name TEXT UNIQUE, PRIMARY KEY (id))",))
INSERT = "INSERT INTO points (id, name) VALUES (?, ?)"
ALL = "SELECT id FROM points ORDER BY id"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "points.db"


@pytest.fixture
def database(path: Path) -> Iterator[SQLiteDatabase]:
    opened = SQLiteDatabase(path, timeout=0.2)
    migrate(opened, "points", [TABLE])
    yield opened
    opened.close()


def add(database: SQLiteDatabase, *numbers: int) -> None:
    with database.transaction() as cursor:
        cursor.executemany(INSERT, [(number, f"point {number}") for number in numbers])


def numbers(database: SQLiteDatabase) -> list[int]:
    with database.reading(ALL, ()) as rows:
        return [number for (number,) in rows]


def stream(database: SQLiteDatabase) -> Iterator[int]:
    with database.reading(ALL, ()) as rows:
        for (number,) in rows:
            yield number


def run_python(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


HOLD_THE_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


def test_a_transaction_is_kept_or_undone_as_a_whole(database: SQLiteDatabase) -> None:
    add(database, 1)
    with pytest.raises(KeyError), database.transaction():  # noqa: PT012 - the end of the block raises
        add(database, 2)
        raise KeyError
    assert numbers(database) == [1]


def test_one_inside_another_is_undone_alone(database: SQLiteDatabase) -> None:
    with database.transaction():
        add(database, 1)
        with pytest.raises(errors.UniqueConflictError, match=r"points\.name"), database.transaction() as cursor:  # noqa: PT012
            cursor.execute(INSERT, (2, "two"))
            cursor.execute(INSERT, (3, "two"))
        add(database, 4)
    assert numbers(database) == [1, 4]


def test_interrupts_undo_too(database: SQLiteDatabase) -> None:
    with pytest.raises(KeyboardInterrupt), database.transaction():  # noqa: PT012
        add(database, 1)
        raise KeyboardInterrupt
    assert numbers(database) == []


def test_another_process_holds_the_lock(path: Path, database: SQLiteDatabase) -> None:
    with run_python(HOLD_THE_LOCK, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(errors.DatabaseLockedError, match=r"points\.db is locked"):
            add(database, 1)
        assert numbers(database) == []  # readers are not kept waiting
        holder.communicate("\n")
    add(database, 1)
    assert numbers(database) == [1]


def test_a_full_disk(database: SQLiteDatabase) -> None:
    add(database, 1)
    pages = database.local.execute("PRAGMA page_count").fetchone()[0]
    database.local.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(errors.DatabaseFullError, match="is full"), database.transaction() as cursor:
        cursor.executemany(INSERT, [(number, "x" * 1000 + str(number)) for number in range(2, 500)])
    assert numbers(database) == [1]


def test_a_full_disk_inside_a_transaction_ends_it(database: SQLiteDatabase) -> None:
    """SQLite rolls back the whole of it: what follows must not be committed row by row."""
    pages = database.local.execute("PRAGMA page_count").fetchone()[0]
    database.local.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(errors.StorageError), database.transaction():  # noqa: PT012
        add(database, 1)
        with pytest.raises(errors.DatabaseFullError), database.transaction() as cursor:
            cursor.executemany(INSERT, [(number, "x" * 1000 + str(number)) for number in range(2, 500)])
        if not database.local.connection.in_transaction:
            with pytest.raises(errors.StorageError, match="rolled back"):
                add(database, 3)
        raise errors.StorageError
    assert numbers(database) == []


def test_a_database_that_can_only_be_read(path: Path, database: SQLiteDatabase) -> None:
    add(database, 1)
    reader = SQLiteDatabase(f"file:{path}?mode=ro")
    with pytest.raises(errors.DatabaseReadOnlyError, match="can only be read"):
        add(reader, 2)
    assert numbers(reader) == [1]
    with pytest.raises(errors.DatabaseReadOnlyError):
        migrate(reader, "points", [TABLE, Migration("1.1.0", ("CREATE TABLE more (id INTEGER)",))])
    reader.close()
    database.local.execute("PRAGMA query_only = ON")
    with pytest.raises(errors.DatabaseReadOnlyError):
        add(database, 2)


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"something else " * 100)
    with pytest.raises(errors.DatabaseCorruptError, match=r"points\.db is no SQLite database"):
        SQLiteDatabase(path)


def test_a_damaged_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE points (id INTEGER PRIMARY KEY, name TEXT)")
        connection.executemany(INSERT, [(number, "x" * 500) for number in range(1000)])
    connection.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    damaged = SQLiteDatabase(path)
    with pytest.raises(errors.DatabaseCorruptError, match="restore it"):
        numbers(damaged)
    with pytest.raises(errors.DatabaseCorruptError):
        add(damaged, 5000)
    damaged.close()


def test_places_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(errors.DatabaseUnreachableError, match="no/such/folder/points"):
        SQLiteDatabase(tmp_path / "no/such/folder/points.db")
    with pytest.raises(errors.DatabaseUnreachableError, match="cannot be opened"):
        SQLiteDatabase(tmp_path)


def test_a_database_that_was_never_migrated(path: Path) -> None:
    fresh = SQLiteDatabase(path)
    with pytest.raises(errors.NotMigratedError, match=r"run `migrate\(\)`.*no such table: points"):
        numbers(fresh)
    with pytest.raises(errors.NotMigratedError):
        add(fresh, 1)
    fresh.close()


def test_after_close(database: SQLiteDatabase) -> None:
    records = stream(database)
    add(database, 1, 2)
    next(records)
    database.close()
    for use in (lambda: next(records), lambda: add(database, 3), lambda: numbers(database)):
        with pytest.raises(errors.DatabaseUnreachableError, match="was closed"):
            use()
    database.close()


def test_values_that_sqlite_refuses(database: SQLiteDatabase) -> None:
    with pytest.raises(errors.ValueRefusedError, match="datatype mismatch"), database.transaction() as cursor:  # noqa: PT012
        cursor.execute(INSERT, (1, "one"))
        cursor.execute("INSERT INTO points (id) VALUES (?)", ("text",))
    with pytest.raises(errors.ValueRefusedError), database.reading("SELECT ?", ("\ud800",)):
        pass
    with pytest.raises(errors.ValueRefusedError), database.reading("SELECT ?", (2**63,)):
        pass
    assert numbers(database) == []


def test_reading_does_not_keep_this_thread_from_writing(database: SQLiteDatabase) -> None:
    add(database, *range(500))
    seen = []
    for number in stream(database):
        seen.append(number)
        add(database, number + 1000)
    assert seen == list(range(500)), "the records are those of when the first was read"
    assert len(numbers(database)) == 1000


def test_others_write_while_this_thread_reads(path: Path, database: SQLiteDatabase) -> None:
    """A read on the writing connection would hold an old snapshot, from which no transaction can begin."""
    add(database, *range(500))
    other = SQLiteDatabase(path)
    records = stream(database)
    next(records)
    add(other, 1000)
    add(database, 1001)
    other.close()
    assert list(records) == list(range(1, 500))


def test_iterators_that_are_abandoned(database: SQLiteDatabase) -> None:
    add(database, *range(500))
    for _ in range(50):
        records = stream(database)
        next(records)
        del records
    gc.collect()
    assert database.checkpoint(), "no reader holds the log"
    assert len(database._connections) == 2  # noqa: SLF001 - one reads, one writes


def test_reading_in_a_transaction_ends_with_it(database: SQLiteDatabase) -> None:
    with database.transaction():
        add(database, 1, 2, 3)
        records = stream(database)
        assert next(records) == 1
        add(database, 4)
        finished = stream(database)
        assert list(finished) == [1, 2, 3, 4]
    with pytest.raises(errors.DatabaseUnreachableError, match="the transaction that was read in ended"):
        next(records)
    add(database, 5)


def test_a_scan_takes_constant_memory(database: SQLiteDatabase) -> None:
    for start in range(0, 40_000, 10_000):
        add(database, *range(start, start + 10_000))
    tracemalloc.start()
    for _ in stream(database):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


def test_a_checkpoint_empties_the_log(path: Path, database: SQLiteDatabase) -> None:
    add(database, *range(1000))
    log = path.with_name("points.db-wal")
    assert log.stat().st_size > 0
    assert database.checkpoint()
    assert log.stat().st_size == 0
    records = stream(database)
    next(records)
    add(database, 1000)
    assert not database.checkpoint()
    with database.transaction(), pytest.raises(errors.DatabaseLockedError):
        database.checkpoint()


def test_threads_have_connections_of_their_own(path: Path) -> None:
    shared = SQLiteDatabase(path, timeout=30)
    migrate(shared, "points", [TABLE])

    def work(start: int) -> None:
        for number in range(start, start + 50):
            with shared.transaction() as cursor:
                cursor.execute(INSERT, (number, str(number)))
            assert number in numbers(shared)

    for _ in range(3):
        threads = [threading.Thread(target=work, args=(number * 50,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(numbers(shared)) == 400
        with shared.transaction() as cursor:
            cursor.execute("DELETE FROM points")
    assert len(shared._connections) <= 18, "threads that are gone leave their connections to others"  # noqa: SLF001
    shared.close()


def test_a_database_in_memory_is_shared_by_threads_and_goes_away() -> None:
    database = SQLiteDatabase(":memory:")
    migrate(database, "points", [TABLE])
    thread = threading.Thread(target=add, args=(database, 1, 2))
    thread.start()
    thread.join()
    assert numbers(database) == [1, 2]
    folder = Path(database.local.execute("PRAGMA database_list").fetchone()[2]).parent
    assert folder.is_dir()
    database.close()
    del database
    gc.collect()
    assert not folder.exists()


def test_an_interrupted_process_leaves_nothing_half_written(path: Path, database: SQLiteDatabase) -> None:
    program = """
import os, sys
from fieldstone_runtime.sqlite import SQLiteDatabase
with SQLiteDatabase(sys.argv[1]).transaction() as cursor:
    cursor.executemany("INSERT INTO points (id) VALUES (?)", [(number,) for number in range(1000)])
    os._exit(1)
"""
    with run_python(program, path) as crashed:
        crashed.communicate()
    assert numbers(database) == []
    add(database, 1)
