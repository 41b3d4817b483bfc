"""Consumers: a scan beside mypy's own run on the same code, and answers from what many consumers published.

    python benchmarks/consumers.py [--lines N] [--consumers N] [--rounds N]

`scan` reads a generated consumer of the telemetry contract: 50,000 lines by default, in files of about 100. In each
round both run without mypy's cache, then with it, in an order that changes. A scan needs the types of all expressions,
which no cache of mypy has, so that it always reads everything.

`impact` joins the findings of a change with the uses of 500 consumers, `can-i-remove` asks 10,000: in this process,
with what the registry has in a folder, as the commands do; reading it is timed apart.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.impact import impact
from fieldstone.consumers.published import Known, Published
from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.project.project import Project
from fieldstone.registry.consumers import open_consumers
from fieldstone.report.documents.readers import answer_lines
from fieldstone.schema.descriptors import load_schema
from fieldstone.toolchain.buf import find_buf
from fieldstone.workflows.readers import readers_of

ROOT = Path(__file__).resolve().parent.parent
RATIO, IMPACT = 1.5, 0.5
"""The most of a scan, of mypy's own run; and the most seconds of `impact`, on an idle machine of two cores."""
_SEEDED = random.Random(1)
_LINES_OF_A_FILE, _LINES_OF_A_FUNCTION = 100, 10
_FUNCTION = """
def summed_{number}(steps: list[TelemetryStepV2]) -> float:
    total = 0.0
    for step in steps:
        if step.step_index > {number} and step.HasField("agent_id"):
            total += step.reward
    made = TelemetryStepV2(run_id="{number}", reward=total)
    made.step_index = len(steps)
    return made.reward + float(made.step_index)

"""
_HEAD = "from telemetry_contracts.telemetry.v2.telemetry_v2_pb2 import TelemetryStepV2\n"


def write_consumer(root: Path, lines: int) -> int:
    """Write a consumer of about so many lines; the number that it has."""
    source, written, number = root / "src" / "reader", 0, 0
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("")
    while written < lines:
        functions = _LINES_OF_A_FILE // _LINES_OF_A_FUNCTION
        text = _HEAD + "".join(_FUNCTION.format(number=number + i) for i in range(functions))
        (source / f"part_{number}.py").write_text(text)
        number, written = number + functions, written + text.count("\n")
    return written


def timed(command: list[str], root: Path) -> float:
    """The seconds of a command."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.perf_counter() - start


def scan(lines: int, rounds: int) -> bool:
    """Measure scans beside mypy."""
    python = sys.executable
    mypy = [python, "-m", "mypy", "--no-error-summary", "src"]
    scanned = [python, "-m", "fieldstone", "uses", "scan", "src", "--python", python]
    scanned += ["--consumer", "reader", "--owner", "team"]
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as folder:
        root = Path(folder)
        written = write_consumer(root, lines)
        for number in range(rounds):
            for name, command in (("mypy", mypy), ("scan", scanned))[:: 1 if number % 2 else -1]:
                shutil.rmtree(root / ".mypy_cache", ignore_errors=True)
                times.setdefault((name, "cold"), []).append(timed(command, root))
                timed(mypy, root)
                times.setdefault((name, "warm"), []).append(timed(command, root))
    print(f"scan: a consumer of {written:,} lines, {rounds} rounds, medians:")
    met = True
    for state in ("cold", "warm"):
        own, other = median(times["scan", state]), median(times["mypy", state])
        met &= own <= RATIO * other
        print(f"  {state}: scan {own:.2f} s, mypy {other:.2f} s: {own / other:.2f} x mypy (at most {RATIO})")
    return met


def consumers(structure: Structure, count: int) -> list[Published]:
    """Consumers of telemetry, each with 20 uses of its elements."""
    names, day = structure.names, datetime.now(UTC).date()

    def one(number: int) -> Published:
        read = {name: (f"src/a{i}.py:{i}",) for i, name in enumerate(_SEEDED.sample(names, 20))}
        evidence = Evidence("telemetry", "1.5.0", Rank.SCAN, day, by="python", read=read)
        uses = Uses(f"consumer-{number}", f"team-{number % 50}", (evidence,))
        return Published(uses, "1.0", "", f"2026-01-01T00:00:{number % 60:02}Z")

    return [one(number) for number in range(count)]


def median_of(rounds: int, run: Callable[[], object]) -> float:
    """The median seconds of some calls."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return median(times)


def answers(count: int, rounds: int) -> bool:
    """Measure `impact` with 500 consumers, and `can-i-remove` with as many as wished."""
    structure = Structure(load_schema((ROOT / "registry/telemetry/1.5.0/image.binpb").read_bytes(), where="telemetry"))
    element = "telemetry.v2.TelemetryStepV2.reward"
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as folder:
        root = Path(folder)
        for name in ("buf.yaml", "pyproject.toml", "schemas", "registry"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
        contract = root / "schemas/telemetry/telemetry/v2/telemetry_v2.proto"
        contract.write_text(contract.read_text().replace("  double reward = 9;", "  float reward = 9;"))
        known = open_consumers(str(root / "registry"))
        for published in consumers(structure, 500):
            known.publish(published)
        met = _impact(root, rounds)
        for published in consumers(structure, count)[500:]:
            known.publish(published)
        project = Project.at(root)
        newest = project.newest_of("telemetry")
        assert newest is not None
        reading = median_of(1, project.known_consumers)
        everything = project.known_consumers()
        asked = median_of(rounds, lambda: [*answer_lines(readers_of(project, newest, everything).can_remove(element))])
        lines = len([*answer_lines(readers_of(project, newest, everything).can_remove(element))])
    print(f"can-i-remove: {count:,} consumers: read {reading:.2f} s, asked {asked:.2f} s, {lines} lines")
    return met


def _impact(root: Path, rounds: int) -> bool:
    """`impact` as the command does it, without the check that finds the breaks."""
    from fieldstone.checking.options import CheckOptions
    from fieldstone.workflows.check import check
    from fieldstone.workflows.readers import with_used_by

    project = Project.at(root)
    options = CheckOptions(witness=False, second_opinion=False, style=False)
    found = check(project, ["telemetry"], start=root, options=options).report
    known: list[Known] = []
    reading = median_of(rounds, lambda: known.append(project.known_consumers()))

    def joined() -> None:
        report = with_used_by(project, found, lambda: known[0])
        touched.append(sum(len(impact(part.findings)) for part in report.modules))

    touched: list[int] = []
    joining = median_of(rounds, joined)
    total = reading + joining
    print(
        f"impact: 500 consumers, {touched[0]} break: read {reading:.2f} s, joined {joining:.2f} s (at most {IMPACT} s)"
    )
    return total <= IMPACT


def main() -> None:
    """Measure, and say which goals were missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--consumers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    wish = parser.parse_args()
    find_buf()
    goals = {"impact": answers(wish.consumers, wish.rounds), "scan": scan(wish.lines, wish.rounds)}
    print("; ".join(f"{name}: {'met' if met else 'missed'}" for name, met in goals.items()))


if __name__ == "__main__":
    main()
