"""What the application says where TelemetryStepV2 cannot be derived from TelemetryStepV1."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from telemetry_app.boundary.spaces import space_value
from telemetry_app.boundary.step_v2 import render, to_step_v2, vector_index
from telemetry_app.records import StepRecord
from telemetry_contracts.telemetry.v2 import telemetry_v2_pb2 as v2
from telemetry_contracts.telemetry.v2.telemetry_query_v2_pb2 import ListStepsResponse
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
    if kind is None:
        return int(message.integer) if message.integer else None
    return getattr(message, kind)


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
        (2**63 - 1, "discrete"),
        (-(2**63), "discrete"),
        (2**63, "integer"),
        (-(2**63) - 1, "integer"),
        (10**400, "integer"),
        ([2**64 - 1, 2**63], "tensor"),
        ([2**64 - 1, 0], "tuple"),
        ([2**64], "tuple"),
        ([2**63 + 1, -1], "tuple"),
        ([2**53 + 1, 0.5], "tuple"),
        ([[2**53, 0.5], [1e300, 1]], "tensor"),
        ({"seed": 2**70}, "dict"),
    ],
)
def test_values_of_spaces(value: Any, kind: str) -> None:
    found = space_value(json.dumps(value).encode())
    assert found is not None
    assert (found.WhichOneof("kind") or "integer") == kind
    assert (found.integer == "") == (kind != "integer")
    assert value_of(found) == value


def test_no_value() -> None:
    assert space_value(None) is None
    assert space_value(b"") is None
    assert space_value(b"null") is None


def nested(levels: int, value: Any, *, as_dict: bool = False) -> Any:
    for _ in range(levels):
        value = {"a": value} if as_dict else [value, "b"]
    return value


def step_with(**fields: Any) -> StepRecord:
    given: dict[str, Any] = {
        "run_id": "r",
        "episode_id": "e",
        "step_index": 1,
        "reward": 1.0,
        "terminated": True,
        "truncated": False,
    }
    return StepRecord(**given, payload_version=1, **fields)


def test_a_step() -> None:
    given: dict[str, Any] = {
        "action": 2,
        "observation": [0.5],
        "frame_ref": "s3://frames/1",
        "render_hint": {"scale": 2},
    }
    step = to_step_v2(to_dto_step(step_with(**given, vector_metadata={"index": 3}, info={"p": 0.5, "seed": 2**60})))
    assert step.action.discrete == 2
    assert value_of(step.observation) == [0.5]
    assert step.episode_end == v2.EPISODE_END_TERMINATED
    assert step.render.frame_ref == "s3://frames/1"
    assert dict(step.render.hint) == {"scale": 2}
    assert step.vector_index == 3
    assert dict(step.info) == {"p": 0.5, "seed": 2**60}
    assert not step.omitted_fields


@pytest.mark.parametrize(
    ("field", "value", "omitted"),
    [
        ("info", [1], "info"),
        ("info", {"seed": 2**53 + 1}, "info"),
        ("info", {"far": [{"seed": 10**400}]}, "info"),
        ("info", nested(60, 1), "info"),
        ("render_hint", "large", "render.hint"),
        ("render_hint", {"texture": -(2**60) - 1}, "render.hint"),
        ("vector_metadata", {"index": 2**31}, "vector_index"),
        ("observation", nested(50, "x"), "observation"),
        ("observation", nested(33, "x", as_dict=True), "observation"),
        ("action", nested(900, "x"), "action"),
        ("action", nested(100, 1, as_dict=True), "action"),
    ],
)
def test_a_field_that_has_no_place_is_named_and_the_rest_is_told(field: str, value: Any, omitted: str) -> None:
    given: dict[str, Any] = {
        "action": 1,
        "observation": 2,
        "info": {},
        "frame_ref": "f",
        "vector_metadata": {"index": 0},
    }
    step = to_step_v2(to_dto_step(step_with(**given | {field: value})))
    assert step.omitted_fields == [omitted]
    whole = to_step_v2(to_dto_step(step_with(**given)))
    whole.ClearField(omitted.partition(".")[0])
    step.ClearField("omitted_fields")
    step.ClearField(omitted.partition(".")[0])
    assert step == whole


def test_several_fields_that_have_no_place() -> None:
    step = to_step_v2(to_dto_step(step_with(info=1, action=nested(50, 1), render_hint=[], observation=7)))
    assert step.omitted_fields == ["action", "info", "render.hint"]
    assert step.observation.discrete == 7


@pytest.mark.parametrize(("levels", "as_dict"), [(49, False), (31, True)])
def test_what_is_told_is_read(levels: int, *, as_dict: bool) -> None:
    value = nested(levels, "x", as_dict=as_dict)
    step = to_step_v2(to_dto_step(step_with(observation=value)))
    assert not step.omitted_fields
    page = ListStepsResponse.FromString(ListStepsResponse(steps=[step]).SerializeToString())
    assert value_of(page.steps[0].observation) == value


def test_what_was_not_said_stays_unsaid() -> None:
    assert render(None, None, None) is None
    hinted = render(None, None, b"{}")
    assert hinted is not None
    assert hinted.WhichOneof("frame") is None
    assert vector_index(None) is None
    assert vector_index(b'{"others": 2}') is None
