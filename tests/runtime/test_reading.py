"""Recorded reads: which fields a program reads while its tests run, and the classes as they were afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fieldstone_runtime.reading import Reads, recorded
from google.protobuf import json_format
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryStepV1

from tests.cli.workspace import Repo

STEP = "telemetry.v1.TelemetryStepV1"
PROGRAM = """\
from google.protobuf import json_format
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryStepV1

def reads(step: TelemetryStepV1) -> object:
    step.reward = step.step_index  # step_index
    step.timestamp.FromSeconds(3)  # timestamp
    json_format.Parse("{}", TelemetryStepV1())
    if step.HasField("episode_seed"):  # episode_seed
        return step
    return [step.run_id for _ in range(2)], getattr(step, "game_id")  # run_id, game_id

def writes() -> bytes:
    step = TelemetryStepV1(run_id="r", reward=1)
    step.worker_id = "w"
    step.MergeFrom(TelemetryStepV1(seq_id=1))
    return TelemetryStepV1.FromString(step.SerializeToString()).SerializeToString()

def whole(step: TelemetryStepV1) -> str:
    return json_format.MessageToJson(step)  # *
"""
RUN = """\
from fieldstone_runtime.reading import recorded
from app.program import TelemetryStepV1, reads, whole, writes

with recorded("app") as found:
    reads(TelemetryStepV1(run_id="r"))
    whole(TelemetryStepV1())
    writes()
    TelemetryStepV1().action
found.write("reads.json")
assert "__getattribute__" not in TelemetryStepV1.__dict__
"""


def fields(reads: Reads) -> set[str]:
    return {name.removeprefix(f"{STEP}.") for name in reads.fields.get("telemetry", ())}


def write_program(root: Path) -> None:
    (root / "app").mkdir(parents=True)
    (root / "app" / "__init__.py").write_text("", "utf-8")
    (root / "app" / "program.py").write_text(PROGRAM, "utf-8")
    (root / "run.py").write_text(RUN, "utf-8")


@pytest.mark.parametrize("implementation", ["upb", "python"])
def test_reads_have_the_lines_of_the_program(implementation: str, tmp_path: Path) -> None:
    write_program(tmp_path)
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation}
    subprocess.run([sys.executable, "run.py"], cwd=tmp_path, env=environment, check=True)
    said = json.loads((tmp_path / "reads.json").read_text("utf-8"))
    expected: dict[str, list[str]] = {}
    for number, line in enumerate(PROGRAM.splitlines(), 1):
        for name in filter(None, line.partition("  # ")[2].split(", ")):
            expected.setdefault(f"{STEP}.{name}".removesuffix(".*"), []).append(f"app/program.py:{number}")

    assert said["releases"].keys() == {"telemetry"}
    assert {**said["read"]["telemetry"], **said["whole"]["telemetry"]} == expected


def test_contexts_overlap_and_end_with_an_error(tmp_path: Path) -> None:
    step = TelemetryStepV1(run_id="r")
    here, elsewhere = Path(__file__).parent, tmp_path
    with recorded(here) as outer, recorded(elsewhere) as other:
        with pytest.raises(ZeroDivisionError), recorded(here) as inner:
            print(step.reward / step.step_index)
        assert step.seq_id == 0
    assert step.run_id

    assert fields(inner) == {"reward", "step_index"}
    assert fields(outer) == {"reward", "step_index", "seq_id"}
    assert not fields(other)
    assert "__getattribute__" not in TelemetryStepV1.__dict__


def test_reads_of_every_thread_count() -> None:
    names = [field.name for field in TelemetryStepV1.DESCRIPTOR.fields]
    step = TelemetryStepV1()
    with recorded(Path(__file__).parent) as reads, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: getattr(step, name), names * 50))

    assert fields(reads) == {*names}


def test_an_attribute_that_is_not_there_raises_as_before() -> None:
    with recorded(Path(__file__).parent), pytest.raises(AttributeError):
        print(TelemetryStepV1().nothing)  # type: ignore[attr-defined]
    with recorded(Path(__file__).parent), pytest.raises(ValueError, match="no"):
        TelemetryStepV1().HasField("nothing")
    assert json_format.MessageToDict(TelemetryStepV1(run_id="r")) == {"runId": "r"}


def test_observed_reads_join_the_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = Repo(tmp_path, os.environ, capsys)
    for name, release, read in (("one", "1.5.0", "reward"), ("two", "1.5.0", "run_id"), ("old", "1.4.0", "seq_id")):
        found = {"day": "2026-11-29", "releases": {"telemetry": release}, "whole": {}}
        found["read"] = {"telemetry": {f"{STEP}.{read}": [f"app/{name}.py:3"]}}
        repo.write(f"{name}.json", json.dumps(found))
    who = ("--consumer", "billing", "--owner", "team-billing")
    ran = repo.run("uses", "observe", "one.json", "two.json", *who)
    mixed = repo.run("uses", "observe", "one.json", "old.json")
    other = repo.run("uses", "observe", "fieldstone.uses.toml")

    assert (ran.code, ran.out) == (0, "telemetry 1.5.0: 2 elements read\n")
    text = repo.read("fieldstone.uses.toml")
    assert 'rank = "observed"' in text
    assert f'"{STEP}.reward" = [\n    "app/one.py:3",\n]' in text
    assert "the recorded reads are of telemetry 1.5.0 and of 1.4.0" in mixed.error
    assert "fieldstone.uses.toml has no recorded reads" in other.error
    assert repo.read("fieldstone.uses.toml") == text
