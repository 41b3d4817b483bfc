"""What a field and its column can hold, in words; asked only once something did not fit.

Each check gives an empty text for a value that fits, else what would: "an int from 0 to 4294967295".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from sys import exc_info
from typing import Any, NoReturn, TypeVar

from fieldstone_runtime import values
from fieldstone_runtime.errors import StorageError, ValueRefusedError

T = TypeVar("T")

Check = Callable[[object], str]
"""What would fit instead of a value, in words; empty for a value that fits."""

Checks = Iterable[tuple[str, Check]]
"""The attributes of a record, each with its check."""

VALUE_ERRORS = (TypeError, ValueError, OverflowError, AttributeError, RecursionError)
"""What Python, protobuf and sqlite3 raise for a value that does not fit; a UnicodeError is a ValueError."""

UNBINDABLE = (OverflowError, UnicodeError, ValueRefusedError)
"""What is raised where only the database finds that a value does not fit."""


def refusal(record: object, checks: Checks) -> StorageError:
    """The error for a record that was refused, from the exception that is being handled.

    It names the first attribute that does not fit; where all do, it has the exception's own text.
    """
    error, kind = exc_info()[1], type(record).__name__
    given = [(name, getattr(record, name, None), check) for name, check in checks]
    for name, value, check in given:
        if limit := check(value):
            return ValueRefusedError(kind, name, value, limit)
    if isinstance(error, values.UnfitError):
        found = next((name for name, value, _ in given if value is error.value), "")
        return ValueRefusedError(kind, found, error.value, error.limit)
    return error if isinstance(error, StorageError) else StorageError(f"{kind} does not fit: {error!r}")


def refused_argument(error: Exception) -> ValueRefusedError:
    """The error for an argument that was refused with one of `VALUE_ERRORS`."""
    value = getattr(error, "value", getattr(error, "object", error))
    return ValueRefusedError("", "", value, getattr(error, "limit", "a value that the column can hold"))


def listed(given: Iterable[T]) -> Iterable[T]:
    """The values of an argument that is a list of them; UnfitError for a single text, bytes or anything but a list."""
    if isinstance(given, str | bytes | bytearray) or not isinstance(given, Iterable):
        raise values.UnfitError(given, "a list of values")
    return given


def verify(record: object, checks: Checks) -> None:
    """Raise a ValueRefusedError for a record of which an attribute does not fit."""
    for name, check in checks:
        if limit := check(getattr(record, name)):
            raise ValueRefusedError(type(record).__name__, name, getattr(record, name), limit)


def refusal_among(records: Iterable[object], checks: Checks) -> StorageError:
    """As `refusal`, for the first of several records that does not fit."""
    refusals = [refusal(record, checks) for record in records]
    return next((error for error in refusals if isinstance(error, ValueRefusedError)), refusals[0])


def two_of_oneof(record: object, names: Iterable[str]) -> ValueRefusedError:
    """The error for a record that has several of these attributes, which are of one oneof."""
    first, second, *_ = (name for name in names if getattr(record, name) is not None)
    return ValueRefusedError(type(record).__name__, second, getattr(record, second), f"None beside {first}")


def absent(message: str, field: str) -> NoReturn:
    """Refuse a message, or the JSON of one, that lacks a field which is always there."""
    raise ValueRefusedError(message, field, None, "set: it is always there")


def _check(limit: str, fits: Callable[[Any], object]) -> Check:
    def check(value: object) -> str:
        try:
            return "" if fits(value) else limit
        except VALUE_ERRORS:
            return limit

    return check


def _integer(first: int, last: int) -> Check:
    return _check(f"an int from {first} to {last}", lambda value: isinstance(value, int) and first <= value <= last)


int32, uint32 = _integer(-(2**31), 2**31 - 1), _integer(0, 2**32 - 1)
int64, uint64 = _integer(-(2**63), 2**63 - 1), _integer(0, 2**63 - 1)
"""A column has 64 bits with a sign, so that the upper half of a uint64 does not fit."""
boolean = _check("True or False", lambda value: isinstance(value, int))
double = _check("a float", lambda value: isinstance(value, int | float) and float(value) is not None)
float32 = _check("a float of 32 bits", lambda value: values.within_float32(value) is value)
text = _check("a str without lone surrogates", lambda value: isinstance(value, str) and value.encode() is not None)
binary = _check("bytes", lambda value: isinstance(value, bytes | bytearray))
timestamp = _check("a datetime with a time zone", lambda value: isinstance(value, datetime) and value.tzinfo)
duration = _check(
    "a timedelta of at most 315576000000 seconds", lambda value: values.duration_micros(value) is not None
)
json_value = _check("a JSON value", lambda value: values.dump_json(value).encode())
json_object = _check(
    "a dict of JSON values", lambda value: isinstance(value, dict) and values.dump_json(value).encode()
)
json_list = _check("a list of JSON values", lambda value: isinstance(value, list) and values.dump_json(value).encode())
timestamp_message = _check("a Timestamp from year 1 to 9999", lambda value: value.ToDatetime())
duration_message = _check("a Duration whose parts have one sign", lambda value: values.read_duration(value) is not None)
json_text = _check("JSON", lambda value: value in {"", b""} or values.load_json(value) is not values.NAN)


def a(kind: type, checks: Checks = ()) -> Check:
    """A check for a record of a class, whose attributes are checked too."""

    def limit(value: object) -> str:
        if not isinstance(value, kind):
            return f"a {kind.__name__}"
        wrong = ((name, found) for name, check in checks if (found := check(getattr(value, name, None))))
        return next((f"a {kind.__name__} whose {name} is {found}" for name, found in wrong), "")

    return limit


def optional(check: Check) -> Check:
    """A check that lets None pass."""
    return lambda value: "" if value is None else (limit := check(value)) and f"{limit}, or None"


def not_none(check: Check) -> Check:
    """A check that refuses None before another is asked."""
    return lambda value: "a value, and not None" if value is None else check(value)


def list_of(check: Check) -> Check:
    """A check of a list and of every item of it."""

    def limit(value: object) -> str:
        items = value if isinstance(value, list | tuple) else None
        return "a list" if items is None else next((f"a list, each item {x}" for i in items if (x := check(i))), "")

    return limit


def map_of(key: Check, item: Check) -> Check:
    """A check of a dict and of every key and value of it."""

    def limit(value: object) -> str:
        if not isinstance(value, dict):
            return "a dict"
        keys, items = list_of(key)(list(value)), list_of(item)(list(value.values()))
        each = "a list, each item"
        return keys.replace(each, "a dict, each key") or items.replace(each, "a dict, each value")

    return limit
