"""Reading from a shared registry: files by their digest, and the calls that buf makes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx

from benchmarks.registry_load import Load, Measured, measured
from benchmarks.registry_modules import CONTRACTS, WIDE, pushed, put, resource
from benchmarks.rounds import Goal, Run
from fieldstone.registry.sql import open_store
from fieldstone.registry.sql.catalog import Catalog
from tests.codegen.server import DURABLE, running_postgres
from tests.server.running import Serving, serving

COUNT, QUICK_COUNT = 40_000, 200
CALLS, QUICK_CALLS = 8_000, 100
COLD_FILES, QUICK_COLD_FILES = 8_000, 100
SERVICE = "/buf.registry.module.v1."
PEER = "bare ASGI"


@dataclass(frozen=True, slots=True)
class Way:
    """A way of reading: the requests of a round, how many are made in it, and the rate that is the goal."""

    name: str
    requests: Callable[[], list[bytes]]
    count: int
    goal: int
    warm_up: bool = True


class _Row(NamedTuple):
    """One round: what both measured, and the processor seconds of a request."""

    own: Measured
    own_cpu: float
    peer: Measured
    peer_cpu: float


def files(scratch: Path, run: Run) -> None:
    """A source and an image of a release by their digests, when the server has sent them before."""
    with serving(scratch / "data") as registry:
        pushed(registry)
        commit = Catalog(open_store(_address(registry))).newest("telemetry")
        assert commit is not None
        manifest = _release(registry, "telemetry", commit.version)
        count = QUICK_COUNT if run.quick else COUNT
        ways = [
            Way(name, partial(list, [_get(registry, "telemetry", manifest[path])]), count, 20_000)
            for name, path in {"source": CONTRACTS, "image": "image.binpb"}.items()
        ]
        _side_by_side("files: by digest, warm, from SQLite", registry, ways, scratch / "peer", run)


def cold(scratch: Path, run: Run) -> None:
    """Files by their digests that the server has never sent, from PostgreSQL."""
    count = QUICK_COLD_FILES if run.quick else COLD_FILES
    with running_postgres(DURABLE) as database, ExitStack() as servers:
        address = database.new_database()
        registry = servers.enter_context(serving(scratch / "data", "--database", address))
        ways = []
        for number in range(run.rounds + 1):
            digests = put(address, f"cold{number}", count)
            ways.append([_get(registry, f"cold{number}", digest) for digest in digests])
        turns = iter(ways)
        way = Way("source", lambda: next(turns), count, 4_000, warm_up=False)
        _side_by_side(
            "cold: by digest, each for the first time, from PostgreSQL", registry, [way], scratch / "peer", run
        )


def buf(scratch: Path, run: Run) -> None:
    """The calls of buf's read path, on a module of 20 files that depends on another one."""
    with serving(scratch / "data") as registry:
        pushed(registry)
        refs = {"resource_refs": [resource(WIDE)]}
        calls: Mapping[str, tuple[str, dict[str, object]]] = {
            "GetCommits": (f"{SERVICE}CommitService/GetCommits", refs),
            "GetGraph": (f"{SERVICE}GraphService/GetGraph", refs),
            "Download, 20 files": (
                f"{SERVICE}DownloadService/Download",
                {"values": [{"resource_ref": resource(WIDE)}]},
            ),
        }
        count = QUICK_CALLS if run.quick else CALLS
        ways = [Way(name, partial(list, [request(registry, *call)]), count, 2_000) for name, call in calls.items()]
        _side_by_side("buf: the calls of `buf dep update` and `buf export`", registry, ways, scratch / "peer", run)


def _side_by_side(
    title: str,
    registry: Serving,
    ways: list[Way],
    peer_file: Path,
    run: Run,
) -> None:
    """Measure each way and its peer in every round, and print a line for each."""
    print(f"\n{title}; medians of {run.rounds} rounds, 32 connections")
    for way in ways:
        peer_file.write_bytes(_body(registry, way.requests()[0]))
        rows: list[_Row] = []
        with _peer(peer_file) as (port, process):
            for _ in range(run.rounds):
                requests = way.requests()
                own = Load(registry.port, requests, way.count, warm_up=way.warm_up)
                other = Load(port, requests, way.count, warm_up=way.warm_up)
                rows.append(_Row(*_loaded(own, registry.process.pid), *_loaded(other, process)))
        _report(way, rows, peer_file.stat().st_size)


def _report(way: Way, rows: list[_Row], size: int) -> None:
    rate, p50, p99 = (median(getattr(row.own, name) for row in rows) for name in ("rate", "p50", "p99"))
    cpu, work = median(row.own_cpu for row in rows), median(row.own_cpu / row.peer_cpu for row in rows)
    ratio = median(row.own.rate / row.peer.rate for row in rows)
    print(
        f"{way.name:18} {size:>7,} bytes {rate:>7,.0f}/s ({Goal(PEER, at_least=way.goal).verdict(round(rate))})", end=""
    )
    print(f" | p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms | {PEER}: {ratio:.2f} of its rate,", end=" ")
    print(f"{work:.1f} x its processor time, {cpu * 1e6:.0f} us a request")


def _loaded(load: Load, process: int) -> tuple[Measured, float]:
    """What a load measured, and the processor time of the server for one request, in seconds."""
    before = processor_seconds(process)
    found = measured(load)
    asked = found.answers + (load.count // 20 + load.connections if load.warm_up else 0)
    return found, (processor_seconds(process) - before) / asked


def processor_seconds(process: int) -> float:
    """The processor time of a process's threads (https://docs.kernel.org/scheduler/sched-stats.html)."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(file.read_text("ascii").split()[0]) for file in threads) / 1e9


@contextmanager
def _peer(file: Path) -> Iterator[tuple[int, int]]:
    """The port and the process of the peer."""
    command = [sys.executable, str(Path(__file__).with_name("registry_peer.py")), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield port, process.pid
        finally:
            process.terminate()


def _address(registry: Serving) -> str:
    return f"sqlite:///{registry.data}/registry.db"


def _release(registry: Serving, module: str, version: str) -> Mapping[str, str]:
    """The digests of a release's files."""
    from fieldstone.registry import open_registry

    return open_registry(_address(registry)).release(module, version).files


def _get(registry: Serving, module: str, digest: str) -> bytes:
    lines = (f"GET /api/v1/modules/{module}/files/{digest} HTTP/1.1", *_headers(registry))
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def request(registry: Serving, path: str, message: Mapping[str, object]) -> bytes:
    """A call of a method of buf's protocol."""
    from fieldstone.server.buf.messages import methods

    body: bytes = methods()[path].request(**message).SerializeToString()
    kind = ("content-type: application/proto", f"content-length: {len(body)}")
    return ("\r\n".join((f"POST {path} HTTP/1.1", *_headers(registry), *kind)) + "\r\n\r\n").encode() + body


def _headers(registry: Serving) -> tuple[str, ...]:
    return (f"host: {registry.host}", "user-agent: benchmark", f"authorization: Bearer {registry.token}")


def _body(registry: Serving, request: bytes) -> bytes:
    """The answer to a request, without its head."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    answer = httpx.request(method, f"{registry.url}{path}", content=body, headers=headers)
    return answer.raise_for_status().content
