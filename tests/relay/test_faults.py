"""What goes wrong around a relay: nothing is lost by it, and nothing arrives twice that a sink can tell apart."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaError
from fieldstone_runtime.relay import backoff
from fieldstone_runtime.relay.events import Batch, Event
from fieldstone_runtime.relay.outbox import Outbox
from fieldstone_runtime.relay.sinks.sqlite import SQLiteSink
from fieldstone_runtime.relay.sqlite_tables import SQLiteTables

from tests.codegen.server import DURABLE, running_postgres
from tests.conftest import SEED
from tests.relay.destinations import Source, Target, in_order, relay, relayed, s3_url, source, target
from tests.relay.kafka_errors import mock_cluster
from tests.relay.servers import Server, free_port, make_bucket, proxied, running_kafka, running_s3

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("FIELDSTONE_KILLS", "3"))
"""How often a relay is killed; `make soak` sets 200."""

SHORT = ("--lease", "1s", "--batch", "20")


@contextmanager
def relaying(outbox: Source, sink: Target | str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A relay that runs until asked to end."""
    process = relay(outbox, sink, *options)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def until(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def delivered(outbox: Source) -> int:
    return outbox.statuses.get("delivered", 0)


def assert_all_arrived(outbox: Source, sink: Target, *, twice: bool = False) -> None:
    """Every event is there, in order; once, but where a consumer must tell repeats by their keys."""
    sent = outbox.events
    arrived = sink.arrived(len(sent))
    if twice:
        arrived = list(dict.fromkeys(arrived))
    assert len(arrived) == len(sent)
    assert sorted(arrived) == sorted(sent)
    assert in_order(arrived, sent)
    assert outbox.statuses == {"delivered": len(sent)}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("origin", "to"), [("sqlite", "s3"), ("postgresql", "sqlite"), ("sqlite", "kafka")])
def test_a_relay_is_killed_at_random_points(
    origin: str, to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outbox, sink = source(origin, tmp_path, request), target(to, tmp_path, request)
    at_random = random.Random(f"{SEED} {origin} {to}")
    for number in range(KILLS):
        outbox.fill(200, begin=200 * number)
        process = relay(outbox, sink, *SHORT)
        time.sleep(at_random.uniform(0.3, 1.2))
        process.kill()
        process.communicate()
    time.sleep(1.1)  # the last lease
    assert relayed(outbox, sink)[0] == 0
    assert_all_arrived(outbox, sink, twice=to == "kafka")


def test_a_broker_is_down_and_comes_back(tmp_path: Path, s3: Server) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 'telemetry.db'}")
    outbox.fill(100)
    with running_kafka(s3) as broker:
        sink = Target(f"kafka://{broker.address}/steps")
        with relaying(outbox, f"{sink.url}?delivery.timeout.ms=1000", *SHORT):
            until(lambda: delivered(outbox) == 100)
            broker.kill()
            outbox.fill(100, begin=100)
            until(lambda: outbox.statuses.get("failed", 0) > 0)
            broker.start()
            until(lambda: delivered(outbox) == 200)
        assert_all_arrived(outbox, sink, twice=True)


def test_a_broker_is_slow(tmp_path: Path) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 'telemetry.db'}")
    outbox.fill(50)
    with running_kafka() as broker:
        sink = Target(f"kafka://{broker.address}/steps")
        with relaying(outbox, sink):
            until(lambda: delivered(outbox) == 50)
            broker.process.send_signal(signal.SIGSTOP)
            outbox.fill(50, begin=50)
            time.sleep(1.5)
            assert delivered(outbox) == 50
            broker.process.send_signal(signal.SIGCONT)
            until(lambda: delivered(outbox) == 100)
        assert_all_arrived(outbox, sink)


def test_an_answer_of_the_broker_is_lost(tmp_path: Path) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 'telemetry.db'}")
    outbox.fill(10)
    port = free_port()
    with running_kafka(advertised=port) as broker, proxied(broker.port, port) as proxy:
        sink = Target(f"kafka://127.0.0.1:{port}/steps")
        with relaying(outbox, sink):
            until(lambda: delivered(outbox) == 10)
            proxy.deaf.set()
            outbox.fill(50, begin=10)
            time.sleep(1.0)
            proxy.deaf.clear()
            until(lambda: delivered(outbox) == 60)
        assert_all_arrived(outbox, sink)


@pytest.mark.parametrize("code", [KafkaError.NOT_ENOUGH_REPLICAS, KafkaError.TOPIC_AUTHORIZATION_FAILED])
def test_a_broker_answers_with_errors(code: int, tmp_path: Path) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 'telemetry.db'}")
    outbox.fill(20)
    with mock_cluster() as cluster:
        cluster.answer_with(code, code, code)
        sink = Target(f"kafka://{cluster.address}/steps")
        with relaying(outbox, sink):
            until(lambda: delivered(outbox) == 20)
        assert_all_arrived(outbox, sink)


def test_s3_has_no_such_bucket_and_then_is_away(tmp_path: Path) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 'telemetry.db'}")
    outbox.fill(20)
    with running_s3() as server:
        sink = Target(s3_url(server, "lake/events"), server)
        code, printed = relayed(outbox, sink)
        assert (code, outbox.statuses) == (2, {"failed": 20})
        assert "s3://lake/events" in printed
        assert "Traceback" not in printed
        server.kill()
        with relaying(outbox, sink):
            time.sleep(1.0)
            server.start()
            make_bucket(server, "lake")
            until(lambda: delivered(outbox) == 20)
        assert_all_arrived(outbox, sink)


@pytest.mark.parametrize("of", ["outbox", "sink"])
def test_postgres_is_restarted(of: str, tmp_path: Path) -> None:
    with running_postgres(DURABLE) as server:
        lite, post = f"sqlite:///{tmp_path / 'x.db'}", server.new_database()
        outbox, sink = (Source(post), Target(lite)) if of == "outbox" else (Source(lite), Target(post))
        outbox.fill(200)
        with relaying(outbox, sink, *SHORT):
            until(lambda: delivered(outbox) > 0)
            server.stop()
            time.sleep(0.5)
            server.start()
            outbox.fill(200, begin=200)
            until(lambda: delivered(outbox) == 400)
        assert_all_arrived(outbox, sink)


def test_the_disk_is_full(tmp_path: Path) -> None:
    outbox, sink = Source(f"sqlite:///{tmp_path / 't.db'}"), Target(f"sqlite:///{tmp_path / 'e.db'}")
    outbox.fill(3000)
    command = [sys.executable, "-m", "fieldstone", "relay", "--from", outbox.url, "--to", sink.url, "--once"]
    limited = ["bash", "-c", 'ulimit -f 300; exec "$@"', "bash", *command]  # blocks of 1024 bytes
    done = subprocess.run(limited, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert delivered(outbox) < 3000
    outbox.query("UPDATE telemetry_outbox SET next_attempt_ts = 0, leased_until_ts = 0 WHERE status <> 'delivered'")
    assert relayed(outbox, sink)[0] == 0
    assert_all_arrived(outbox, sink)


class Clock:
    """A clock that is set by hand; microseconds."""

    now = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.now


def test_the_clock_is_set_back(tmp_path: Path) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 't.db'}")
    outbox.fill(10)
    clock = Clock()
    crashed = Outbox(SQLiteTables(tmp_path / "t.db", clock=clock), "telemetry_outbox")
    crashed.prepare()
    claimed = crashed.claim(100)
    assert claimed is not None
    other = Outbox(SQLiteTables(tmp_path / "t.db", clock=clock), "telemetry_outbox")
    assert other.claim(100) is None  # the lease holds
    clock.now -= 3_600_000_000
    assert other.claim(100) == claimed
    assert crashed.settle(claimed, {}) == 0  # who lost its lease changes nothing
    assert other.postpone(claimed, [], 200.0, "away") == 0
    clock.now -= 86_400_000_000
    assert other.claim(100) == claimed
    assert other.settle(claimed, {}) == 10
    crashed.close()
    other.close()


def test_a_batch_stays_together_until_it_is_delivered(tmp_path: Path) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 't.db'}")
    outbox.fill(10)
    clock = Clock()
    table = Outbox(SQLiteTables(tmp_path / "t.db", clock=clock), "telemetry_outbox")
    table.prepare()
    first = table.claim(6)
    assert first is not None
    table.postpone(first, [], 1.0, "away")
    outbox.fill(10, begin=10)
    assert table.claim(100) is None  # all four aggregates wait for the batch that failed
    clock.now += 1_100_000
    assert table.claim(100) == first
    table.settle(first, {})
    rest = table.claim(100)
    assert rest is not None
    assert len(rest.events) == 14
    table.close()


def test_waits_grow_and_are_spread() -> None:
    waits = [[backoff.delay(attempts) for _ in range(200)] for attempts in (1, 4, 30)]
    assert 0.1 <= min(waits[0]) < max(waits[0]) <= 0.2
    assert 0.8 <= min(waits[1]) < max(waits[1]) <= 1.6
    assert backoff.LONGEST / 2 <= min(waits[2]) < max(waits[2]) <= backoff.LONGEST


def test_the_same_events_are_the_same_batch() -> None:
    events = [Event(number, f"key-{number}", "a", "k", b"", 0, 0) for number in range(5)]
    assert Batch.of(events) == Batch.of(list(reversed(events)))
    assert Batch.of(events).name != Batch.of(events[:4]).name


def test_metrics_tell_what_was_done_and_what_is_left(tmp_path: Path) -> None:
    script = """
import json, sys
from threading import Event
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
from fieldstone_runtime.relay.metrics import observe
from fieldstone_runtime.relay.relay import Relay
from fieldstone_runtime.relay.urls import open_outbox, open_sink
outbox = open_outbox(sys.argv[1])
relay = Relay(outbox, open_sink(sys.argv[2]))
relay.drain(Event())
observe(outbox, relay.counts)
seen = {}
for scope in reader.get_metrics_data().resource_metrics[0].scope_metrics:
    for metric in scope.metrics:
        for point in metric.data.data_points:
            kind = point.attributes.get("outcome") or point.attributes.get("status") or ""
            seen[f"{metric.name} {kind}".strip()] = point.value
print(json.dumps(seen))
"""
    outbox = Source(f"sqlite:///{tmp_path / 't.db'}")
    outbox.fill(30)
    command = [sys.executable, "-c", script, outbox.url, f"sqlite:///{tmp_path / 'e.db'}"]
    seen = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert seen["fieldstone.relay.events delivered"] == 30
    assert seen["fieldstone.relay.backlog pending"] == 0
    assert seen["fieldstone.relay.lag"] == 0


def test_a_repository_writes_while_a_relay_reads(tmp_path: Path) -> None:
    outbox = Source(f"sqlite:///{tmp_path / 't.db'}")
    outbox.fill(100)
    with relaying(outbox, f"sqlite:///{tmp_path / 'e.db'}"):
        for begin in range(100, 3000, 100):
            outbox.fill(100, begin=begin)
        until(lambda: delivered(outbox) == 3000)
    assert_all_arrived(outbox, Target(f"sqlite:///{tmp_path / 'e.db'}"))


def test_a_sink_keeps_what_it_has(tmp_path: Path) -> None:
    Source(f"sqlite:///{tmp_path / 't.db'}").fill(50)
    table, sink = Outbox(SQLiteTables(tmp_path / "t.db"), "telemetry_outbox"), SQLiteSink(tmp_path / "e.db")
    batch = table.claim(100)
    assert batch is not None
    assert sink.deliver(batch) == sink.deliver(batch) == {}
    sink.close()
    table.close()
    with sqlite3.connect(tmp_path / "e.db") as connection:
        assert connection.execute("SELECT count(*) FROM fieldstone_events").fetchone() == (50,)
