"""Conversions that are too long to be written out wherever generated code needs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import nan
from typing import TYPE_CHECKING, Any

from fieldstone_runtime.exact import integer_of, moment_of, timedelta_of
from fieldstone_runtime.json_values import list_of_values, struct_of, value_of
from fieldstone_runtime.unfit import UnfitError

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.message import Message
    from google.protobuf.struct_pb2 import ListValue, Struct, Value
    from google.protobuf.timestamp_pb2 import Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment that timestamps are counted from."""

NAN = nan
"""Not a number: SQLite has no such value, and a column holds the text "NaN" for it."""

MICROSECONDS = "whole microseconds; CODEC_NANOSECONDS keeps more"
"""The precision that a time of a DTO must have, in words."""

_LONGEST_SECONDS, _NANOS = 315_576_000_000, 1_000_000_000
_LONGEST = timedelta(0, _LONGEST_SECONDS)
_SECOND, _MICROSECOND = timedelta(0, 1), timedelta(0, 0, 1)
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799


def timestamp_micros(value: datetime) -> int:
    """An aware datetime in microseconds since 1970, UTC."""
    moment = value if value.__class__ is datetime and value.tzinfo is UTC else moment_of(value)
    return (moment - EPOCH) // _MICROSECOND


def duration_micros(value: timedelta) -> int:
    """A timedelta in microseconds; UnfitError for one longer than google/protobuf/duration.proto allows."""
    span = value if value.__class__ is timedelta else timedelta_of(value)
    if abs(span) > _LONGEST:
        raise UnfitError(value, "a timedelta of at most 315576000000 seconds")
    return span // _MICROSECOND


def fill_duration(dto: Duration, value: timedelta) -> None:
    """Set a Duration, whose seconds and nanos have one sign; raises as `duration_micros`."""
    _fill_duration(dto, duration_micros(value) * 1000)


def read_duration(dto: Duration) -> timedelta:
    """A Duration; UnfitError where it is none, or has parts of a microsecond."""
    nanos = _duration_nanos(dto)
    if nanos % 1000:
        raise UnfitError((dto.seconds, dto.nanos), f"a Duration in {MICROSECONDS}")
    return timedelta(0, 0, nanos // 1000)


def read_timestamp(dto: Timestamp) -> datetime:
    """A Timestamp; UnfitError where it is none, or has parts of a microsecond."""
    nanos = _timestamp_nanos(dto)
    if nanos % 1000:
        raise UnfitError((dto.seconds, dto.nanos), f"a Timestamp in {MICROSECONDS}")
    return EPOCH + timedelta(0, 0, nanos // 1000)


def fill_timestamp_nanos(dto: Timestamp, value: int) -> None:
    """Set a Timestamp from nanoseconds since 1970, UTC, that have 64 bits."""
    dto.seconds, dto.nanos = divmod(int64_of(value), _NANOS)


def read_timestamp_nanos(dto: Timestamp) -> int:
    """A Timestamp in nanoseconds since 1970, UTC; UnfitError where it is none, or needs more than 64 bits."""
    return int64_of(_timestamp_nanos(dto))


def fill_duration_nanos(dto: Duration, value: int) -> None:
    """Set a Duration from nanoseconds that have 64 bits."""
    _fill_duration(dto, int64_of(value))


def read_duration_nanos(dto: Duration) -> int:
    """A Duration in nanoseconds; UnfitError where it is none, or needs more than 64 bits."""
    return int64_of(_duration_nanos(dto))


def int64_of(value: int) -> int:
    """The value; UnfitError for what is no integer of 64 bits."""
    return integer_of(value, -(2**63), 2**63 - 1)


def _timestamp_nanos(dto: Timestamp) -> int:
    """In the range of google/protobuf/timestamp.proto."""
    if not (_FIRST_SECOND <= dto.seconds <= _LAST_SECOND and 0 <= dto.nanos < _NANOS):
        raise UnfitError((dto.seconds, dto.nanos), "seconds and nanos of a Timestamp from year 1 to 9999")
    return dto.seconds * _NANOS + dto.nanos


def _duration_nanos(dto: Duration) -> int:
    """In the range of google/protobuf/duration.proto, with parts of one sign."""
    seconds, nanos = dto.seconds, dto.nanos
    if abs(seconds) > _LONGEST_SECONDS or abs(nanos) >= _NANOS or seconds * nanos < 0:
        raise UnfitError((seconds, nanos), "seconds and nanos of a Duration")
    return seconds * _NANOS + nanos


def _fill_duration(dto: Duration, value: int) -> None:
    sign = 1 if value >= 0 else -1
    seconds, nanos = divmod(abs(value), _NANOS)
    dto.seconds, dto.nanos = sign * seconds, sign * nanos


def fill_message(dto: Message, value: bytes) -> None:
    """Set a message from its bytes; UnfitError where they are not of one."""
    from google.protobuf.message import DecodeError

    try:
        dto.MergeFromString(value)
    except DecodeError as error:
        raise UnfitError(value, f"the bytes of a {dto.DESCRIPTOR.full_name}") from error
    dto.SetInParent()


def fill_struct(dto: Struct, value: dict[str, Any]) -> None:
    """Set a Struct; raises as `json_values.struct_of`."""
    _fill_struct(dto, struct_of(value))


def fill_list(dto: ListValue, value: list[Any]) -> None:
    """Set a ListValue; raises as `json_values.list_of_values`."""
    _fill_list(dto, list_of_values(value))


def fill_value(dto: Value, value: Any) -> None:
    """Set a Value; raises as `json_values.value_of`."""
    _fill_value(dto, value_of(value))


def _fill_struct(dto: Struct, value: dict[str, Any]) -> None:
    dto.SetInParent()
    for key, item in value.items():
        _fill_value(dto.fields[key], item)


def _fill_list(dto: ListValue, value: list[Any]) -> None:
    dto.SetInParent()
    for item in value:
        _fill_value(dto.values.add(), item)


def _fill_value(dto: Value, value: Any) -> None:
    match value:
        case None:
            dto.null_value = 0  # type: ignore[assignment] # the one number of NullValue
        case bool():
            dto.bool_value = value
        case str():
            dto.string_value = value
        case float():
            dto.number_value = value
        case dict():
            _fill_struct(dto.struct_value, value)
        case _:
            _fill_list(dto.list_value, value)


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
