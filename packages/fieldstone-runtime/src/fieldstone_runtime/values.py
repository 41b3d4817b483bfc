"""Conversions that are too long to be written out wherever generated code needs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from math import copysign, isfinite, nan
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.message import Message
    from google.protobuf.struct_pb2 import ListValue, Struct, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What timestamps are counted from."""

NAN = nan
"""Not a number: SQLite has no such value, and a column holds the text "NaN" for it."""

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# What `_encoder.encode` makes anew for every value, which takes longer than most values do.
_chunks: Any = _encoder.iterencode
if c_make_encoder is not None:  # other Pythons than CPython have none
    _chunks = c_make_encoder(None, _encoder.default, encode_basestring, None, ":", ",", False, False, True)  # noqa: FBT003
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def dump_json(value: Any) -> str:
    """JSON without spaces; NaN and infinities as Python writes them."""
    return "".join(_chunks(value, 0))


def load_json(data: str | bytes) -> Any:
    """A value from JSON; the errors are those of `json.loads`."""
    text = data if isinstance(data, str) else data.decode()
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        end = -1
    return value if end == len(text) else json.loads(text)


_TOO_LARGE_FOR_32_BITS = 2.0**128 - 2.0**103
_LONGEST_SECONDS, _MOST_NANOS = 315_576_000_000, 999_999_999
_LONGEST = timedelta(0, _LONGEST_SECONDS)
_SECOND, _MICROSECOND = timedelta(0, 1), timedelta(0, 0, 1)


class UnfitError(ValueError):
    """A value that does not fit where it should go; `limit` says in words what would."""

    def __init__(self, value: object, limit: str) -> None:
        super().__init__(f"{repr(value)[:100]} is not {limit}")
        self.value, self.limit = value, limit


def unfit(value: object) -> NoReturn:
    """Raise an UnfitError, where only an expression can stand."""
    raise UnfitError(value, "a value that the database and the field can hold")


def not_null(value: Any) -> Any:
    """The value; UnfitError for None, which is the JSON value null."""
    if value is None:
        raise UnfitError(value, "a JSON value other than null")
    return value


def within_float32(value: float) -> float:
    """The value; UnfitError for one that would round to infinity in 32 bits."""
    if abs(value) >= _TOO_LARGE_FOR_32_BITS and isfinite(value):
        raise UnfitError(value, "a float of 32 bits")
    return value


def timestamp_micros(value: datetime) -> int:
    """An aware datetime in microseconds since 1970, UTC."""
    return (value - EPOCH) // _MICROSECOND


def duration_micros(value: timedelta) -> int:
    """A timedelta in microseconds; UnfitError for one longer than google/protobuf/duration.proto allows."""
    if abs(value) > _LONGEST:
        raise UnfitError(value, "a timedelta of at most 315576000000 seconds")
    return value // _MICROSECOND


def fill_duration(dto: Duration, value: timedelta) -> None:
    """Set a Duration, whose seconds and nanos have one sign; raises as `duration_micros`."""
    sign = 1 if duration_micros(value) >= 0 else -1
    dto.seconds, dto.nanos = sign * (abs(value) // _SECOND), sign * abs(value).microseconds * 1000


def read_duration(dto: Duration) -> timedelta:
    """A Duration, without parts of a microsecond; UnfitError where its parts are out of range or of two signs."""
    seconds, nanos = dto.seconds, dto.nanos
    if abs(seconds) > _LONGEST_SECONDS or abs(nanos) > _MOST_NANOS or seconds * nanos < 0:
        raise UnfitError((seconds, nanos), "seconds and nanos of a Duration")
    return timedelta(0, seconds, int(copysign(abs(nanos) // 1000, nanos)))


def fill_message(dto: Message, value: bytes) -> None:
    """Set a message from its bytes; UnfitError where they are not of one."""
    from google.protobuf.message import DecodeError

    try:
        dto.MergeFromString(value)
    except DecodeError as error:
        raise UnfitError(value, f"the bytes of a {dto.DESCRIPTOR.full_name}") from error
    dto.SetInParent()


def fill_struct(dto: Struct, value: dict[str, Any]) -> None:
    """Set a Struct; raises as `fill_value`."""
    dto.SetInParent()
    for key, item in value.items():
        fill_value(dto.fields[key], item)


def fill_list(dto: ListValue, value: list[Any]) -> None:
    """Set a ListValue; raises as `fill_value`."""
    dto.SetInParent()
    for item in value:
        fill_value(dto.values.add(), item)


def fill_value(dto: Value, value: Any) -> None:
    """Set a Value; UnfitError for what is no JSON value, and for an int that is no float exactly."""
    if isinstance(value, dict):
        fill_struct(dto.struct_value, value)
    elif isinstance(value, list):
        fill_list(dto.list_value, value)
    elif isinstance(value, bool):
        dto.bool_value = value
    elif isinstance(value, str):
        dto.string_value = value
    elif isinstance(value, float) or (isinstance(value, int) and int(float(value)) == value):
        dto.number_value = value
    elif value is None:
        dto.null_value = 0  # type: ignore[assignment] # the one number of NullValue
    else:
        raise UnfitError(value, "None, a bool, str, list, dict or a number that is a float")


def read_struct(dto: Struct) -> dict[str, Any]:
    """A Struct as a dict."""
    return {key: read_value(item) for key, item in dto.fields.items()}


def read_list(dto: ListValue) -> list[Any]:
    """A ListValue as a list."""
    return [read_value(item) for item in dto.values]


def read_value(dto: Value) -> Any:
    """A Value as what `json` would read; None for one that holds nothing."""
    kind = dto.WhichOneof("kind")
    if kind == "struct_value":
        return read_struct(dto.struct_value)
    if kind == "list_value":
        return read_list(dto.list_value)
    return None if kind in {None, "null_value"} else getattr(dto, kind)
