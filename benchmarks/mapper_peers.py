"""Mappers that people write by hand: as fast as this protobuf runtime lets them, in the usual style, and with peers.

The JSON of a record is written and read by the same calls as in generated code, so that what differs is the mapper.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fieldstone_runtime.json_values import dump_json, load_json  # type: ignore[import-not-found, unused-ignore]
from fieldstone_runtime.values import EPOCH  # type: ignore[import-not-found, unused-ignore]
from google.protobuf.timestamp_pb2 import Timestamp
from telemetry_app.records import EpisodeRollup, StepRecord  # type: ignore[import-not-found, unused-ignore]
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import (  # type: ignore[import-not-found, unused-ignore]
    TelemetryEpisodeV1,
    TelemetryStepV1,
)

_MOST_NANOS = 999_999_999


def best_to_step(record: StepRecord) -> TelemetryStepV1:  # noqa: C901, PLR0912 - one branch per optional field
    """The style that won: attributes, timestamps as integers in place, no call but of json."""
    dto = TelemetryStepV1()
    dto.run_id = record.run_id
    dto.episode_id = record.episode_id
    dto.step_index = record.step_index
    if (agent_id := record.agent_id) is not None:
        dto.agent_id = agent_id
    if (game_id := record.game_id) is not None:
        dto.game_id = game_id
    if (action := record.action) is not None:
        dto.action = dump_json(action).encode()
    if (observation := record.observation) is not None:
        dto.observation = dump_json(observation).encode()
    dto.reward = record.reward
    dto.terminated = record.terminated
    dto.truncated = record.truncated
    if (info := record.info) is not None:
        dto.info = dump_json(info).encode()
    if (render_payload := record.render_payload) is not None:
        dto.render_payload = render_payload
    if (render_hint := record.render_hint) is not None:
        dto.render_hint = dump_json(render_hint).encode()
    if (timestamp := record.timestamp) is not None:
        since = timestamp - EPOCH
        at = dto.timestamp
        at.seconds = since.days * 86400 + since.seconds
        at.nanos = since.microseconds * 1000
    if (episode_seed := record.episode_seed) is not None:
        dto.episode_seed = episode_seed
    if (frame_ref := record.frame_ref) is not None:
        dto.frame_ref = frame_ref
    dto.payload_version = record.payload_version
    if (seq_id := record.seq_id) is not None:
        dto.seq_id = seq_id
    if (worker_id := record.worker_id) is not None:
        dto.worker_id = worker_id
    if (time_step := record.time_step) is not None:
        dto.time_step = time_step
    if (space_signature := record.space_signature) is not None:
        dto.space_signature = dump_json(space_signature).encode()
    if (vector_metadata := record.vector_metadata) is not None:
        dto.vector_metadata = dump_json(vector_metadata).encode()
    return dto


def best_from_step(dto: TelemetryStepV1) -> StepRecord:
    """The style that won: slots stored one by one, a bound `HasField`, timestamps from integers."""
    has = dto.HasField
    record = object.__new__(StepRecord)
    record.run_id = dto.run_id
    record.episode_id = dto.episode_id
    record.step_index = dto.step_index
    record.agent_id = dto.agent_id if has("agent_id") else None
    record.game_id = dto.game_id if has("game_id") else None
    record.action = load_json(dto.action) if has("action") else None
    record.observation = load_json(observation) if (observation := dto.observation) else None
    record.reward = dto.reward
    record.terminated = dto.terminated
    record.truncated = dto.truncated
    record.info = load_json(dto.info) if has("info") else None
    record.render_payload = dto.render_payload if has("render_payload") else None
    record.render_hint = load_json(dto.render_hint) if has("render_hint") else None
    if has("timestamp"):
        at = dto.timestamp
        nanos = at.nanos
        if not 0 <= nanos <= _MOST_NANOS:
            raise ValueError(nanos)
        record.timestamp = EPOCH + timedelta(0, at.seconds, nanos // 1000)
    else:
        record.timestamp = None
    record.episode_seed = dto.episode_seed if has("episode_seed") else None
    record.frame_ref = dto.frame_ref if has("frame_ref") else None
    record.payload_version = dto.payload_version
    record.seq_id = dto.seq_id if has("seq_id") else None
    record.worker_id = dto.worker_id if has("worker_id") else None
    record.time_step = dto.time_step if has("time_step") else None
    record.space_signature = load_json(dto.space_signature) if has("space_signature") else None
    record.vector_metadata = load_json(dto.vector_metadata) if has("vector_metadata") else None
    return record


def best_to_episode(record: EpisodeRollup) -> TelemetryEpisodeV1:
    """As `best_to_step`."""
    dto = TelemetryEpisodeV1()
    dto.run_id = record.run_id
    dto.episode_id = record.episode_id
    dto.total_reward = record.total_reward
    dto.steps = record.steps
    dto.terminated = record.terminated
    dto.truncated = record.truncated
    if (metadata := record.metadata) is not None:
        dto.metadata = dump_json(metadata).encode()
    if (timestamp := record.timestamp) is not None:
        since = timestamp - EPOCH
        at = dto.timestamp
        at.seconds = since.days * 86400 + since.seconds
        at.nanos = since.microseconds * 1000
    if (agent_id := record.agent_id) is not None:
        dto.agent_id = agent_id
    if (game_id := record.game_id) is not None:
        dto.game_id = game_id
    if (seq_id := record.seq_id) is not None:
        dto.seq_id = seq_id
    if (worker_id := record.worker_id) is not None:
        dto.worker_id = worker_id
    return dto


def best_from_episode(dto: TelemetryEpisodeV1) -> EpisodeRollup:
    """As `best_from_step`."""
    has = dto.HasField
    record = object.__new__(EpisodeRollup)
    record.run_id = dto.run_id
    record.episode_id = dto.episode_id
    record.total_reward = dto.total_reward
    record.steps = dto.steps
    record.terminated = dto.terminated
    record.truncated = dto.truncated
    record.metadata = load_json(dto.metadata) if has("metadata") else None
    if has("timestamp"):
        at = dto.timestamp
        nanos = at.nanos
        if not 0 <= nanos <= _MOST_NANOS:
            raise ValueError(nanos)
        record.timestamp = EPOCH + timedelta(0, at.seconds, nanos // 1000)
    else:
        record.timestamp = None
    record.agent_id = dto.agent_id if has("agent_id") else None
    record.game_id = dto.game_id if has("game_id") else None
    record.seq_id = dto.seq_id if has("seq_id") else None
    record.worker_id = dto.worker_id if has("worker_id") else None
    return record


def json_bytes(value: Any) -> bytes | None:
    """JSON, or nothing."""
    return None if value is None else dump_json(value).encode()


def timestamp_of(value: datetime | None) -> Timestamp | None:
    """A Timestamp, or nothing."""
    if value is None:
        return None
    made = Timestamp()
    made.FromDatetime(value)
    return made


def usual_to_step(record: StepRecord) -> TelemetryStepV1:
    """The usual style: all by keyword, and `FromDatetime`."""
    return TelemetryStepV1(
        run_id=record.run_id,
        episode_id=record.episode_id,
        step_index=record.step_index,
        agent_id=record.agent_id,
        game_id=record.game_id,
        action=json_bytes(record.action),
        observation=json_bytes(record.observation),
        reward=record.reward,
        terminated=record.terminated,
        truncated=record.truncated,
        info=json_bytes(record.info),
        render_payload=record.render_payload,
        render_hint=json_bytes(record.render_hint),
        timestamp=timestamp_of(record.timestamp),
        episode_seed=record.episode_seed,
        frame_ref=record.frame_ref,
        payload_version=record.payload_version,
        seq_id=record.seq_id,
        worker_id=record.worker_id,
        time_step=record.time_step,
        space_signature=json_bytes(record.space_signature),
        vector_metadata=json_bytes(record.vector_metadata),
    )


def usual_from_step(dto: TelemetryStepV1) -> StepRecord:
    """The usual style: all by keyword, and `ToDatetime`."""
    return StepRecord(
        run_id=dto.run_id,
        episode_id=dto.episode_id,
        step_index=dto.step_index,
        reward=dto.reward,
        terminated=dto.terminated,
        truncated=dto.truncated,
        payload_version=dto.payload_version,
        timestamp=dto.timestamp.ToDatetime(tzinfo=UTC) if dto.HasField("timestamp") else None,
        agent_id=dto.agent_id if dto.HasField("agent_id") else None,
        game_id=dto.game_id if dto.HasField("game_id") else None,
        action=load_json(dto.action) if dto.HasField("action") else None,
        observation=load_json(dto.observation) if dto.observation else None,
        info=load_json(dto.info) if dto.HasField("info") else None,
        render_payload=dto.render_payload if dto.HasField("render_payload") else None,
        render_hint=load_json(dto.render_hint) if dto.HasField("render_hint") else None,
        episode_seed=dto.episode_seed if dto.HasField("episode_seed") else None,
        frame_ref=dto.frame_ref if dto.HasField("frame_ref") else None,
        seq_id=dto.seq_id if dto.HasField("seq_id") else None,
        worker_id=dto.worker_id if dto.HasField("worker_id") else None,
        time_step=dto.time_step if dto.HasField("time_step") else None,
        space_signature=load_json(dto.space_signature) if dto.HasField("space_signature") else None,
        vector_metadata=load_json(dto.vector_metadata) if dto.HasField("vector_metadata") else None,
    )


def usual_to_episode(record: EpisodeRollup) -> TelemetryEpisodeV1:
    """As `usual_to_step`."""
    return TelemetryEpisodeV1(
        run_id=record.run_id,
        episode_id=record.episode_id,
        total_reward=record.total_reward,
        steps=record.steps,
        terminated=record.terminated,
        truncated=record.truncated,
        metadata=json_bytes(record.metadata),
        timestamp=timestamp_of(record.timestamp),
        agent_id=record.agent_id,
        game_id=record.game_id,
        seq_id=record.seq_id,
        worker_id=record.worker_id,
    )


def usual_from_episode(dto: TelemetryEpisodeV1) -> EpisodeRollup:
    """As `usual_from_step`."""
    return EpisodeRollup(
        run_id=dto.run_id,
        episode_id=dto.episode_id,
        total_reward=dto.total_reward,
        steps=dto.steps,
        terminated=dto.terminated,
        truncated=dto.truncated,
        metadata=load_json(dto.metadata) if dto.HasField("metadata") else None,
        timestamp=dto.timestamp.ToDatetime(tzinfo=UTC) if dto.HasField("timestamp") else None,
        agent_id=dto.agent_id if dto.HasField("agent_id") else None,
        game_id=dto.game_id if dto.HasField("game_id") else None,
        seq_id=dto.seq_id if dto.HasField("seq_id") else None,
        worker_id=dto.worker_id if dto.HasField("worker_id") else None,
    )
