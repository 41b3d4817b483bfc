from __future__ import annotations

from pathlib import Path

import pytest

from tests.relay.destinations import in_order, relay, relayed, source, target

SOURCES = ["sqlite", "postgresql"]
SINKS = ["sqlite", "postgresql", "kafka", "s3"]


@pytest.mark.parametrize("to", SINKS)
@pytest.mark.parametrize("origin", SOURCES)
def test_each_event_arrives_once_and_in_order(
    origin: str, to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outbox, sink = source(origin, tmp_path, request), target(to, tmp_path, request)
    outbox.fill(700)
    code, printed = relayed(outbox, sink, "--batch", "100")
    assert (code, "delivered 700, refused 0" in printed) == (0, True), printed
    outbox.fill(50, begin=700)
    assert relayed(outbox, sink)[0] == 0
    assert "delivered 0," in relayed(outbox, sink)[1]
    sent = outbox.events
    arrived = sink.arrived(750)
    assert sorted(arrived) == sorted(sent)
    assert in_order(arrived, sent)
    assert outbox.statuses == {"delivered": 750}


@pytest.mark.parametrize("origin", SOURCES)
def test_two_relays_share_the_work_and_keep_the_order(
    origin: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outbox, sink = source(origin, tmp_path, request), target("postgresql", tmp_path, request)
    outbox.fill(6000, runs=16)
    both = [relay(outbox, sink, "--once", "--batch", "50") for _ in range(2)]
    printed = [process.communicate(timeout=60)[0] for process in both]
    for _ in range(20):  # one may have ended while the other still had an aggregate
        relayed(outbox, sink)
        if set(outbox.statuses) == {"delivered"}:
            break
    assert outbox.statuses == {"delivered": 6000}
    arrived = sink.arrived(6000)
    assert len(arrived) == 6000
    assert in_order(arrived, outbox.events)
    assert all("refused 0" in text for text in printed)


def test_what_is_delivered_long_ago_is_deleted(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    outbox, sink = source("sqlite", tmp_path, request), target("sqlite", tmp_path, request)
    outbox.fill(2500)
    outbox.query("UPDATE telemetry_outbox SET created_ts = created_ts - 7200000000 WHERE id <= 2200")
    assert "cleaned up 2200" in relayed(outbox, sink, "--keep", "1h")[1]
    assert outbox.statuses == {"delivered": 300}
    assert len(sink.arrived(2500)) == 2500


@pytest.mark.parametrize(("origin", "to"), [("sqlite", "postgresql"), ("postgresql", "kafka")])
def test_a_poisonous_event_is_set_aside_and_keeps_up_its_own_aggregate_alone(
    origin: str, to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outbox, sink = source(origin, tmp_path, request), target(to, tmp_path, request)
    outbox.fill(400, runs=4)
    ids = [row[0] for row in outbox.query("SELECT id FROM telemetry_outbox WHERE aggregate_key = 'run-1' ORDER BY id")]
    if to == "postgresql":  # its TEXT takes no NUL
        outbox.query(f"UPDATE telemetry_outbox SET payload_kind = 'a' || char(0) || 'b' WHERE id = {ids[3]}")
    else:
        large = "decode(repeat('00', 1100000), 'hex')"
        outbox.query(f"UPDATE telemetry_outbox SET payload_dto = {large} WHERE id = {ids[3]}")
    code, printed = relayed(outbox, sink, "--attempts", "2")
    assert (code, outbox.statuses) == (0, {"delivered": 303, "failed": 1, "pending": 96}), printed
    outbox.query("UPDATE telemetry_outbox SET next_attempt_ts = 0")
    code, printed = relayed(outbox, sink, "--attempts", "2")
    assert (code, outbox.statuses) == (1, {"delivered": 399, "dead": 1}), printed
    ((reason, attempts),) = outbox.query("SELECT last_error, attempts FROM telemetry_outbox WHERE status = 'dead'")
    assert reason
    assert attempts == 2
    sent = [event for number, event in enumerate(outbox.events, 1) if number != ids[3]]
    arrived = sink.arrived(399)
    assert len(arrived) == 399
    assert in_order(arrived, sent)


@pytest.mark.parametrize(
    ("source_url", "sink_url", "problem"),
    [
        ("sqlite:///absent.db", "sqlite:///x.db", "there is no database absent.db"),
        ("mysql://root:secret@h/d", "sqlite:///x.db", "the URL of the outbox begins with mysql"),
        (
            "sqlite:///empty.db",
            "sqlite:///x.db",
            "one table of empty.db must end in _outbox, or be named; there are: none",
        ),
        ("sqlite:///full.db", "ftp://u:secret@h/d", "the URL of the sink begins with ftp"),
        ("sqlite:///full.db", "kafka://127.0.0.1:9092", "names no broker and topic"),
        ("sqlite:///full.db", "kafka://127.0.0.1:9092/t?schema_id=x", "schema_id must be a number"),
        ("sqlite:///full.db", "kafka://127.0.0.1:9092/t?no.such=1", "no.such"),
        ("sqlite:///full.db", "s3://", "names no bucket"),
        ("sqlite:///full.db", "sqlite:///x.db?table=a;b", "no plain table name"),
        ("postgresql://u:secret@127.0.0.1:1/d", "sqlite:///x.db", "the outbox: "),
        ("sqlite:///full.db", "postgresql://u:secret@127.0.0.1:1/d", "PostgreSQL as a sink"),
        ("sqlite:///full.db", "sqlite:///no/such/folder/x.db", "unable to open"),
        ("sqlite:///text.db", "sqlite:///x.db", "file is not a database"),
    ],
)
def test_what_cannot_be_opened_is_named_without_its_password(
    source_url: str,
    sink_url: str,
    problem: str,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("this is a text, and not a database\n" * 100, encoding="utf-8")
    outbox = source("sqlite", tmp_path, request)
    outbox.fill(1)
    (tmp_path / "telemetry.db").rename("full.db")
    code, printed = relayed(type(outbox)(source_url), sink_url)
    assert code == 2
    assert problem in printed
    assert "secret" not in printed
    assert "Traceback" not in printed


def test_confluent_framing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    outbox, sink = source("sqlite", tmp_path, request), target("kafka", tmp_path, request)
    outbox.fill(3)
    assert relayed(outbox, f"{sink.url}?schema_id=258")[0] == 0
    framed = {b"\0\0\0\1\2\0" + payload for _, _, payload in outbox.events}
    assert {payload for _, _, payload in sink.arrived(3)} == framed
