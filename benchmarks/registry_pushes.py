"""Pushes to a shared registry, beside which others read, and what a server takes when nobody asks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import httpx

from benchmarks.registry_load import Load, Running, measured
from benchmarks.registry_modules import CONTRACT, SCHEMAS, WIDE, pushed, resource, telemetry, upload
from benchmarks.registry_reads import SERVICE, request
from benchmarks.rounds import Goal, Run
from tests.server.running import Serving, serving

READS, QUICK_READS = 12_000, 200
A_SECOND = 1_000
"""The reads a second while pushes are judged: what a busy registry has, and not all that it could answer."""
GATE_S = 0.5
KEPT = 0.8
IDLE_MIB = 120
READY_S = 1.0
_ANCHOR = "  optional int64 time_step = 16;\n"


class _Growing:
    """Pushes of telemetry, each with a field more than the one before."""

    def __init__(self, registry: Serving) -> None:
        self._registry, self._fields = registry, 0

    def push(self) -> float:
        """The seconds of the next push."""
        self._fields += 1
        modules = telemetry(grown(self._fields))
        began = time.perf_counter()
        upload(self._registry, modules)
        return time.perf_counter() - began


def grown(fields: int) -> bytes:
    """The contract of telemetry with so many new fields."""
    lines = "".join(f"  // Measured.\n  optional int64 bench_{n} = {1_000 + n};\n" for n in range(fields))
    text = (SCHEMAS / "telemetry" / CONTRACT).read_text("utf-8")
    if _ANCHOR not in text:
        sys.exit(f"{CONTRACT} has no line {_ANCHOR.strip()!r} to add fields after")
    return text.replace(_ANCHOR, _ANCHOR + lines).encode()


def push(scratch: Path, run: Run) -> None:
    """Pushes of telemetry with one more field each, and what is read meanwhile."""
    breaking = [_breaking(scratch / f"breaking{number}") for number in range(run.rounds)]
    with serving(scratch / "data") as registry:
        pushed(registry)
        growing = _Growing(registry)
        growing.push()  # starts the process that judges
        before = _computed(registry.process.pid)
        alone = [growing.push() for _ in range(run.rounds)]
        computed = (_computed(registry.process.pid) - before) / run.rounds
        count = QUICK_READS if run.quick else READS
        read = request(registry, f"{SERVICE}CommitService/GetCommits", {"resource_refs": [resource(WIDE)]})
        kept, beside = [], []
        for _ in range(run.rounds):
            load = Load(registry.port, [read], count, connections=8, a_second=A_SECOND)
            quiet = measured(load)
            busy = Running(load)
            while busy.is_running():
                beside.append(growing.push())
            kept.append(busy.ended().rate / quiet.rate)
    print(f"\npush: telemetry with a new field, the whole gate; medians of {run.rounds} rounds")
    took = median(alone)
    print(f"alone {took:.2f} s ({_verdict(took, at_most=GATE_S)}), {computed:.2f} s of processor time", end="")
    print(f" | {took / median(breaking):.1f} x buf breaking")
    share = median(kept)
    print(f"beside {A_SECOND:,} reads/s {median(beside):.2f} s", end="")
    print(f" | {share:.2f} of the reads go on ({_verdict(share, at_least=KEPT)})")


def idle(scratch: Path, run: Run) -> None:
    """How long a server takes to start, and its memory when nobody asks: at first, and after a push."""
    starts, new, own, others = [], [], [], []
    for number in range(run.rounds):
        began = time.perf_counter()
        with serving(scratch / f"data{number}") as registry:
            assert httpx.get(f"{registry.url}/readyz").status_code == 200
            starts.append(time.perf_counter() - began)
            new.append(_memory(registry.process.pid))
            pushed(registry)
            own.append(_memory(registry.process.pid))
            others += map(_memory, _children(registry.process.pid))
    ready, most = median(starts), median(own)
    print(f"\nidle: medians of {run.rounds} rounds; memory is the proportional set size (PSS)")
    print(f"ready after {ready:.2f} s ({_verdict(ready, at_most=READY_S)}) with {median(new):.0f} MiB")
    print(f"after a push {most:.0f} MiB ({_verdict(most, at_most=IDLE_MIB)})", end="")
    print(f" | the processes that judged it {max(others):.0f} MiB ({_verdict(max(others), at_most=IDLE_MIB)})")


def _verdict(value: float, *, at_least: float = 0, at_most: float = 0) -> str:
    return Goal("", at_least=at_least, at_most=at_most).verdict(value)


def _breaking(folder: Path) -> float:
    """The seconds of `buf breaking` for the same change."""
    for name, contract in {"old": b"", "new": grown(1)}.items():
        for files in telemetry(contract).values():
            for path, content in files.items():
                (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / name / path).write_bytes(content)
    began = time.perf_counter()
    buf = str(Path(sys.executable).with_name("buf"))
    subprocess.run([buf, "breaking", "new", "--against", "old"], cwd=folder, check=True)
    return time.perf_counter() - began


def _computed(process: int) -> float:
    """The processor seconds of a process and all that it started (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)."""
    stats = [Path(f"/proc/{one}/stat").read_text("ascii") for one in (process, *_children(process))]
    ticks = sum(int(field) for stat in stats for field in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(process: int) -> float:
    """The proportional set size of a process in MiB (https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html)."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def _children(process: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    listed = [child for file in Path(f"/proc/{process}/task").glob("*/children") for child in file.read_text().split()]
    return [found for child in map(int, listed) for found in (child, *_children(child))]
