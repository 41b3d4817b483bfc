"""Several sinks of one outbox: each name gets all, relays of one name share, and nothing goes that one has not had."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path
from threading import Event as Stop

import psycopg
import pytest
from click.testing import CliRunner
from fieldstone_runtime.relay.events import ForgottenError
from fieldstone_runtime.relay.relay import Relay
from fieldstone_runtime.relay.urls import UrlError, destination, open_outbox, open_sink

from fieldstone.cli.relay import command
from tests.codegen.server import PostgresServer
from tests.relay.destinations import Source, Target, drained, in_order, source

HOUR = 3600.0


@pytest.fixture(params=["sqlite", "postgresql"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """An empty outbox of each kind."""
    return source(request.param, tmp_path, request)


@pytest.fixture
def sinks(tmp_path: Path) -> dict[str, Target]:
    """Three sinks, by the names that they are delivered under."""
    return {name: Target(f"sqlite:///{tmp_path / name}.db") for name in ("default", "analytics", "lake")}


def made_older(outbox: Source, condition: str = "TRUE") -> None:
    outbox.query(f"UPDATE telemetry_outbox SET created_ts = created_ts - 7200000000 WHERE {condition}")


def left(outbox: Source) -> int:
    return int(outbox.query("SELECT count(*) FROM telemetry_outbox")[0][0])


def test_each_name_gets_all_in_order(outbox: Source, sinks: dict[str, Target]) -> None:
    outbox.fill(100)
    for name, sink in sinks.items():
        drained(outbox, sink, name, from_start=name != "default")
    outbox.fill(100, begin=100)
    for name, sink in reversed(sinks.items()):
        assert drained(outbox, sink, name).delivered == 100
    for sink in sinks.values():
        arrived = sink.arrived(200)
        assert sorted(arrived) == sorted(outbox.events)
        assert in_order(arrived, outbox.events)


def test_a_new_name_gets_what_comes_or_all_that_is_there(
    outbox: Source, sinks: dict[str, Target], caplog: pytest.LogCaptureFixture
) -> None:
    outbox.fill(30)
    assert drained(outbox, sinks["analytics"], "analytics").delivered == 0
    outbox.fill(20, begin=30)
    assert drained(outbox, sinks["lake"], "lake", from_start=True).delivered == 50
    assert drained(outbox, sinks["lake"], "lake", from_start=True).delivered == 0
    assert drained(outbox, sinks["analytics"], "analytics", from_start=True).delivered == 20
    assert sinks["analytics"].arrived(20) == outbox.events[30:]
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == [
        "analytics is a new sink of telemetry_outbox: it gets all from the next event on",
        "lake is a new sink of telemetry_outbox: it gets all from the first event that is there",
    ]


def test_relays_of_one_name_share(outbox: Source, sinks: dict[str, Target]) -> None:
    outbox.fill(40, runs=4)
    with closing(open_outbox(outbox.url, name="lake")) as first, closing(open_outbox(outbox.url, name="lake")) as other:
        first.prepare(from_start=True)
        batches = [first.claim(10), other.claim(10)]
        assert batches[0] is not None
        assert batches[1] is None  # all four aggregates are in the first batch
        first.settle(batches[0], {})
        taken = other.claim(100)
        assert taken is not None
        assert not {event.id for event in taken.events} & {event.id for event in batches[0].events}
        assert other.postpone(taken, [taken.events[0].id], 60.0, "away") == 1
        assert first.claim(100) is None
        assert first.backlog().failed == 29
    assert drained(outbox, sinks["analytics"], "analytics", from_start=True).delivered == 40


def test_nothing_is_deleted_before_every_name_has_had_it(outbox: Source, sinks: dict[str, Target]) -> None:
    outbox.fill(30)
    for name, sink in sinks.items():
        drained(outbox, sink, name, from_start=True)
    made_older(outbox)
    outbox.fill(30, begin=30)
    made_older(outbox, "spread = 0")
    assert drained(outbox, sinks["default"]).cleaned == 30
    assert drained(outbox, sinks["analytics"], "analytics").cleaned == 0
    assert left(outbox) == 30
    assert drained(outbox, sinks["lake"], "lake").cleaned == 30
    assert left(outbox) == 0
    outbox.fill(1, begin=60)  # SQLite gives the first id again
    assert [drained(outbox, sink, name).delivered for name, sink in sinks.items()] == [1, 1, 1]
    assert len(sinks["lake"].arrived(61)) == 61


def test_an_event_is_kept_as_long_as_the_name_that_keeps_longest_says(outbox: Source, sinks: dict[str, Target]) -> None:
    outbox.fill(5)
    drained(outbox, sinks["lake"], "lake", from_start=True, keep=3 * HOUR)
    drained(outbox, sinks["analytics"], "analytics", from_start=True, keep=None)
    made_older(outbox)
    assert drained(outbox, sinks["lake"], "lake", keep=HOUR).cleaned == 0
    assert drained(outbox, sinks["analytics"], "analytics", keep=3 * HOUR).cleaned == 0
    assert drained(outbox, sinks["analytics"], "analytics", keep=HOUR).cleaned == 5


def test_a_name_that_is_ended_holds_nothing_up(outbox: Source, sinks: dict[str, Target]) -> None:
    outbox.fill(10)
    drained(outbox, sinks["default"])
    with closing(open_outbox(outbox.url, name="lake")) as table:
        table.prepare(from_start=True)
        batch = table.claim(4)
        assert batch is not None
        made_older(outbox)
        assert drained(outbox, sinks["default"]).cleaned == 0
        assert [sink.name for sink in table.sinks()] == ["default", "lake"]
        assert table.forget()
        assert not table.forget()
        with pytest.raises(ForgottenError, match="lake gets no more events of telemetry_outbox"):
            table.claim(4)
        assert table.settle(batch, {}) == 0
    assert drained(outbox, sinks["default"]).cleaned == 10
    assert outbox.query("SELECT count(*) FROM telemetry_outbox_deliveries") == [(0,)]


def test_an_event_is_dead_under_the_name_whose_sink_refuses_it(outbox: Source, sinks: dict[str, Target]) -> None:
    outbox.fill(20, runs=2)
    drained(outbox, sinks["default"])
    with closing(open_outbox(outbox.url, name="lake", attempts=1)) as table:
        table.prepare(keep=HOUR, from_start=True)
        batch = table.claim(100)
        assert batch is not None
        assert table.settle(batch, {batch.events[0].id: "too large"}) == 10  # the rest of its run waits
        assert (table.backlog().dead, table.backlog().pending) == (1, 9)
    assert drained(outbox, sinks["lake"], "lake").delivered == 9
    assert outbox.statuses == {"delivered": 20}
    made_older(outbox)
    assert drained(outbox, sinks["default"]).cleaned == 19
    again = "UPDATE telemetry_outbox_deliveries SET status = 'pending', attempts = 0 WHERE sink = 'lake'"
    outbox.query(again)
    assert drained(outbox, sinks["lake"], "lake").delivered == 1


def test_an_event_that_was_deleted_by_hand_holds_nothing_up(outbox: Source, sinks: dict[str, Target]) -> None:
    outbox.fill(12)
    with closing(open_outbox(outbox.url, name="lake")) as table:
        table.prepare(from_start=True)
        batch = table.claim(4)
        assert batch is not None
        table.postpone(batch, [], 0.0, "away")
    outbox.query("DELETE FROM telemetry_outbox WHERE id IN (1, 2, 3, 4, 12)")
    assert drained(outbox, sinks["lake"], "lake").delivered == 7
    outbox.fill(1, begin=12)
    assert drained(outbox, sinks["lake"], "lake").delivered == 1


def test_the_command(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    outbox, sink = source("sqlite", tmp_path, request), f"sqlite:///{tmp_path / 'lake.db'}"
    outbox.fill(3)

    def run(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, ["--from", outbox.url, *options], catch_exceptions=True)
        return done.exit_code, done.output + str(done.exception or "")

    assert "delivered 3" in run("--to", sink, "--name", "lake", "--from-start", "--once")[1]
    assert "telemetry_outbox has no sink called leak" in run("--forget", "leak")[1]
    outbox.fill(2, begin=3)
    code, listed = run("--sinks")
    assert (code, f"lake to {sink}: 2 pending, 0 to be tried again, 0 dead" in listed) == (0, True)
    assert run("--forget", "lake") == (0, "lake gets no more events\n")
    assert run("--sinks") == (0, "")
    for options in ((), ("--to", sink, "--forget", "lake"), ("--to", sink, "--sinks")):
        code, printed = run(*options)
        assert (code, "give one of these" in printed) == (2, True)


def test_two_sinks_of_one_name_are_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 't.db'}")
    outbox.fill(1)
    for url in ("postgresql://me:secret@localhost/lake?table=t", "kafka://localhost:9092/t"):
        with closing(open_outbox(outbox.url)) as table, closing(open_sink(f"sqlite:///{tmp_path / 'e.db'}")) as sink:
            Relay(table, sink, destination=destination(url)).drain(Stop())
    (warning,) = caplog.messages
    problem = "default was delivered to postgresql://localhost/lake before, and now to kafka://localhost:9092/t;"
    assert warning.startswith(problem)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////tmp/e.db?table=t", "sqlite:////tmp/e.db"),
        ("kafka://a:9092,b:9092/t?sasl.password=x", "kafka://a:9092,b:9092/t"),
        ("postgresql://me:secret@h:5432/d", "postgresql://h:5432/d"),
        ("postgresql://me:sec?ret@h/d", "postgresql://..."),
        ("postgresql://me:sec/ret@h/d", "postgresql://h/d"),
        ("s3://lake/events?endpoint=http://h&secret_access_key=s", "s3://lake/events"),
    ],
)
def test_a_destination_is_shown_without_secrets(url: str, shown: str) -> None:
    assert destination(url) == shown


@pytest.mark.parametrize("name", ["", "a b", "x'; DROP TABLE t; --", "ä", "x" * 61])
def test_names_are_plain(name: str, tmp_path: Path) -> None:
    with pytest.raises(UrlError, match="is no name of a sink"):
        open_outbox(f"sqlite:///{tmp_path / 't.db'}", name=name)


def test_an_event_that_is_committed_late_is_not_passed_over(postgres: PostgresServer, sinks: dict[str, Target]) -> None:
    outbox = Source(postgres.new_database())
    outbox.fill(1)
    drained(outbox, sinks["lake"], "lake", from_start=True)
    columns = "idempotency_key, aggregate_key, payload_kind, payload_dto, created_ts, change"
    late = f"INSERT INTO telemetry_outbox ({columns}) VALUES ('late@x.0', 'run-0', 'k', '', 1, 'added')"
    with psycopg.connect(outbox.url) as connection:
        connection.execute(late.encode())
        outbox.fill(3, begin=1)  # with ids behind that of the other, which nobody else sees yet
        assert drained(outbox, sinks["lake"], "lake", keep=-1.0).delivered == 3
    counts = drained(outbox, sinks["lake"], "lake", keep=-1.0)
    assert (counts.delivered, counts.cleaned) == (1, 1)
    assert [key for key, _, _ in sinks["lake"].arrived(5)][-1] == "late@x.0"
