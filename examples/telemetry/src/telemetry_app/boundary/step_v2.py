"""What TelemetryStepV2 has and TelemetryStepV1 does not say: values of gymnasium's spaces where v1 has JSON."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from telemetry_contracts.telemetry.v2 import telemetry_v2_pb2 as v2
from telemetry_contracts.upcasts import upcast_step_v1_to_v2

_ENDS = {
    (False, False): v2.EPISODE_END_RUNNING,
    (True, False): v2.EPISODE_END_TERMINATED,
    (False, True): v2.EPISODE_END_TRUNCATED,
    (True, True): v2.EPISODE_END_TERMINATED_AND_TRUNCATED,
}


def space_value(text: bytes | None) -> v2.SpaceValueV2 | None:
    """The value of a space that a JSON text holds; None for none and for null.

    JSON does not say which space: numbers in lists of one length are an array, of float64 or int64, and
    other lists a tuple.

    Raises:
        ValueError: it holds an integer of more than 64 bits, or is no JSON.
    """
    value = json.loads(text) if text else None
    return None if value is None else _space_value(value)


def _space_value(value: Any) -> v2.SpaceValueV2:
    if isinstance(value, str):
        return v2.SpaceValueV2(text=value)
    if isinstance(value, int):
        return v2.SpaceValueV2(discrete=int(value))
    if isinstance(value, dict):
        return v2.SpaceValueV2(dict=v2.SpaceDictV2(entries={key: _space_value(item) for key, item in value.items()}))
    array = _array(value)
    if array is not None:
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        return v2.SpaceValueV2(tensor=v2.TensorV2(dtype=array.dtype.name, shape=array.shape, data=data))
    return v2.SpaceValueV2(tuple=v2.SpaceTupleV2(items=[_space_value(item) for item in value or ()]))


def _array(value: Any) -> np.ndarray[Any, Any] | None:
    """An array of numbers; None where the value is none."""
    try:
        array = np.array(value)
    except ValueError:  # lists of different lengths
        return None
    return array if array.dtype.kind in "if" else None


def episode_end(terminated: bool, truncated: bool) -> v2.EpisodeEnd:  # noqa: FBT001  # as the upcast calls it
    """Whether an episode goes on, and how it ended."""
    return _ENDS[terminated, truncated]


def render(payload: bytes | None, frame_ref: str | None, hint: bytes | None) -> v2.RenderV2 | None:
    """What a step looked like; None where nothing was said of it.

    Raises:
        google.protobuf.json_format.ParseError: the hint is no JSON object.
    """
    if payload is None and frame_ref is None and hint is None:
        return None
    shown = v2.RenderV2(payload=payload) if payload is not None else v2.RenderV2(frame_ref=frame_ref)
    if hint is not None:
        shown.hint.CopyFrom(json_format.Parse(hint, Struct()))
    return shown


def vector_index(metadata: bytes | None) -> int | None:
    """Which of several environments a step is of; None where its metadata does not say."""
    found = json.loads(metadata) if metadata else None
    index = found.get("index") if isinstance(found, dict) else None
    return index if isinstance(index, int) else None


to_step_v2 = partial(
    upcast_step_v1_to_v2,
    action=space_value,
    observation=space_value,
    episode_end=episode_end,
    render=render,
    vector_index=vector_index,
)
"""Gives the TelemetryStepV2 of a TelemetryStepV1."""
