"""The records of the trainer's own code: free to change, and never sent to another team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class StepRecord:
    """One step of an agent in an environment."""

    run_id: str
    episode_id: str
    step_index: int
    reward: float
    terminated: bool
    truncated: bool
    payload_version: int
    timestamp: datetime | None = None
    agent_id: str | None = None
    game_id: str | None = None
    action: Any = None
    observation: Any = None
    info: Any = None
    render_payload: bytes | None = None
    render_hint: Any = None
    episode_seed: int | None = None
    frame_ref: str | None = None
    seq_id: int | None = None
    worker_id: str | None = None
    time_step: int | None = None
    space_signature: Any = None
    vector_metadata: Any = None


@dataclass(slots=True, kw_only=True)
class EpisodeRollup:
    """One finished episode of an agent."""

    run_id: str
    episode_id: str
    total_reward: float
    steps: int
    terminated: bool
    truncated: bool
    metadata: Any = None
    timestamp: datetime | None = None
    agent_id: str | None = None
    game_id: str | None = None
    seq_id: int | None = None
    worker_id: str | None = None
