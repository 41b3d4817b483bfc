"""What the application says where TelemetryStepV2 cannot be derived from TelemetryStepV1."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from telemetry_app.boundary.step_v2 import render, space_value, to_step_v2, vector_index
from telemetry_app.records import StepRecord
from telemetry_contracts.telemetry.v2 import telemetry_v2_pb2 as v2
from telemetry_storage.mapper import to_dto_step


def value_of(message: v2.SpaceValueV2) -> Any:
    """What a consumer reads of it, with arrays as lists."""
    kind = message.WhichOneof("kind")
    if kind == "tensor":
        tensor = message.tensor
        return np.frombuffer(tensor.data, np.dtype(tensor.dtype).newbyteorder("<")).reshape(tensor.shape).tolist()
    if kind == "tuple":
        return [value_of(item) for item in message.tuple.items]
    if kind == "dict":
        return {key: value_of(item) for key, item in message.dict.entries.items()}
    return getattr(message, kind) if kind else None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3, "discrete"),
        (True, "discrete"),
        (0.5, "tensor"),
        ([0.25, -1.0], "tensor"),
        ([[1, 2, 3], [4, 5, 6]], "tensor"),
        ([], "tensor"),
        ("left", "text"),
        ([1, "left"], "tuple"),
        ([[1], [1, 2]], "tuple"),
        ({"at": [1, 2], "held": {"what": "key"}}, "dict"),
    ],
)
def test_values_of_spaces(value: Any, kind: str) -> None:
    found = space_value(json.dumps(value).encode())
    assert found is not None
    assert found.WhichOneof("kind") == kind
    assert value_of(found) == value


def test_no_value() -> None:
    assert space_value(None) is None
    assert space_value(b"") is None
    assert space_value(b"null") is None


def test_an_integer_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        space_value(str(2**70).encode())
    with pytest.raises(ValueError, match="out of range"):
        space_value(f"[{2**70}]".encode())


def test_a_step() -> None:
    record = StepRecord(
        run_id="r",
        episode_id="e",
        step_index=1,
        action=2,
        observation=[0.5],
        reward=1.0,
        terminated=True,
        truncated=False,
        payload_version=1,
        frame_ref="s3://frames/1",
        render_hint={"scale": 2},
        vector_metadata={"index": 3},
    )
    step = to_step_v2(to_dto_step(record))
    assert step.action.discrete == 2
    assert value_of(step.observation) == [0.5]
    assert step.episode_end == v2.EPISODE_END_TERMINATED
    assert step.render.frame_ref == "s3://frames/1"
    assert dict(step.render.hint) == {"scale": 2}
    assert step.vector_index == 3


def test_what_was_not_said_stays_unsaid() -> None:
    assert render(None, None, None) is None
    hinted = render(None, None, b"{}")
    assert hinted is not None
    assert hinted.WhichOneof("frame") is None
    assert vector_index(None) is None
    assert vector_index(b'{"others": 2}') is None
