"""What importing a generated storage package costs a process."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks.rounds import Case, Run, Sample, measure, wall

ROUNDS = 21
LIMIT_S = 0.060
DRIVERS = ("psycopg", "psycopg_pool", "sqlalchemy", "grpc")


def main(run: Run, scratch: Path) -> None:
    """Measure fresh processes, bytecode compiled."""
    folders = [path for path in sys.path if path]
    for folder in ("telemetry_storage", "telemetry_contracts", "fieldstone_runtime", "telemetry_app"):
        compile_package(folder)
    rounds = run.rounds_or(ROUNDS)
    ways = {
        "python -c pass": process("pass", folders),
        "mapper": process("import telemetry_storage.mapper", folders),
        "SQLite": process("import telemetry_storage.sqlite", folders),
    }
    taken = measure([Case("import", ways, ())], rounds, run.rng)["import"]
    bare = taken.pop("python -c pass")
    print(
        f"\nimport: wall time of a fresh process beyond `python -c pass` ({median(bare) * 1e3:.0f} ms);"
        f" medians of {rounds} rounds"
    )
    for name, times in taken.items():
        beyond = median(own - other for own, other in zip(times, bare, strict=True))
        print(f"{name:8} {beyond * 1e3:4.0f} ms <= {LIMIT_S * 1e3:.0f} ms {'met' if beyond <= LIMIT_S else 'missed'}")
    loaded = unused_drivers(folders)
    print(f"drivers imported with SQLite that it does not use: {', '.join(loaded) or 'none, met'}")


def compile_package(name: str) -> None:
    """Write a package's bytecode, as installing it does."""
    spec = find_spec(name)
    assert spec is not None
    for folder in spec.submodule_search_locations or ():
        compileall.compile_dir(folder, quiet=2)


def environment(folders: list[str]) -> dict[str, str]:
    """That of a process that can import what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders), "PYTHONDONTWRITEBYTECODE": ""}


def process(code: str, folders: list[str]) -> Sample:
    """A sample that runs code in a process of its own."""

    def sample() -> float:
        start = wall()
        subprocess.run([sys.executable, "-c", code], env=environment(folders), check=True)
        return wall() - start

    return sample


def unused_drivers(folders: list[str]) -> list[str]:
    """What the SQLite module pulls in that it does not need."""
    code = f"import sys, telemetry_storage.sqlite; print(*[name for name in {DRIVERS} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(folders), check=True, capture_output=True, text=True
    )
    return done.stdout.split()
