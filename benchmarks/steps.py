"""The telemetry that is measured: steps with little, the usual and everything in them, and episodes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from telemetry_app.records import EpisodeRollup, StepRecord  # type: ignore[import-not-found, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 11, 23, 13, 17, 5, 250125, tzinfo=UTC)


def sparse(number: int) -> StepRecord:
    """What every step has."""
    return StepRecord(
        run_id="run-2026-11-23-a",
        episode_id=f"episode-{number // 500:06d}",
        step_index=number,
        reward=number / 7 - 3.0,
        terminated=number % 500 == 499,
        truncated=False,
        payload_version=1,
        timestamp=START + timedelta(milliseconds=37 * number, microseconds=number % 1000),
    )


def typical(number: int) -> StepRecord:
    """What most steps have."""
    return replace(
        sparse(number),
        agent_id="agent-0",
        worker_id=f"worker-{number % 4}",
        seq_id=1_000_000 + number,
        time_step=40_000 + number,
        episode_seed=number // 500,
    )


def full(number: int) -> StepRecord:
    """All but JSON."""
    return replace(
        typical(number),
        game_id="CartPole-v1",
        render_payload=bytes(range(200)),
        frame_ref=f"frames/run-2026-11-23-a/{number:08d}.png",
    )


def with_json(record: StepRecord) -> StepRecord:
    """The step with an action of a number, an observation of some 200 bytes and an info of some 60."""
    rng = random.Random(record.step_index)
    return replace(
        record,
        action=rng.randrange(4),
        observation=[rng.uniform(-2.4, 2.4) for _ in range(10)],
        info={"lives": 3, "score": rng.randrange(1000), "label": "späte Runde", "terminal": False},
    )


def with_all_json(record: StepRecord) -> StepRecord:
    """The step with JSON wherever it can be."""
    return replace(
        with_json(record),
        render_hint={"mode": "rgb_array", "width": 160, "height": 120},
        space_signature={"observation": {"shape": [10], "dtype": "float32"}, "action": {"n": 4}},
        vector_metadata={"index": 2, "of": 8, "seed": 77},
    )


KINDS: dict[str, Callable[[int], Any]] = {
    "step sparse, no JSON": sparse,
    "step typical, no JSON": typical,
    "step full, no JSON": full,
    "step sparse, JSON": lambda number: with_json(sparse(number)),
    "step typical, JSON": lambda number: with_json(typical(number)),
    "step full, JSON": lambda number: with_all_json(full(number)),
}
"""By name: the step with a number."""


def episode(number: int) -> EpisodeRollup:
    """An episode without metadata: nothing of it is JSON."""
    return EpisodeRollup(
        run_id="run-2026-11-23-a",
        episode_id=f"episode-{number:06d}",
        total_reward=number / 3,
        steps=500 - number,
        terminated=True,
        truncated=False,
        timestamp=START + timedelta(seconds=number),
        agent_id="agent-0",
        seq_id=2_000_000 + number,
        worker_id="worker-1",
    )
