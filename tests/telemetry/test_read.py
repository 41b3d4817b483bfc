"""The read API of a hub, in both versions: every step is told, whatever its values are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
from telemetry_app.records import StepRecord
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2 as q1
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2_grpc as v1
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2 as q2
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2_grpc as v2
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from tests.telemetry.running import running_hub

VALUES: list[dict[str, Any]] = [
    {"observation": 1},
    {"observation": 2**63},
    {"observation": [2**64, -1]},
    {"observation": 1, "info": [1]},
    {"observation": 1, "info": {"seed": 2**60 + 1}, "render_hint": 7},
    {"observation": 1, "vector_metadata": {"index": 2**40}},
    {"observation": [[[[1, "x"]]]]},
]


def stored(database: Path) -> None:
    """Two episodes whose steps were played in turns, the second one backwards."""
    repository = SQLiteTelemetryRepository(database)
    repository.migrate()
    for index, fields in enumerate(VALUES):
        for number, seq in ((0, 2 * index + 1), (1, 2 * (len(VALUES) - index))):
            given: dict[str, Any] = {
                "run_id": "r",
                "episode_id": f"e{number}",
                "step_index": index,
                "seq_id": seq,
            } | fields
            record = StepRecord(**given, reward=1, terminated=False, truncated=False, payload_version=1)
            repository.add_step(record)
    repository.close()


def test_steps_that_v2_cannot_hold_fail_no_page_and_no_stream(tmp_path: Path) -> None:
    stored(tmp_path / "t.db")
    with running_hub(tmp_path / "t.db") as running, grpc.insecure_channel(running.address) as channel:
        stub = v2.TelemetryQueryServiceStub(channel)
        page = stub.ListSteps(q2.ListStepsRequest(run_id="r"))
        streamed = [answer.step for answer in stub.StreamEpisodeSteps(q2.StreamEpisodeStepsRequest(**key("e0")))]
        one = stub.GetStep(q2.GetStepRequest(**key("e1"), step_index=1)).step
    assert len(page.steps) == 2 * len(VALUES)
    assert [step.step_index for step in streamed] == list(range(len(VALUES)))
    assert one.observation.integer == str(2**63)
    assert streamed[2].observation.tuple.items[0].integer == str(2**64)
    omitted = [list(step.omitted_fields) for step in streamed]
    assert omitted == [[], [], [], ["info"], ["info", "render.hint"], ["vector_index"], []]


def test_a_replay_is_in_the_order_of_positions_and_goes_on_after_a_token(tmp_path: Path) -> None:
    stored(tmp_path / "t.db")
    whole = range(1, 2 * len(VALUES) + 1)
    with running_hub(tmp_path / "t.db") as running, grpc.insecure_channel(running.address) as channel:
        stub = v1.TelemetryQueryServiceStub(channel)
        answers = list(stub.ReplaySteps(q1.ReplayStepsRequest(run_id="r")))
        assert [answer.step.seq_id for answer in answers] == list(whole)
        after = q1.ReplayStepsRequest(run_id="r", page_token=answers[4].next_page_token)
        assert [answer.step.seq_id for answer in stub.ReplaySteps(after)] == list(whole[5:])
        between = q1.ReplayStepsRequest(run_id="r", from_seq=3, before_seq=6)
        assert [answer.step.seq_id for answer in stub.ReplaySteps(between)] == [3, 4, 5]
        second = v2.TelemetryQueryServiceStub(channel).ReplaySteps(q2.ReplayStepsRequest(run_id="r", from_seq=10))
        assert [answer.step.seq_id for answer in second] == list(whole[9:])
        ranged = q1.StreamEpisodeStepsRequest(**key("e1"), from_step=2, before_step=4)
        assert [answer.step.step_index for answer in stub.StreamEpisodeSteps(ranged)] == [2, 3]


def key(episode_id: str) -> dict[str, Any]:
    return {"run_id": "r", "episode_id": episode_id}
