"""Load on an HTTP server on loopback: some connections, each with one request at a time, in a process of its own.

It reads a `Load` as JSON from its input, and prints a `Measured` as JSON. Every answer is checked: its status, its
length, and at the first time its bytes.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path

from msgspec import Struct, json

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_CHUNK = 2**20
_LONGEST_S = 15
"""The seconds after which a load asks for nothing more."""


class Load(Struct):
    """What is asked for.

    Attributes:
        port: the port on 127.0.0.1.
        requests: whole requests, which take turns.
        count: how many are counted, or as many as 15 seconds take; a twentieth comes before, if there is a warm-up.
        connections: how many ask at once.
        warm_up: whether some requests come before those that count.
        a_second: the most requests a second; 0 for as many as go.
    """

    port: int
    requests: list[bytes]
    count: int
    connections: int = 32
    warm_up: bool = True
    a_second: float = 0


class Measured(Struct):
    """What came of it: answers a second, and the time of an answer in seconds, median and 99th percentile."""

    rate: float
    p50: float
    p99: float
    answers: int

    @property
    def told(self) -> str:
        """The figures for people."""
        return f"{self.rate:>9,.0f}/s | p50 {self.p50 * 1e3:6.2f} ms | p99 {self.p99 * 1e3:6.2f} ms"


class Running:
    """A load that runs in a process of its own."""

    def __init__(self, load: Load) -> None:
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(json.encode(load))
        self._process.stdin.close()

    def ended(self) -> Measured:
        """What it measured."""
        assert self._process.stdout is not None
        said = self._process.stdout.read()
        assert self._process.wait() == 0, "the load failed; see above"
        return json.decode(said, type=Measured)

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None


def measured(load: Load) -> Measured:
    """Put a load on a server, and wait for its end."""
    return Running(load).ended()


class _Connection:
    """One connection, and the answer that arrives on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_LONGEST_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._missing = 0
        self.sent = 0.0

    def send(self, request: bytes) -> None:
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read what is there; whether the answer is complete."""
        data = self.socket.recv(_CHUNK)
        if self._missing:
            self._missing -= len(data)
            return self._missing <= 0
        head = data.find(_END)
        if head < 0 or data[9:12] != b"200":
            sys.exit(f"not a good answer: {data[:400]!r}")
        start = data.lower().index(_LENGTH) + len(_LENGTH)
        self._missing = head + len(_END) + int(data[start : data.index(b"\r", start)]) - len(data)
        return self._missing <= 0


def _run(load: Load) -> Measured:
    connections = {c.socket.fileno(): c for c in (_Connection(load.port) for _ in range(load.connections))}
    turns = cycle(load.requests)
    if load.warm_up:
        _asked(connections, turns, load.count // 20 + load.connections, 0)
    began = time.perf_counter()
    times = sorted(_asked(connections, turns, load.count, load.a_second))
    took = time.perf_counter() - began
    return Measured(len(times) / took, times[len(times) // 2], times[len(times) * 99 // 100], len(times))


def _asked(connections: dict[int, _Connection], turns: cycle[bytes], count: int, a_second: float) -> list[float]:
    """The seconds of each answer."""
    poll = select.epoll()
    waiting = 0
    for descriptor, connection in [*connections.items()][:count]:
        poll.register(descriptor, select.EPOLLIN)
        connection.send(next(turns))
        waiting += 1
    sent, times, began = waiting, [], time.perf_counter()
    while waiting:
        ready = poll.poll(_LONGEST_S)
        if not ready:
            sys.exit(f"no answer for {_LONGEST_S} s, and {waiting} requests wait")
        for descriptor, _ in ready:
            connection = connections[descriptor]
            if not connection.is_answered():
                continue
            times.append(time.perf_counter() - connection.sent)
            waiting -= 1
            if sent < count and time.perf_counter() - began < _LONGEST_S:
                if a_second:
                    time.sleep(max(0.0, began + sent / a_second - time.perf_counter()))
                connection.send(next(turns))
                sent, waiting = sent + 1, waiting + 1
    poll.close()
    return times


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    sys.stdout.buffer.write(json.encode(_run(json.decode(sys.stdin.buffer.read(), type=Load))))
