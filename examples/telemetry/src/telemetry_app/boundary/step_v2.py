"""From TelemetryStepV1 to TelemetryStepV2, which has typed values where v1 has JSON.

No step fails the page that it is on: a field whose JSON v2 cannot hold is left out, and named in `omitted_fields`.
"""

from __future__ import annotations

import json
import re
from functools import partial

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct
from telemetry_contracts.telemetry.v1 import telemetry_v1_pb2 as v1
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2 as query
from telemetry_contracts.telemetry.v2 import telemetry_v2_pb2 as v2
from telemetry_contracts.upcasts import upcast_step_v1_to_v2

from telemetry_app.boundary.spaces import space_value

_ENDS = {
    (False, False): v2.EPISODE_END_RUNNING,
    (True, False): v2.EPISODE_END_TERMINATED,
    (False, True): v2.EPISODE_END_TRUNCATED,
    (True, True): v2.EPISODE_END_TERMINATED_AND_TRUNCATED,
}


def episode_end(terminated: bool, truncated: bool) -> v2.EpisodeEnd:  # noqa: FBT001  # as the upcast calls it
    """Whether an episode goes on, and how it ended if it does not."""
    return _ENDS[terminated, truncated]


def render(payload: bytes | None, frame_ref: str | None, hint: bytes | None) -> v2.RenderV2 | None:
    """The picture of a step; None where nothing was said of it.

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
    """The number of the environment among several that play side by side; None where its metadata does not say.

    Raises:
        ValueError: it has more than 32 bits, or the metadata is no JSON.
    """
    found = json.loads(metadata) if metadata else None
    index = found.get("index") if isinstance(found, dict) else None
    if type(index) is not int:
        return None
    if not -(2**31) <= index < 2**31:
        raise ValueError(f"the index {index} has more than 32 bits")
    return index


def to_step_v2(step: v1.TelemetryStepV1) -> v2.TelemetryStepV2:
    """The TelemetryStepV2 of a TelemetryStepV1; fields whose JSON it cannot hold are in `omitted_fields`."""
    try:
        return _convert(step)
    except _REFUSALS:
        return _convert_in_part(step)


def _convert_in_part(step: v1.TelemetryStepV1) -> v2.TelemetryStepV2:
    rest = v1.TelemetryStepV1()
    rest.CopyFrom(step)
    omitted = []
    present = {field.name: value for field, value in step.ListFields()}
    for name, place in _JSON_FIELDS.items():
        try:
            _convert(v1.TelemetryStepV1(**{name: present.get(name)}))
        except _REFUSALS:
            rest.ClearField(name)
            omitted.append(place)
    converted = _convert(rest)
    converted.omitted_fields.extend(omitted)
    return converted


def _convert(step: v1.TelemetryStepV1) -> v2.TelemetryStepV2:
    """Convert all fields of a step.

    Raises:
        ValueError, json_format.ParseError, DecodeError, RecursionError: v2 cannot hold a field of it.
    """
    for text in (step.info, step.render_hint):
        if _LONG_NUMBER.search(text):
            _verify_doubles(json.loads(text))
    converted = _upcast(step)
    if max(getattr(step, name).count(b"[") + getattr(step, name).count(b"{") for name in _JSON_FIELDS) > _SURELY_READ:
        query.StreamStepsResponse.FromString(query.StreamStepsResponse(step=converted).SerializeToString())
    return converted


def _verify_doubles(value: object) -> None:
    """Refuse an integer that a Struct, whose numbers are doubles, would round."""
    if isinstance(value, int) and int(float(value)) != value:
        raise ValueError(f"{value} is no double")
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _verify_doubles(item)


_upcast = partial(
    upcast_step_v1_to_v2,
    action=space_value,
    observation=space_value,
    episode_end=episode_end,
    render=render,
    vector_index=vector_index,
)
_JSON_FIELDS = {
    "action": "action",
    "observation": "observation",
    "info": "info",
    "render_hint": "render.hint",
    "vector_metadata": "vector_index",
}
"""The JSON fields of v1, and where v2 has their values."""

_REFUSALS = (ValueError, OverflowError, RecursionError, json_format.ParseError, DecodeError)
_LONG_NUMBER = re.compile(rb"\d{16}")
_SURELY_READ = 30
"""So many lists and objects inside one another are read by every protobuf, which by default takes 100 messages."""
