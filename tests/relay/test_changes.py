"""What happened to records, as sinks are told: every change once, also beside code of before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fieldstone_runtime.errors import DatabaseNewerError
from fieldstone_runtime.migrations import migrate
from fieldstone_runtime.outbox import now_us
from fieldstone_runtime.outbox_tables import beside, migrate_outbox
from fieldstone_runtime.postgres import PostgresDatabase
from fieldstone_runtime.sqlite import SQLiteDatabase
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryStepV1
from telemetry_storage.migrations import POSTGRES, SQLITE

from tests.codegen.server import PostgresServer
from tests.relay.destinations import Source, Target, drained, source, target
from tests.telemetry.records import records

pytestmark = pytest.mark.slow


def changed(outbox: Source) -> None:
    """Add a step, save it twice, delete it, add it again, and delete its run."""
    (step,) = records(1)
    with closing(outbox.repository()) as repository:
        repository.migrate()
        repository.add_step(step)
        repository.save_step(step)
        repository.delete_step(step.run_id, step.episode_id, step.step_index)
        repository.add_step(step)
        repository.delete_run(step.run_id)


CHANGES = [(change, "run-0/0-0/0") for change in ("added", "updated", "deleted", "added", "deleted")]


@pytest.mark.parametrize("to", ["sqlite", "postgresql", "kafka", "s3"])
def test_each_sink_is_told_what_happened_and_to_which_record(
    to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outbox, sink = source("sqlite", tmp_path, request), target(to, tmp_path, request)
    changed(outbox)
    assert drained(outbox, sink).delivered == 5
    assert sink.told(5) == CHANGES
    payloads = [TelemetryStepV1.FromString(payload) for _, _, payload in sink.arrived(5)]
    assert [payload.reward for payload in payloads] == [1.0, 1.0, 0.0, 1.0, 0.0]
    assert {(payload.run_id, payload.episode_id, payload.step_index) for payload in payloads} == {("run-0", "0-0", 0)}


def test_the_changes_in_postgres(postgres: PostgresServer, tmp_path: Path) -> None:
    outbox, sink = Source(postgres.new_database()), Target(f"sqlite:///{tmp_path / 'e.db'}")
    changed(outbox)
    assert drained(outbox, sink).delivered == 5
    assert sink.told(5) == CHANGES


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """An outbox as older code and older relays have it."""
    outbox = source(request.param, tmp_path, request)
    if request.param == "sqlite":
        with closing(SQLiteDatabase(outbox.url.removeprefix("sqlite:///"))) as lite:
            migrate(lite, "telemetry", SQLITE)
    else:
        with closing(PostgresDatabase(outbox.url)) as post:
            migrate(post, "telemetry", POSTGRES)
    return outbox


def written_by_older_code(outbox: Source, *keys: str, status: str = "pending") -> None:
    """Events as the code of before writes them: known by the record's key."""
    empty = "X''" if outbox.url.startswith("sqlite") else "''"
    for key in keys:
        rest = f"'r', 'telemetry.v1.TelemetryStepV1', {empty}, {now_us()}, '{status}'"
        outbox.query(
            "INSERT INTO telemetry_outbox"
            " (idempotency_key, aggregate_key, payload_kind, payload_dto, created_ts, status)"
            f" VALUES ('telemetry_steps/r/e/{key}', {rest})"
        )


def test_an_older_outbox_is_delivered_once(older: Source, tmp_path: Path) -> None:
    sink = Target(f"sqlite:///{tmp_path / 'e.db'}")
    written_by_older_code(older, "0", status="delivered")
    written_by_older_code(older, "1", status="failed")
    written_by_older_code(older, "2", "3")
    assert drained(older, sink).delivered == 3
    older.fill(2)
    assert drained(older, sink).delivered == 2
    arrived = sink.arrived(5)
    assert arrived[0][0] == "telemetry_steps/r/e/1"  # an older relay may have brought it under this key
    assert [change for change, _ in sink.told(5)] == ["saved"] * 3 + ["added"] * 2
    assert [key for _, key in sink.told(5)] == [None] * 3 + ["run-0/0-0/0", "run-1/0-0/0"]
    assert older.statuses == {"delivered": 6}


def test_older_code_goes_on_beside_newer(older: Source, tmp_path: Path) -> None:
    sinks = {name: Target(f"sqlite:///{tmp_path / name}.db") for name in ("default", "lake")}
    older.fill(1)
    drained(older, sinks["lake"], "lake")
    for _ in range(3):  # older code writes nothing for the deletions between
        written_by_older_code(older, "7")
        assert [drained(older, sink, name).delivered for name, sink in sinks.items()] in ([2, 1], [1, 1])
    assert len(sinks["default"].arrived(4)) == 4
    assert len(sinks["lake"].arrived(3)) == 3


def test_the_sink_of_relays_of_before_counts_as_one(older: Source, tmp_path: Path) -> None:
    written_by_older_code(older, "1", status="delivered")
    written_by_older_code(older, "2")
    lake = Target(f"sqlite:///{tmp_path / 'lake.db'}")
    assert drained(older, lake, "lake", from_start=True, keep=-1.0).delivered == 2
    assert drained(older, lake, "lake", keep=-1.0).cleaned == 0  # the other sink has not had all
    assert drained(older, Target(f"sqlite:///{tmp_path / 'e.db'}"), keep=-1.0).cleaned == 2


def test_a_table_that_an_older_relay_made_gets_the_new_columns(
    older: Source, tmp_path: Path, postgres: PostgresServer
) -> None:
    made = (
        "CREATE TABLE fieldstone_events (position {} PRIMARY KEY, idempotency_key TEXT NOT NULL UNIQUE,"
        " aggregate_key TEXT NOT NULL, payload_kind TEXT NOT NULL, payload_dto {} NOT NULL, created_ts {} NOT NULL)"
    )
    lite, post = Target(f"sqlite:///{tmp_path / 'e.db'}"), Target(postgres.new_database())
    sqlite3.connect(tmp_path / "e.db").execute(made.format("INTEGER", "BLOB", "INTEGER"))
    identity = "BIGINT GENERATED ALWAYS AS IDENTITY"
    Source(post.url).query(made.format(identity, "BYTEA", "BIGINT"))
    older.fill(2)
    for name, sink in {"default": lite, "lake": post}.items():
        assert drained(older, sink, name, from_start=True).delivered == 2
        assert sink.told(2) == [("added", "run-0/0-0/0"), ("added", "run-1/0-0/0")]


NEWER = """INSERT INTO fieldstone_migrations (module, version, digest, applied_at, effect)
    VALUES ('outbox telemetry_outbox', '3', 'of a newer version', 0, '{}')"""


def test_a_newer_form_of_the_outbox_that_only_adds_is_used(older: Source, tmp_path: Path) -> None:
    older.fill(1)
    older.query(NEWER.format("additive"))
    older.fill(1, begin=1)
    assert drained(older, Target(f"sqlite:///{tmp_path / 'e.db'}")).delivered == 2


def test_a_newer_form_of_the_outbox_that_does_more_is_refused(older: Source) -> None:
    older.fill(1)
    older.query(NEWER.format("DROP INDEX x"))
    with pytest.raises(DatabaseNewerError, match="cannot work beside 3, which does: DROP INDEX x"):
        older.fill(1, begin=1)


def test_what_belongs_to_an_outbox_has_a_name_that_fits(tmp_path: Path) -> None:
    long = "a_module_whose_name_goes_on_and_on_and_on_and_on_and_on_outbox"
    names = [beside(table, what) for table in (long, f"{long}x") for what in ("sinks", "deliveries", "deliveries_held")]
    assert len(set(names)) == 6
    assert max(map(len, names)) <= 63
    with closing(SQLiteDatabase(tmp_path / "t.db")) as database:
        database.local.execute(f"CREATE TABLE {long} (id INTEGER PRIMARY KEY)")
        migrate_outbox(database, long)
        migrate_outbox(database, long)
        found = database.local.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    assert {long, *names[:2]} <= {name for (name,) in found}
