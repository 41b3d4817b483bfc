"""Peers with another protobuf runtime or another form: betterproto2, and json_format of protobuf itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from fieldstone_runtime.json_values import load_json  # type: ignore[import-not-found, unused-ignore]
from telemetry_app.records import StepRecord  # type: ignore[import-not-found, unused-ignore]

from benchmarks.generated_code import BIN, ROOT
from benchmarks.mapper_peers import json_bytes


def betterproto_step(scratch: Path) -> Any:
    """The class of a step that betterproto2's compiler makes of the contract."""
    schemas, out = scratch / "schemas", scratch / "betterproto"
    shutil.copytree(ROOT / "schemas", schemas)
    contract = schemas / "telemetry/telemetry/v1/telemetry_v1.proto"
    # A deprecated message would warn whenever one is made, which takes longer than making it.
    contract.write_text(re.sub(r"^ *option deprecated = true;\n", "", contract.read_text(), flags=re.MULTILINE))
    target = out / "betterproto_telemetry"
    target.mkdir(parents=True)
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{schemas / 'telemetry'}", f"-I{schemas / 'fieldstone'}"]
    subprocess.run(
        [*command, f"--python_betterproto2_out={target}", "telemetry/v1/telemetry_v1.proto"],
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
    sys.path.insert(0, str(out))
    return import_module("betterproto_telemetry.telemetry.v1").TelemetryStepV1


def betterproto_to_step(record: StepRecord, step: Any) -> Any:
    """A step of betterproto2, whose Timestamps are datetimes."""
    return step(
        run_id=record.run_id,
        episode_id=record.episode_id,
        step_index=record.step_index,
        agent_id=record.agent_id,
        game_id=record.game_id,
        action=json_bytes(record.action),
        observation=json_bytes(record.observation) or b"",
        reward=record.reward,
        terminated=record.terminated,
        truncated=record.truncated,
        info=json_bytes(record.info),
        render_payload=record.render_payload,
        render_hint=json_bytes(record.render_hint),
        timestamp=record.timestamp,
        episode_seed=record.episode_seed,
        frame_ref=record.frame_ref,
        payload_version=record.payload_version,
        seq_id=record.seq_id,
        worker_id=record.worker_id,
        time_step=record.time_step,
        space_signature=json_bytes(record.space_signature),
        vector_metadata=json_bytes(record.vector_metadata),
    )


def betterproto_from_step(dto: Any) -> StepRecord:
    """The record of a step of betterproto2."""
    return StepRecord(
        run_id=dto.run_id,
        episode_id=dto.episode_id,
        step_index=dto.step_index,
        reward=dto.reward,
        terminated=dto.terminated,
        truncated=dto.truncated,
        payload_version=dto.payload_version,
        timestamp=dto.timestamp,
        agent_id=dto.agent_id,
        game_id=dto.game_id,
        action=None if dto.action is None else load_json(dto.action),
        observation=load_json(dto.observation) if dto.observation else None,
        info=None if dto.info is None else load_json(dto.info),
        render_payload=dto.render_payload,
        render_hint=None if dto.render_hint is None else load_json(dto.render_hint),
        episode_seed=dto.episode_seed,
        frame_ref=dto.frame_ref,
        seq_id=dto.seq_id,
        worker_id=dto.worker_id,
        time_step=dto.time_step,
        space_signature=None if dto.space_signature is None else load_json(dto.space_signature),
        vector_metadata=None if dto.vector_metadata is None else load_json(dto.vector_metadata),
    )
