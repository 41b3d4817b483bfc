"""How long pages take at the server, with 1,000 modules, 20,000 types and 500 consumers.

    python benchmarks/pages.py [--modules N] [--requests N]

The figures are those of the server's log: the milliseconds from a request to its answer, for one visitor who asks one
page after the other. `cold` is the first request of each page, `index` the time until the search has read all modules.
On a busy machine the processor time counts: `cpu`, of the whole server, for each request.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import httpx
from msgspec import json

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.pages_registry import PROPOSALS, TYPES, filled  # noqa: E402 - found through the line above
from tests.server.running import Serving, serving  # noqa: E402

GOALS = {"search": 100.0}
GOAL = 50.0
"""The milliseconds that a page may take, and those of a search."""


def main() -> None:
    """Fill a registry, and ask for its pages."""
    parser = argparse.ArgumentParser(description="How long pages take at the server.")
    parser.add_argument("--modules", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=300, help="requests of each page")
    asked = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory(prefix="fieldstone-benchmark-") as scratch:
        data = Path(scratch) / "data"
        filled(f"sqlite:///{data}/registry.db", asked.modules)
        print(f"{asked.modules} modules, {asked.modules * TYPES} types")
        with serving(data, "--rate", "0") as registry:
            _measure(registry, asked.modules, asked.requests)


def _measure(registry: Serving, modules: int, requests: int) -> None:
    headers = {"authorization": f"Bearer {registry.token}", "accept": "text/html"}
    with httpx.Client(base_url=registry.url, headers=headers, timeout=120) as client:
        memory, began = _memory(registry), _cpu(registry)
        seconds, cpu_seconds = _index(client), _cpu(registry) - began
        more = _memory(registry) - memory
        print(f"index: read in {seconds:.1f} s, {cpu_seconds:.1f} s of the processor, {more:.0f} MB more memory")
        cpu = {}
        for name, paths in _pages(modules).items():
            rng, began = random.Random(1), _cpu(registry)
            for _ in range(requests):
                client.get(rng.choice(paths), headers={"x-request-id": name}).raise_for_status()
            cpu[name] = (_cpu(registry) - began) / requests * 1000
    for name in _pages(modules):
        times = [*_times(registry, name)]
        cuts, goal = quantiles(times, n=100), GOALS.get(name, GOAL)
        verdict = "met" if cuts[98] <= goal else "missed"
        figures = f"cold {times[0]:6.1f}  p50 {cuts[49]:6.1f}  p99 {cuts[98]:6.1f}  cpu {cpu[name]:5.1f} ms"
        print(f"{name:8} {figures}  goal {goal:g}: {verdict}")


def _pages(modules: int) -> dict[str, list[str]]:
    """The addresses of each kind of page."""
    words = ["Thing7", "amount", "field_3", "the thing", "acme.m77.v1.Thing6", "nothing", "id", "state thing", "e"]
    return {
        "start": [f"/?page={n}" for n in range(1, max(2, modules // 50 + 1))],
        "search": [f"/?q={word.replace(' ', '+')}" for word in words],
        "module": [f"/modules/m{n}" for n in range(modules)],
        "release": [f"/modules/m{n}/1.4.0" for n in range(modules)],
        "type": [f"/modules/m{n}/1.4.0/acme.m{n}.v1.Thing{n % TYPES}" for n in range(modules)],
        "source": [f"/modules/m{n}/1.4.0/source/acme/m{n}/v1/m{n}.proto" for n in range(modules)],
        "field": [f"/fields/m{n}/acme.m{n}.v1.Thing{n % TYPES}.field_1" for n in range(modules)],
        "diff": [f"/modules/m{n}/diff/1.0.0..1.4.0" for n in range(modules)],
        "inbox": ["/proposals", "/proposals?state=rejected&page=2", "/proposals?module=m4"],
        "proposal": [f"/proposals/{n}" for n in range(1, PROPOSALS + 1)],
        "audit": ["/audit", "/audit?before=500", "/audit?action=release&who=server", "/audit?module=nothing"],
    }


def _index(client: httpx.Client) -> float:
    """The seconds until the search has read everything."""
    began = time.perf_counter()
    while client.get("/index.json?q=nothing").raise_for_status().json()["unread"]:
        pass
    return time.perf_counter() - began


def _times(registry: Serving, name: str) -> Iterator[float]:
    for line in registry.log.splitlines():
        if line.startswith("{") and (entry := json.decode(line))["id"] == name:
            yield float(entry["ms"])


def _cpu(registry: Serving) -> float:
    """The processor seconds of the server."""
    fields = Path(f"/proc/{registry.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(registry: Serving) -> float:
    """The resident memory of the server, in MB."""
    status = Path(f"/proc/{registry.process.pid}/status").read_text("utf-8")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
