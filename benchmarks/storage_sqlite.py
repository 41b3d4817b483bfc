"""The generated SQLite repository against sqlite3 itself and SQLAlchemy, on the same tables with the same pragmas."""

from __future__ import annotations

import random
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from fieldstone_runtime.sqlite import SQLiteDatabase  # type: ignore[import-not-found, unused-ignore]
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from benchmarks import storage_peers as peers
from benchmarks.generated_code import WITHOUT_OUTBOX
from benchmarks.rounds import Case, Goal, Run, Sample, repeated, report, wall
from benchmarks.steps import full, typical, with_json

ROWS, SCANNED, READS = 4096, 10_000, 500
ROUNDS = 15
READ_SAMPLE_S = 0.02
RUN_ID = typical(0).run_id

LIMIT, CORE, CORE_TYPED, ORM = "executemany", "SQLAlchemy Core", "Core with its types", "SQLAlchemy ORM"
NO_OUTBOX, RAW = "no outbox", "sqlite3"
INSERT = f"INSERT INTO telemetry_steps ({', '.join(peers.COLUMNS)}) VALUES ({', '.join('?' * len(peers.COLUMNS))})"  # noqa: S608
SELECT = f"SELECT {', '.join(peers.COLUMNS)} FROM telemetry_steps"  # noqa: S608
BY_KEY = f"{SELECT} WHERE run_id = ? AND episode_id = ? AND step_index = ?"
BY_RUN = f"{SELECT} WHERE run_id = ? ORDER BY step_index, episode_id"

RECORDS: dict[str, Callable[[int], Any]] = {
    "typical, no JSON": typical,
    "full, no JSON": full,
    "typical, JSON": lambda number: with_json(typical(number)),
}


def main(run: Run, scratch: Path) -> None:
    """Measure inserts, the outbox, reads and the memory of a scan."""
    rounds = run.rounds_or(ROUNDS)
    print(
        "\nWall time of one record; WAL, synchronous=NORMAL, foreign keys on. Raw tuples are built before the clock"
        "\nstarts, generated code and SQLAlchemy start from records. Goals are judged where there is no JSON to"
        "\nwrite or read: the raw side leaves it as text."
    )
    report("sqlite: batches into an empty table", inserts(run, scratch), rounds, run.rng)
    report("sqlite: with an outbox row for each record, payloads given", outboxes(run, scratch), rounds, run.rng)
    report("sqlite: reads", reads(run, scratch), rounds, run.rng)
    memory(run, scratch)


def repository(package: str, path: Path) -> Any:
    """A generated repository, migrated."""
    made = import_module(f"{package}.sqlite").SQLiteTelemetryRepository(SQLiteDatabase(path))
    made.migrate()
    return made


def connect(path: Path) -> sqlite3.Connection:
    """A connection of one's own, set up as the runtime does it."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def emptied(path: Path, write: Callable[[int], object], batches: int, items: int) -> Sample:
    """A sample that writes batch after batch, and empties the tables once the clock has stopped."""
    cleaner = connect(path)

    def sample() -> float:
        start = wall()
        for batch in range(batches):
            write(batch)
        took = wall() - start
        for table in ("telemetry_steps", "telemetry_outbox"):
            if cleaner.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone():
                found = cleaner.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                assert found in {0, items}, f"{found} rows in {table}"
                cleaner.execute(f"DELETE FROM {table}")  # noqa: S608
        cleaner.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return took / items

    return sample


def rows_of(run: Run) -> int:
    """How many records a sample writes."""
    return 128 if run.quick else ROWS


def split(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Batches."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def inserts(run: Run, scratch: Path) -> list[Case]:
    """Batches of 64 and 512, without an outbox."""
    step = peers.mapped(peers.SQLITE)
    found = []
    for name, make in RECORDS.items():
        records = [make(number) for number in range(rows_of(run))]
        for size in (64,) if run.quick else (64, 512):
            folder = scratch / f"insert {name} {size}"
            folder.mkdir()
            found.append(insert_case(f"{name}, {size} a batch", split(records, size), folder, step))
    return found


def insert_case(name: str, batches: list[Sequence[Any]], folder: Path, step: Any) -> Case:
    """All ways to insert the batches, each into a file of its own."""
    generated = repository(WITHOUT_OUTBOX, folder / "generated")
    tuples = [list(map(import_module(f"{WITHOUT_OUTBOX}.sqlite").step_row, batch)) for batch in batches]
    for other in ("limit", "core", "typed", "orm"):
        repository(WITHOUT_OUTBOX, folder / other).close()
    limit = connect(folder / "limit")
    core, typed, orm = (engine(folder / name) for name in ("core", "typed", "orm"))
    typed_table = peers.mapped(peers.SQLITE_TYPED).__table__

    def executemany(batch: int) -> None:
        limit.execute("BEGIN IMMEDIATE")
        limit.executemany(INSERT, tuples[batch])
        limit.execute("COMMIT")

    def by_core(batch: int) -> None:
        peers.core_insert(core, step.__table__, [peers.sqlite_values(record) for record in batches[batch]])

    def by_typed_core(batch: int) -> None:
        peers.core_insert(typed, typed_table, [peers.typed_values(record) for record in batches[batch]])

    def by_orm(batch: int) -> None:
        peers.orm_insert(orm, step, [peers.sqlite_values(record) for record in batches[batch]])

    sample = partial(emptied, batches=len(batches), items=sum(map(len, batches)))
    return Case(
        name,
        {
            "generated": sample(folder / "generated", lambda batch: generated.add_steps(batches[batch])),
            LIMIT: sample(folder / "limit", executemany),
            CORE: sample(folder / "core", by_core),
            CORE_TYPED: sample(folder / "typed", by_typed_core),
            ORM: sample(folder / "orm", by_orm),
        },
        judged(
            name,
            Goal(LIMIT, at_least=0.8),
            Goal(CORE, at_least=2.5),
            Goal(CORE_TYPED, at_least=2.5),
            Goal(ORM, at_least=10),
        ),
    )


def judged(name: str, *goals: Goal) -> Sequence[Goal]:
    """The goals, judged where a case has no JSON."""
    return goals if "no JSON" in name else [goal.unjudged() for goal in goals]


def engine(path: Path) -> Any:
    """SQLAlchemy on one connection that is set up like the others, without a thread of its own or a log."""
    return create_engine("sqlite://", creator=lambda: connect_for_sqlalchemy(path), poolclass=StaticPool)


def connect_for_sqlalchemy(path: Path) -> sqlite3.Connection:
    """A connection that begins transactions by itself, as SQLAlchemy's dialect expects."""
    connection = connect(path)
    connection.isolation_level = "IMMEDIATE"
    return connection


def outboxes(run: Run, scratch: Path) -> list[Case]:
    """Batches with an event for each record, against the same without."""
    to_dto = import_module("telemetry_storage.mapper").to_dto_step
    found = []
    for name, make in RECORDS.items():
        # So many that both ways move their write-ahead log to the file in proportion to what they write.
        records = [make(number) for number in range(4 * rows_of(run))]
        payloads = [to_dto(record).SerializeToString() for record in records]
        for size in (64,) if run.quick else (64, 512):
            folder = scratch / f"outbox {name} {size}"
            folder.mkdir()
            found.append(outbox_case(f"{name}, {size} a batch", split(records, size), split(payloads, size), folder))
    return found


def outbox_case(name: str, batches: list[Sequence[Any]], payloads: list[Sequence[bytes]], folder: Path) -> Case:
    """With and without an outbox."""
    plain = repository(WITHOUT_OUTBOX, folder / "plain")
    both = repository("telemetry_storage", folder / "both")
    sample = partial(emptied, batches=len(batches), items=sum(map(len, batches)))
    return Case(
        name,
        {
            "with outbox": sample(
                folder / "both", lambda batch: both.add_steps(batches[batch], payloads=payloads[batch])
            ),
            NO_OUTBOX: sample(folder / "plain", lambda batch: plain.add_steps(batches[batch])),
        },
        [Goal(NO_OUTBOX, at_most=1.5)],
    )


def stored(path: Path, make: Callable[[int], Any], count: int) -> Any:
    """A repository with records in it."""
    made = repository(WITHOUT_OUTBOX, path)
    for start in range(0, count, 500):
        made.add_steps(make(number) for number in range(start, min(start + 500, count)))
    return made


def reads(run: Run, scratch: Path) -> list[Case]:
    """By primary key, and a scan, kept in a list and one after the other."""
    count = 100 if run.quick else SCANNED
    found: list[Case] = []
    for name, make in RECORDS.items():
        path = scratch / f"read {name}"
        found += read_cases(name, stored(path, make, count), connect(path), count, run)
    return found


def read_cases(name: str, made: Any, raw: sqlite3.Connection, count: int, run: Run) -> Iterator[Case]:
    """The cases of a file with so many records."""
    picked = random.Random(count).choices(range(count), k=min(READS, count))
    keys = [(record.run_id, record.episode_id, record.step_index) for record in map(typical, picked)]
    cursor = raw.cursor()
    assert [*map(made.get_step(*keys[0]).__getattribute__, peers.KEY)] == [
        *cursor.execute(BY_KEY, keys[0]).fetchone()[:3]
    ]

    def case(what: str, own: Callable[[], object], peer: Callable[[], object], items: int, least: float) -> Case:
        ways = {"generated": own, RAW: peer}
        timed = {way: repeated(call, items, wall, 0 if run.quick else READ_SAMPLE_S) for way, call in ways.items()}
        return Case(f"{what}, {name}", timed, judged(name, Goal(RAW, at_least=least)))

    yield case(
        "by key",
        lambda: [made.get_step(*key) for key in keys],
        lambda: [cursor.execute(BY_KEY, key).fetchone() for key in keys],
        len(keys),
        0.85,
    )
    yield case(
        "scan into a list",
        lambda: list(made.steps_by_run(RUN_ID)),
        lambda: cursor.execute(BY_RUN, (RUN_ID,)).fetchall(),
        count,
        0.5,
    )
    yield case(
        "scan one by one",
        lambda: count_of(made.steps_by_run(RUN_ID)),
        lambda: count_of(cursor.execute(BY_RUN, (RUN_ID,))),
        count,
        0.5,
    )


def count_of(items: Iterator[object]) -> int:
    """How many there are, none of them kept."""
    return sum(1 for _ in items)


def memory(run: Run, scratch: Path) -> None:
    """The most memory that a scan takes, of few records and of many."""
    sizes = (100, 400) if run.quick else (SCANNED, 4 * SCANNED)
    peaks = []
    for size in sizes:
        made = stored(scratch / f"memory {size}", RECORDS["typical, JSON"], size)
        count_of(made.steps_by_run(RUN_ID))
        tracemalloc.start()
        assert count_of(made.steps_by_run(RUN_ID)) == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        made.close()
    verdict = "met" if peaks[1] <= 1.2 * peaks[0] + 4096 else "missed"
    shown = " and ".join(f"{peak / 1024:.0f} KiB of {size} records" for peak, size in zip(peaks, sizes, strict=True))
    print(f"\nsqlite: most memory while iterating over a scan: {shown}; constant {verdict}")
