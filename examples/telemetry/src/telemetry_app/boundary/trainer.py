"""Between the trainer's own messages and its records."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fieldstone_runtime.values import read_timestamp
from trainer_contracts.trainer.v1.telemetry_pb2 import RunEpisode, RunStep

from telemetry_app.records import EpisodeRollup, StepRecord

PAYLOAD_VERSIONS = frozenset({1})
"""The layouts of the JSON texts that this code reads."""


class RefusedError(ValueError):
    """A message that cannot be taken; its text says which field, and why."""


def step_record(step: RunStep) -> StepRecord:
    """The record of a step.

    Raises:
        RefusedError: a key is empty or negative, a JSON text is none, the time cannot be held, or the
            layout is unknown.
    """
    _keyed(step)
    if step.step_index < 0:
        raise RefusedError(f"step_index must be 0 or more, and is {step.step_index}")
    if step.payload_version not in PAYLOAD_VERSIONS:
        known = ", ".join(map(str, sorted(PAYLOAD_VERSIONS)))
        raise RefusedError(f"payload_version {step.payload_version} is unknown here; this hub reads {known}")
    return StepRecord(
        run_id=step.run_id,
        episode_id=step.episode_id,
        step_index=step.step_index,
        agent_id=_given(step, "agent_id"),
        game_id=_given(step, "game_id"),
        action=_value(step, "action_json"),
        observation=_value(step, "observation_json"),
        reward=step.reward,
        terminated=step.terminated,
        truncated=step.truncated,
        info=_value(step, "info_json"),
        render_payload=_given(step, "render_payload"),
        render_hint=_value(step, "render_hint_json"),
        timestamp=_time(step),
        episode_seed=_given(step, "episode_seed"),
        frame_ref=_given(step, "frame_ref"),
        payload_version=step.payload_version,
        worker_id=_given(step, "worker_id"),
        time_step=_given(step, "time_step"),
    )


def episode_record(episode: RunEpisode) -> EpisodeRollup:
    """The record of an episode.

    Raises:
        RefusedError: as for `step_record`.
    """
    _keyed(episode)
    return EpisodeRollup(
        run_id=episode.run_id,
        episode_id=episode.episode_id,
        total_reward=episode.total_reward,
        steps=episode.steps,
        terminated=episode.terminated,
        truncated=episode.truncated,
        metadata=_value(episode, "metadata_json"),
        timestamp=_time(episode),
        agent_id=_given(episode, "agent_id"),
        game_id=_given(episode, "game_id"),
        worker_id=_given(episode, "worker_id"),
    )


def step_message(record: StepRecord) -> RunStep:
    """The message of a step's record."""
    message = RunStep(
        run_id=record.run_id,
        episode_id=record.episode_id,
        step_index=record.step_index,
        agent_id=record.agent_id,
        game_id=record.game_id,
        action_json=_text(record.action),
        observation_json=_text(record.observation) or "",
        reward=record.reward,
        terminated=record.terminated,
        truncated=record.truncated,
        info_json=_text(record.info),
        render_payload=record.render_payload,
        render_hint_json=_text(record.render_hint),
        episode_seed=record.episode_seed,
        frame_ref=record.frame_ref,
        payload_version=record.payload_version,
        seq_id=record.seq_id,
        worker_id=record.worker_id,
        time_step=record.time_step,
    )
    if record.timestamp is not None:
        message.timestamp.FromDatetime(record.timestamp)
    return message


def _keyed(message: RunStep | RunEpisode) -> None:
    for name in ("run_id", "episode_id"):
        if not getattr(message, name):
            raise RefusedError(f"{name} is empty")


def _given(message: RunStep | RunEpisode, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _value(message: RunStep | RunEpisode, name: str) -> Any:
    text = getattr(message, name)
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{name} is no JSON: {error}") from error


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"))


def _time(message: RunStep | RunEpisode) -> datetime | None:
    if not message.HasField("timestamp"):
        return None
    try:
        return read_timestamp(message.timestamp)
    except (ValueError, OverflowError) as error:
        raise RefusedError(f"timestamp cannot be held: {error}") from error
