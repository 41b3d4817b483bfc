"""A scan of Python code: every typed use with its line, and what no type tells as not seen."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest

from fieldstone.errors import Invalid, NotFound
from fieldstone.scanning.python import scan

STEP = "telemetry.v1.TelemetryStepV1"
CODE = {
    "reads.py": """\
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryStepV1

def total(steps: list[TelemetryStepV1]) -> float:
    return sum(s.reward for s in steps)  # read reward

def asks(s: TelemetryStepV1) -> object:
    if s.HasField("episode_seed"):  # read episode_seed
        return getattr(s, "seq_id")  # read seq_id
    s.step_index += 1  # read step_index, write step_index
    if s.game_id:  # read game_id
        return s.timestamp.seconds  # read timestamp
    match s:
        case TelemetryStepV1(worker_id=w):  # read worker_id
            return w
""",
    "writes.py": """\
from telemetry_contracts.telemetry.v1 import telemetry_v1_pb2 as pb

def made() -> pb.TelemetryStepV1:
    step = pb.TelemetryStepV1(run_id="a", step_index=3)  # write run_id, write step_index
    step.agent_id = "x"  # write agent_id
    step.timestamp.FromSeconds(4)  # write timestamp
    step.ClearField("game_id")  # write game_id
    other = pb.TelemetryStepV1()
    other.CopyFrom(step)
    other.ParseFromString(step.SerializeToString())
    return other
""",
    "whole.py": """\
import logging

from google.protobuf import json_format
from telemetry_contracts.telemetry.v1 import telemetry_v1_pb2 as pb

def out(s: pb.TelemetryStepV1, others: list[pb.TelemetryStepV1]) -> bool:
    json_format.MessageToDict(s)  # whole
    logging.info("%s", s)  # whole
    print(f"{s}")  # whole
    print("%s" % s)  # whole
    s.ListFields()  # whole
    return s == others[0]  # whole
""",
    "hidden.py": """\
from typing import Any

from telemetry_contracts.telemetry.v1 import telemetry_v1_pb2 as pb

def untyped(x):
    return x.terminated  # unseen

def escaped(x: Any, name: str, s: pb.TelemetryStepV1, **more: Any) -> None:
    x.truncated = True  # unseen
    x.unrelated()
    getattr(s, name)  # unseen
    getattr(x, "reward")  # unseen
    pb.TelemetryStepV1(**more)  # unseen
    print(pb.TelemetryStepV1.REWARD_FIELD_NUMBER)  # unseen
""",
    "calls.py": """\
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2_grpc as stubs
from telemetry_contracts.telemetry.v1.telemetry_query_v1_client import TelemetryQueryServiceClient

def ask(client: TelemetryQueryServiceClient) -> bool:
    return client.get_step(run_id="1").step.truncated

class Servicer(stubs.TelemetryQueryServiceServicer):
    def ListSteps(self, request, context):
        raise NotImplementedError
""",
    "lookalike.py": """\
class Step:
    reward = 1.0

def total(s: Step) -> float:
    return s.reward
""",
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consumer")
    (folder / "app").mkdir()
    for name, code in CODE.items():
        (folder / "app" / name).write_text(code, "utf-8")
    return folder


def expected(name: str) -> dict[int, set[str]]:
    """What the comments in a file say about its lines."""
    found: dict[int, set[str]] = defaultdict(set)
    for number, line in enumerate(CODE[name].splitlines(), 1):
        for words in filter(None, line.partition("  # ")[2].split(", ")):
            found[number].add(words)
    return found


def test_every_line_is_what_its_comment_says(root: Path) -> None:
    found = scan(root, ["app"], sys.executable)
    seen: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for use in found.uses:
        short = use.name.removeprefix(STEP).removeprefix(".")
        seen[Path(use.path).name][use.line].add(f"{use.how.value} {short}".strip())
    for one in found.unseen:
        seen[Path(one.path).name][one.line].add("unseen")

    assert found.files == len(CODE)
    assert found.releases["telemetry"]
    for name in ("reads.py", "writes.py", "whole.py", "hidden.py", "lookalike.py"):
        assert seen[name] == expected(name), name
    assert {words for line in seen["calls.py"].values() for words in line} == {
        "read telemetry.v1.TelemetryQueryService.GetStep",
        "write telemetry.v1.GetStepRequest.run_id",
        "read telemetry.v1.GetStepResponse.step",
        "read truncated",
        "write telemetry.v1.TelemetryQueryService.ListSteps",
    }


def test_code_that_does_not_parse_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def f(:\n", "utf-8")

    with pytest.raises(Invalid, match=r"broken\.py:1"):
        scan(tmp_path, ["broken.py"], sys.executable)


def test_a_python_without_mypy_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no Python at"):
        scan(tmp_path, ["."], str(tmp_path / "python"))
