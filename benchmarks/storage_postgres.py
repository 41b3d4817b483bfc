"""The generated PostgreSQL repository against COPY itself and SQLAlchemy, on a server of the benchmark's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from fieldstone_runtime.postgres import PostgresDatabase  # type: ignore[import-not-found, unused-ignore]
from sqlalchemy import create_engine

from benchmarks import storage_peers as peers
from benchmarks.generated_code import WITHOUT_OUTBOX
from benchmarks.rounds import Case, Goal, Run, Sample, report, wall
from benchmarks.steps import full, typical, with_json
from tests.codegen.server import PostgresServer, running_postgres

ROWS, BATCH = 4096, 512
ROUNDS = 15

COPY, CORE, CORE_TYPED, NO_OUTBOX = "binary COPY", "SQLAlchemy Core", "Core with its types", "no outbox"
COPY_STATEMENT = f"COPY telemetry_steps ({', '.join(peers.COLUMNS)}) FROM STDIN (FORMAT BINARY)".encode()
TYPES = {
    **dict.fromkeys(peers.COLUMNS, "text"),
    **dict.fromkeys(("step_index", "episode_seed", "seq_id", "time_step"), "int8"),
    **dict.fromkeys(("terminated", "truncated"), "bool"),
    "payload_version": "int4",
    "reward": "float8",
    "render_payload": "bytea",
    "timestamp": "timestamptz",
}


def main(run: Run, scratch: Path) -> None:
    """Measure batches, and the outbox."""
    print(
        f"\nWall time of one record in batches of {128 if run.quick else BATCH}; the server answers on loopback and"
        "\nwaits for no disk, so that what is left is the work. Goals are judged where there is no JSON to write."
    )
    with running_postgres() as server:
        found = []
        for name, make in {
            "typical, no JSON": typical,
            "full, no JSON": full,
            "typical, JSON": lambda number: with_json(typical(number)),
        }.items():
            found += cases(name, make, run, server)
        report("postgres: batches into an empty table", found, run.rounds_or(ROUNDS), run.rng)
        close_all()


_OPEN: list[Callable[[], None]] = []


def close_all() -> None:
    """Close what would keep the server from stopping in peace."""
    while _OPEN:
        _OPEN.pop()()


def repository(package: str, conninfo: str) -> Any:
    """A generated repository, migrated."""
    made = import_module(f"{package}.postgres").PostgresTelemetryRepository(PostgresDatabase(conninfo))
    made.migrate()
    _OPEN.append(made.close)
    return made


def emptied(conninfo: str, write: Callable[[int], object], batches: int, items: int) -> Sample:
    """A sample that writes batch after batch, and empties the tables once the clock has stopped."""
    cleaner = psycopg.connect(conninfo, autocommit=True)
    _OPEN.append(cleaner.close)

    def sample() -> float:
        start = wall()
        for batch in range(batches):
            write(batch)
        took = wall() - start
        found = cleaner.execute("SELECT count(*) FROM telemetry_steps").fetchone()
        assert found == (items,), f"{found} rows of {items}"
        cleaner.execute("TRUNCATE telemetry_steps")
        cleaner.execute("DO $$ BEGIN TRUNCATE telemetry_outbox; EXCEPTION WHEN undefined_table THEN NULL; END $$")
        cleaner.execute("CHECKPOINT")
        return took / items

    return sample


def cases(name: str, make: Callable[[int], Any], run: Run, server: PostgresServer) -> list[Case]:
    """Batches without an outbox, and with one."""
    size, count = (128, 128) if run.quick else (BATCH, ROWS)
    records = [make(number) for number in range(count)]
    batches = [records[start : start + size] for start in range(0, count, size)]
    goals: Sequence[Goal] = (
        Goal(COPY, at_least=0.5),
        Goal(CORE, at_least=2.5),
        Goal(CORE_TYPED, at_least=2.5),
    )
    shown = goals if "no JSON" in name else [goal.unjudged() for goal in goals]
    plain = plain_ways(batches, server)
    outbox = {"with outbox": outbox_way(batches, server), NO_OUTBOX: plain["generated"]}
    return [Case(name, plain, shown), Case(f"{name}, with outbox", outbox, [Goal(NO_OUTBOX, at_most=1.5).unjudged()])]


def plain_ways(batches: list[list[Any]], server: PostgresServer) -> dict[str, Sample]:
    """All ways to insert the batches, each into a database of its own."""
    items = sum(map(len, batches))
    own, by_copy, by_core, by_typed = (server.new_database() for _ in range(4))
    generated = repository(WITHOUT_OUTBOX, own)
    for other in (by_copy, by_core, by_typed):
        repository(WITHOUT_OUTBOX, other)
    tuples = [[tuple(peers.postgres_values(record).values()) for record in batch] for batch in batches]
    types = [TYPES[name] for name in peers.COLUMNS]
    connection = psycopg.connect(by_copy, autocommit=True)
    _OPEN.append(connection.close)

    def copy(batch: int) -> None:
        with connection.transaction(), connection.cursor() as cursor, cursor.copy(COPY_STATEMENT) as sending:
            sending.set_types(types)
            for row in tuples[batch]:
                sending.write_row(row)

    return {
        "generated": emptied(own, lambda batch: generated.add_steps(batches[batch]), len(batches), items),
        COPY: emptied(by_copy, copy, len(batches), items),
        CORE: emptied(by_core, core(by_core, peers.POSTGRES, peers.postgres_values, batches), len(batches), items),
        CORE_TYPED: emptied(
            by_typed, core(by_typed, peers.POSTGRES_TYPED, peers.typed_values, batches), len(batches), items
        ),
    }


def core(
    conninfo: str, types: peers.Types, values: Callable[[Any], dict[str, Any]], batches: list[list[Any]]
) -> Callable[[int], None]:
    """Batches by SQLAlchemy Core over psycopg."""
    engine = create_engine(re.sub(r"^postgresql:", "postgresql+psycopg:", conninfo))
    _OPEN.append(engine.dispose)
    table = peers.mapped(types).__table__
    return lambda batch: peers.core_insert(engine, table, [values(record) for record in batches[batch]])


def outbox_way(batches: list[list[Any]], server: PostgresServer) -> Sample:
    """Batches with an event for each record, payloads given."""
    to_dto = import_module("telemetry_storage.mapper").to_dto_step
    payloads = [[to_dto(record).SerializeToString() for record in batch] for batch in batches]
    conninfo = server.new_database()
    made = repository("telemetry_storage", conninfo)
    items = sum(map(len, batches))
    return emptied(
        conninfo, lambda batch: made.add_steps(batches[batch], payloads=payloads[batch]), len(batches), items
    )
