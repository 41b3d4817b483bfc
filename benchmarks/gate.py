"""What the gate costs on the telemetry contract, and on 30 modules at once, against buf, as ratios from one run.

Every round runs each command once as a whole process, in an order that changes from round to round;
figures are medians over the rounds: of wall time, and for many modules of computing time, too.

    python benchmarks/gate.py [ROUNDS]
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from benchmarks.many_modules import CHANGED, MODULES, make_workspace  # noqa: E402 - found through the line above

BIN = Path(sys.executable).parent
CONTRACT = "schemas/telemetry/telemetry/v2/telemetry_v2.proto"
ANCHOR = "  optional int64 time_step = 16;\n"
ADDED = ANCHOR + "  // How long the step took, in microseconds.\n  optional int64 duration_us = 1000;\n"

UNCHANGED_LIMIT_S = 0.150
CHANGED_LIMIT = 2.0
MANY_LIMITS = {"fieldstone check": 1.0, "check --against HEAD": 1.3, "check --since HEAD": 1.3}


def copy_repository(folder: Path) -> Path:
    """A copy of the schemas, the registry and the settings."""
    for name in ("buf.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name in ("schemas", "registry"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def seconds(command: list[str], cwd: Path) -> float:
    """The wall time of one run, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(rounds: int, commands: dict[str, tuple[list[str], Path]]) -> dict[str, list[float]]:
    """The wall times of each command over the rounds, in seconds, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name in random.sample(list(commands), len(commands)):
            took = seconds(*commands[name])
            if turn:
                times[name].append(took)
    return times


def main(rounds: int) -> None:
    """Measure, and print the medians and ratios."""
    fieldstone, buf, python = (str(BIN / name) for name in ("fieldstone", "buf", "python"))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        unchanged, changed = copy_repository(Path(one)), copy_repository(Path(two))
        contract = changed / CONTRACT
        released = contract.read_text()
        if ANCHOR not in released:
            sys.exit(f"{contract} has no line {ANCHOR.strip()!r} to add a field after")
        contract.write_text(released.replace(ANCHOR, ADDED))
        newest = max((changed / "registry/telemetry").iterdir(), key=lambda path: [*map(int, path.name.split("."))])
        times = measure(
            rounds,
            {
                "python -c pass": ([python, "-c", "pass"], unchanged),
                "fieldstone check, nothing changed": ([fieldstone, "check", "telemetry"], unchanged),
                "fieldstone check, one change": ([fieldstone, "check", "telemetry"], changed),
                "buf breaking": (
                    [buf, "breaking", "schemas/telemetry", "--against", str(newest / "image.binpb")],
                    changed,
                ),
                "buf lint": ([buf, "lint", "schemas/telemetry"], changed),
            },
        )
    report(times)
    many_modules(rounds, fieldstone, buf)


def many_modules(rounds: int, fieldstone: str, buf: str) -> None:
    """Measure one check of many modules, and print its times and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_workspace(root, fieldstone)
        check = [fieldstone, "check"]
        ours = dict(zip(MANY_LIMITS, (check, [*check, "--against", "HEAD"], [*check, "--since", "HEAD"]), strict=True))
        theirs = {"buf breaking": [buf, "breaking", "--against", ".git"], "buf lint": [buf, "lint"]}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in (*ours, *theirs)}
        for turn in range(rounds + 1):
            for name, command in random.sample([*ours.items(), *theirs.items()], len(times)):
                took = seconds_and_cpu(command, root)
                if turn:
                    times[name].append(took)
    print(
        f"\n{MODULES} modules, {CHANGED} of them changed: wall and computing time, medians, and ratios to both of buf's"
    )
    for name, taken in times.items():
        wall, cpu = (median(column) * 1000 for column in zip(*taken, strict=True))
        print(f"{name:36} {wall:6.0f} {cpu:6.0f} ms")
    for name, limit in MANY_LIMITS.items():
        ratios = [
            median(own[of] / (breaking[of] + lint[of]) for own, breaking, lint in _rounds(times, name)) for of in (0, 1)
        ]
        print(f"{name:36} {ratios[0]:.2f} x, computing {ratios[1]:.2f} x (limit {limit:.2f} x)")


def _rounds(times: dict[str, list[tuple[float, float]]], name: str) -> Iterator[tuple[tuple[float, float], ...]]:
    return zip(times[name], times["buf breaking"], times["buf lint"], strict=True)


def seconds_and_cpu(command: list[str], cwd: Path) -> tuple[float, float]:
    """The wall time and the computing time of one run with all its processes, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = seconds(command, cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(times: dict[str, list[float]]) -> None:
    """Print each command's minimum, median and maximum, then the two figures that count."""
    for name, taken in times.items():
        print(f"{name:36} {min(taken) * 1000:6.0f} {median(taken) * 1000:6.0f} {max(taken) * 1000:6.0f} ms")
    rounds = list(zip(*times.values(), strict=True))
    beyond = median(unchanged - start for start, unchanged, *_ in rounds)
    nothing = median(unchanged / (breaking + lint) for _, unchanged, _, breaking, lint in rounds)
    one = median(changed / (breaking + lint) for _, _, changed, breaking, lint in rounds)
    print(f"\nnothing changed: {nothing:.2f} x buf breaking + buf lint;", end=" ")
    print(f"{beyond * 1000:.0f} ms beyond the interpreter (limit {UNCHANGED_LIMIT_S * 1000:.0f} ms)")
    print(f"one change:      {one:.2f} x buf breaking + buf lint (limit {CHANGED_LIMIT:.2f} x)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
