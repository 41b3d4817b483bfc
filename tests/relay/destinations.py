"""Outboxes that are filled, and what has arrived at each kind of sink, all looked at in the same way."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from base64 import b64decode
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Stop
from typing import Any

import psycopg
from fieldstone_runtime.relay.relay import Counts, Relay
from fieldstone_runtime.relay.urls import open_outbox, open_sink
from telemetry_storage.postgres import PostgresTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from tests.codegen.server import PostgresServer
from tests.relay.servers import Server, bucket, make_bucket, received
from tests.telemetry.records import records

COLUMNS = ("idempotency_key", "aggregate_key", "payload_dto", "change", "record_key")

Arrived = list[tuple[str, str, bytes]]
"""Idempotency key, aggregate key and payload of each event, in the order of arrival."""


@dataclass(frozen=True, slots=True)
class Source:
    """An outbox; `url` is what `--from` takes."""

    url: str

    def fill(self, count: int, *, begin: int = 0, runs: int = 4) -> None:
        """Store steps, each with its event."""
        with closing(self.repository()) as repository:
            repository.migrate()
            repository.add_steps(list(records(count, runs=runs, agents=2, begin=begin)))

    def repository(self) -> Any:
        """The repository that writes it, not migrated yet."""
        if self.url.startswith("sqlite"):
            return SQLiteTelemetryRepository(self.url.removeprefix("sqlite:///"))
        return PostgresTelemetryRepository(self.url)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement gives; it is committed."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as lite, lite:
                return lite.execute(statement).fetchall()
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def events(self) -> Arrived:
        """All events, in their order."""
        rows = self.query("SELECT idempotency_key, aggregate_key, payload_dto FROM telemetry_outbox ORDER BY id")
        return [(key, aggregate, bytes(payload)) for key, aggregate, payload in rows]

    @property
    def statuses(self) -> dict[str, int]:
        """How many events have each status."""
        return dict(self.query("SELECT status, count(*) FROM telemetry_outbox GROUP BY status"))


@dataclass(frozen=True, slots=True)
class Target:
    """A sink; `url` is what `--to` takes."""

    url: str
    server: Server | None = None

    def arrived(self, count: int) -> Arrived:
        """What is there; of a topic, once so many messages are."""
        return [(row["idempotency_key"], row["aggregate_key"], row["payload_dto"]) for row in self._rows(count)]

    def told(self, count: int) -> list[tuple[str | None, str | None]]:
        """The change and the record's key of each event, in the order of arrival."""
        return [(row["change"], row["record_key"]) for row in self._rows(count)]

    def _rows(self, count: int) -> list[dict[str, Any]]:
        scheme, _, rest = self.url.partition("://")
        if scheme in {"sqlite", "postgresql"}:
            query = f"SELECT {', '.join(COLUMNS)} FROM fieldstone_events ORDER BY position"
            rows = [dict(zip(COLUMNS, row, strict=True)) for row in Source(self.url).query(query)]
            return [row | {"payload_dto": bytes(row["payload_dto"])} for row in rows]
        place, name = rest.partition("?")[0].split("/")
        return self._objects(place, name) if scheme == "s3" else _messages(place, name, count)

    def _objects(self, name: str, prefix: str) -> list[dict[str, Any]]:
        assert self.server is not None
        store = bucket(self.server, name)
        paths = sorted(found["path"] for page in store.list(f"{prefix}/") for found in page)
        lines = [json.loads(line) for path in paths for line in bytes(store.get(path).bytes()).splitlines()]
        return [line | {"payload_dto": b64decode(line["payload_dto"])} for line in lines]


def _messages(address: str, topic: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "idempotency_key": message.headers["idempotency-key"],
            "aggregate_key": message.key,
            "payload_dto": message.value,
            "change": message.headers["change"],
            "record_key": message.headers.get("record-key"),
        }
        for message in received(address, topic, count)
    ]


def source(kind: str, folder: Path, request: Any) -> Source:
    """An empty outbox of a kind."""
    if kind == "sqlite":
        return Source(f"sqlite:///{folder / 'telemetry.db'}")
    server: PostgresServer = request.getfixturevalue("postgres")
    return Source(server.new_database())


def target(kind: str, folder: Path, request: Any) -> Target:
    """An empty sink of a kind."""
    name = folder.name.replace("_", "-")
    if kind == "sqlite":
        return Target(f"sqlite:///{folder / 'events.db'}")
    if kind == "postgresql":
        return Target(request.getfixturevalue("postgres").new_database())
    if kind == "kafka":
        return Target(f"kafka://{request.getfixturevalue('kafka').address}/{name}")
    server: Server = request.getfixturevalue("s3")
    make_bucket(server, name)
    return Target(s3_url(server, f"{name}/events"), server)


def s3_url(server: Server, place: str) -> str:
    """What `--to` takes for a bucket in moto."""
    return f"s3://{place}?endpoint=http://{server.address}&region=us-east-1&access_key_id=k&secret_access_key=s"


def relay(outbox: Source, sink: Target | str, *options: str) -> subprocess.Popen[str]:
    """`fieldstone relay` in a process of its own."""
    url = sink if isinstance(sink, str) else sink.url
    command = [sys.executable, "-m", "fieldstone", "relay", "--from", outbox.url, "--to", url, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def relayed(outbox: Source, sink: Target | str, *options: str) -> tuple[int, str]:
    """Relay what is due; gives the exit code and what was printed."""
    process = relay(outbox, sink, "--once", *options)
    out, err = process.communicate(timeout=60)
    return process.returncode, out + err


def in_order(arrived: Sequence[tuple[str, str, bytes]], sent: Sequence[tuple[str, str, bytes]]) -> bool:
    """Whether the events of each aggregate arrived as they were sent."""
    aggregates = {aggregate for _, aggregate, _ in sent}
    return all([e for e in arrived if e[1] == a] == [e for e in sent if e[1] == a] for a in aggregates)


def drained(
    outbox: Source,
    sink: Target,
    name: str = "default",
    *,
    from_start: bool = False,
    keep: float | None = 3600.0,
    batch: int = 50,
) -> Counts:
    """Deliver under a name what is due, in this process."""
    with closing(open_outbox(outbox.url, name=name)) as table, closing(open_sink(sink.url)) as opened:
        relay = Relay(table, opened, batch=batch, keep=keep, from_start=from_start)
        relay.drain(Stop())
        return relay.counts
