"""Messages and records for the tests of the telemetry application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from telemetry_app.records import StepRecord
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer


def step_request(index: int = 0, **fields: Any) -> trainer.PublishRunStepsRequest:
    """A step as a worker sends it."""
    given = {"run_id": "r", "episode_id": "e", "step_index": index, "payload_version": 1, "observation_json": "0"}
    return trainer.PublishRunStepsRequest(step=trainer.RunStep(**{**given, **fields}))


def requests(count: int, **fields: Any) -> list[trainer.PublishRunStepsRequest]:
    """Steps of one episode, in order."""
    return [step_request(index, **fields) for index in range(count)]


def records(count: int, *, runs: int = 1, agents: int = 1, begin: int = 0) -> Iterator[StepRecord]:
    """Steps of runs that play side by side."""
    for number in range(begin, begin + count):
        lane, index = number % (runs * agents), number // (runs * agents)
        yield StepRecord(
            run_id=f"run-{lane % runs}",
            agent_id=f"agent-{lane // runs}",
            episode_id=f"{lane // runs}-{index // 100}",
            step_index=index % 100,
            action=index % 4,
            observation=[0.25, -1.0],
            reward=1.0,
            terminated=False,
            truncated=False,
            payload_version=1,
        )
