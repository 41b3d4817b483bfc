"""TelemetryMapper: between the application's records and the DTOs that other teams read."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from fieldstone_runtime.errors import ValueRefusedError
from telemetry_app.records import EpisodeRollup, StepRecord
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryEpisodeV1, TelemetryStepV1
from telemetry_storage import mapper
from telemetry_storage.mapper import TelemetryMapper

AT = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
STEP: dict[str, Any] = {
    "run_id": "r",
    "episode_id": "e",
    "step_index": 3,
    "reward": -0.0,
    "terminated": False,
    "truncated": True,
    "payload_version": 1,
}
OPTIONAL: dict[str, Any] = {
    "timestamp": AT,
    "agent_id": "",
    "game_id": "FrozenLake-v1",
    "action": 0,
    "observation": [0.25, None, {"at": "ü"}],
    "info": {},
    "render_payload": b"",
    "render_hint": {"scale": 2},
    "episode_seed": 0,
    "frame_ref": "s3://frames/1",
    "seq_id": 2**63 - 1,
    "worker_id": "w",
    "time_step": -(2**63),
    "space_signature": "Discrete(16)",
    "vector_metadata": {"index": 3},
}
EPISODE: dict[str, Any] = {
    "run_id": "r",
    "episode_id": "e",
    "total_reward": 1.5,
    "steps": 7,
    "terminated": True,
    "truncated": False,
}


@pytest.mark.parametrize("name", [None, *OPTIONAL])
def test_a_step_there_and_back(name: str | None) -> None:
    step = StepRecord(**STEP, **({} if name is None else {name: OPTIONAL[name]}))
    dto = TelemetryMapper.to_dto_step(step)
    assert TelemetryMapper.from_dto_step(TelemetryStepV1.FromString(dto.SerializeToString())) == step
    assert {field.name for field, _ in dto.ListFields()} - STEP.keys() == ({name} if name else set())


@pytest.mark.parametrize("given", [{}, {"metadata": {"seed": 1}, "timestamp": AT, "agent_id": "a", "seq_id": 0}])
def test_an_episode_there_and_back(given: dict[str, Any]) -> None:
    episode = EpisodeRollup(**EPISODE, **given)
    dto = TelemetryMapper.to_dto_episode(episode)
    assert TelemetryMapper.from_dto_episode(TelemetryEpisodeV1.FromString(dto.SerializeToString())) == episode


def test_nan_is_kept_and_a_negative_zero_stays_negative() -> None:
    step = TelemetryMapper.from_dto_step(TelemetryMapper.to_dto_step(StepRecord(**STEP | {"reward": math.nan})))
    assert math.isnan(step.reward)
    zero = TelemetryMapper.from_dto_step(TelemetryMapper.to_dto_step(StepRecord(**STEP)))
    assert math.copysign(1, zero.reward) == -1


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("step_index", 2**63), ("run_id", 7), ("timestamp", AT.replace(tzinfo=None)), ("reward", "x")],
)
def test_what_the_contract_cannot_hold_is_refused_by_name(attribute: str, value: Any) -> None:
    with pytest.raises(ValueRefusedError, match=rf"StepRecord\.{attribute} must be "):
        TelemetryMapper.to_dto_step(StepRecord(**STEP | {attribute: value}))


def test_its_methods_are_the_functions_of_the_module() -> None:
    names = [name for name in vars(TelemetryMapper) if not name.startswith("_")]
    assert {"to_dto_step", "from_dto_step", "to_dto_episode", "from_dto_episode"} <= set(names)
    assert all(getattr(TelemetryMapper, name) is getattr(mapper, name) for name in names)
