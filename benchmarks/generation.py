"""How long generating takes: the telemetry module, and modules of ever more entities."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.generated_code import BIN, ROOT, generate
from benchmarks.rounds import Case, Run, Sample, measure, wall

ROUNDS, LARGE_ROUNDS = 7, 3
LIMIT_S = 1.0
LINEAR = 1.2
"""How much longer one entity may take among many: what sorting and the caches of the machine cost."""

ENTITY = """
// Measurement {number} of a machine.
message Measurement{number}V1 {{
  option (fieldstone.v1.entity) = {{
    primary_key: ["machine_id", "position"]
    indexes: {{fields: ["machine_id", "taken_at"]}}
    queries: {{name: "measurement{number}s_by_machine" equal: ["machine_id"] range: "position" range_name: "position"}}
    outbox: {{}}
  }};

  // The machine.
  string machine_id = 1;
  // The position in the machine's stream.
  int64 position = 2;
  // When it was taken.
  google.protobuf.Timestamp taken_at = 3;
  // What was measured.
  double value = 4;
  // The sensor; absent where a machine has only one.
  optional string sensor = 5;
  // Whether the machine was running.
  bool running = 6;
  // The raw answer of the sensor; absent where it is not kept.
  optional bytes raw = 7;
  // What belongs to it.
  repeated string labels = 8;
}}
"""
HEAD = """syntax = "proto3";

// Measurements of machines.
package machines.v1;

import "fieldstone/v1/annotations.proto";
import "google/protobuf/timestamp.proto";
"""
ENTITIES_IN_A_FILE = 50


def main(run: Run, scratch: Path) -> None:
    """Measure whole processes."""
    telemetry(run, scratch)
    growth(run, scratch)


def telemetry(run: Run, scratch: Path) -> None:
    """The telemetry module against the compilation that it starts with."""
    rounds = run.rounds_or(ROUNDS)
    ways = {
        "fieldstone generate telemetry": timed(partial(generate, scratch / "telemetry")),
        "buf build": timed(partial(buf_build, scratch)),
    }
    taken = measure([Case("telemetry", ways, ())], rounds, run.rng)["telemetry"]
    whole, compiled = taken.values()
    beyond = median(own - other for own, other in zip(whole, compiled, strict=True))
    print(f"\ngeneration: wall time of whole processes; medians of {rounds} rounds")
    print(f"telemetry: {median(whole) * 1e3:.0f} ms, {beyond * 1e3:.0f} ms of them beyond `buf build`;", end=" ")
    print(f"< {LIMIT_S * 1e3:.0f} ms {'met' if beyond < LIMIT_S else 'missed'}")


def growth(run: Run, scratch: Path) -> None:
    """The time of one entity among ever more."""
    sizes = (2, 4) if run.quick else (10, 100, 1000)
    rounds = run.rounds_or(LARGE_ROUNDS)
    ways = {}
    for size in sizes:
        folder = machines(scratch / f"machines-{size}", size)
        ways[str(size)] = timed(
            partial(generate, folder / "generated", cwd=folder, module="machines"), folder / "generated"
        )
    taken = measure([Case("growth", ways, ())], rounds, run.rng)["growth"]
    each = {size: [took / size for took in taken[str(size)]] for size in sizes}
    for size in sizes:
        print(f"{size:5} entities: {median(taken[str(size)]):7.2f} s, {median(each[size]) * 1e3:6.1f} ms for each")
    ratio = median(large / small for small, large in zip(each[sizes[-2]], each[sizes[-1]], strict=True))
    verdict = "met" if ratio <= LINEAR else "missed"
    print(f"an entity of {sizes[-1]} against one of {sizes[-2]}: {ratio:.2f}; linear (<= {LINEAR}) {verdict}")


def timed(call: Callable[[], None], output: Path | None = None) -> Sample:
    """A sample of one call, which starts without its output."""

    def sample() -> float:
        if output is not None:
            shutil.rmtree(output, ignore_errors=True)
        start = wall()
        call()
        return wall() - start

    return sample


def buf_build(scratch: Path) -> None:
    """The compilation of the telemetry module alone."""
    command = [str(BIN / "buf"), "build", "schemas/telemetry", "-o", str(scratch / "telemetry.binpb")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def machines(folder: Path, entities: int) -> Path:
    """A repository whose module `machines` has so many entities."""
    shutil.copytree(ROOT / "schemas/fieldstone", folder / "schemas/fieldstone")
    for start in range(0, entities, ENTITIES_IN_A_FILE):
        numbers = range(start, min(start + ENTITIES_IN_A_FILE, entities))
        file = folder / f"schemas/machines/machines/v1/machines_{start}_v1.proto"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(HEAD + "".join(ENTITY.format(number=number) for number in numbers))
    (folder / "buf.yaml").write_text(
        "version: v2\nmodules:\n  - path: schemas/fieldstone\n  - path: schemas/machines\n"
    )
    (folder / "pyproject.toml").write_text('[tool.fieldstone]\nregistry = "registry"\n')
    return folder
