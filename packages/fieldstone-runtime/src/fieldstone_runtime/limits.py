"""The limits of fields and columns, in words; asked only once something did not fit.

Each check gives an empty text for a value that fits, else what would: "an int from 0 to 4294967295".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import exc_info
from typing import Any, NoReturn, TypeVar

from fieldstone_runtime import exact, json_values, values
from fieldstone_runtime.errors import StorageError, ValueRefusedError
from fieldstone_runtime.unfit import UnfitError

T = TypeVar("T")

Check = Callable[[object], str]
"""Describes in words what would fit instead of a value; gives an empty text for a value that fits."""

Checks = Iterable[tuple[str, Check]]
"""The attributes of a record, each with its check."""

VALUE_ERRORS = (TypeError, ValueError, OverflowError, AttributeError, RecursionError)
"""The errors of Python, protobuf and sqlite3 for a value that does not fit; a UnicodeError is a ValueError."""

UNBINDABLE = (OverflowError, UnicodeError, ValueRefusedError)
"""The errors where only the database finds that a value does not fit."""


def refusal(record: object, checks: Checks) -> StorageError:
    """The error for a record that was refused, from the exception that is being handled.

    It names the first attribute that does not fit; where all do, it has the exception's own text.
    """
    error, kind = exc_info()[1], type(record).__name__
    given = [(name, getattr(record, name, None), check) for name, check in checks]
    for name, value, check in given:
        if limit := check(value):
            return ValueRefusedError(kind, name, value, limit)
    if isinstance(error, UnfitError):
        found = next((name for name, value, _ in given if value is error.value), "")
        return ValueRefusedError(kind, found, error.value, error.limit)
    return error if isinstance(error, StorageError) else StorageError(f"{kind} does not fit: {error!r}")


def argument(name: str, value: T, check: Check) -> T:
    """An argument of a method; ValueRefusedError with its name if it does not fit."""
    if limit := check(value):
        raise ValueRefusedError("", name, value, limit)
    return value


def row_limit(limit: object) -> int:
    """The argument `limit`, the most records of an answer; ValueRefusedError if it is no number of records."""
    return exact.integer_of(argument("limit", limit, _rows), 0, 2**63 - 1)


def last_seen(after: Any, count: int) -> tuple[Any, ...]:
    """The argument `after`: as many values as the order has; ValueRefusedError for anything else."""
    values = tuple(after) if isinstance(after, tuple | list) else ()
    if len(values) != count:
        raise ValueRefusedError("", "after", after, f"a tuple of {count}: the order's values of the last record")
    return values


def refused_argument(error: Exception) -> StorageError:
    """The error for an argument that was refused with one of `VALUE_ERRORS`."""
    if isinstance(error, StorageError):
        return error
    value = getattr(error, "value", getattr(error, "object", error))
    return ValueRefusedError("", "", value, getattr(error, "limit", "a value that the column can hold"))


def listed(given: Iterable[T]) -> Iterable[T]:
    """The values of an argument that is a list of them; UnfitError for a single text, bytes or anything but a list."""
    if isinstance(given, str | bytes | bytearray) or not isinstance(given, Iterable):
        raise UnfitError(given, "a list of values")
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


def _check(limit: str, convert: Callable[[Any], object]) -> Check:
    """A check that a conversion does not refuse a value."""

    def check(value: object) -> str:
        try:
            convert(value)
        except VALUE_ERRORS:
            return limit
        return ""

    return check


def _integer(first: int, last: int) -> Check:
    return _check(f"an int from {first} to {last}", lambda value: exact.integer_of(value, first, last))


int32, uint32 = _integer(-(2**31), 2**31 - 1), _integer(0, 2**32 - 1)
int64, uint64 = _integer(-(2**63), 2**63 - 1), _integer(0, 2**64 - 1)
_rows = _integer(0, 2**63 - 1)
column_uint64 = _integer(0, 2**63 - 1)
"""A column has 64 bits with a sign, so that the upper half of a uint64 does not fit."""
boolean = _check("True or False", exact.flag_of)
double = _check("a float", exact.float_of)
column_double = _check("a float other than -5e-324", exact.column_float_of)
float32 = _check("a float of 32 bits", exact.float32_of)
text = _check("a str without lone surrogates", lambda value: exact.string_of(value).encode())
column_text = _check("a str without NUL characters or lone surrogates", lambda value: exact.text_of(value).encode())
binary = _check("bytes", exact.binary_of)
timestamp = _check("a datetime with a time zone, from year 1 to 9999 in UTC", exact.moment_of)
duration = _check("a timedelta of at most 315576000000 seconds", values.duration_micros)
json_value = _check("a JSON value", lambda value: json_values.dump_json(value).encode())
struct_value = _check("a value of a google.protobuf.Value", lambda value: _encoded(json_values.value_of(value)))
json_object = _check("a dict of a google.protobuf.Struct", lambda value: _encoded(json_values.struct_of(value)))
json_list = _check("a list of a google.protobuf.ListValue", lambda value: _encoded(json_values.list_of_values(value)))
timestamp_message = _check(f"a Timestamp from year 1 to 9999 in {values.MICROSECONDS}", values.read_timestamp)
timestamp_nanos = _check("a Timestamp from 1677-09-22 to 2262-04-11", values.read_timestamp_nanos)
duration_nanos = _check("a Duration of at most 292 years", values.read_duration_nanos)
duration_message = _check(f"a Duration whose parts have one sign, in {values.MICROSECONDS}", values.read_duration)
json_text = _check("JSON", lambda value: value in {"", b""} or json_values.load_json(value))


def _encoded(value: object) -> bytes:
    return json_values.dump_column(value).encode()


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
        try:
            items = exact.items_of(value)
        except UnfitError as error:
            return error.limit
        return next((f"a list, each item {found}" for item in items if (found := check(item))), "")

    return limit


def map_of(key: Check, item: Check) -> Check:
    """A check of a dict and of every key and value of it."""

    def limit(value: object) -> str:
        try:
            pairs = exact.pairs_of(value)
        except UnfitError as error:
            return error.limit
        wrong_key = next((f"a dict, each key {found}" for name in pairs if (found := key(name))), "")
        return wrong_key or next((f"a dict, each value {found}" for i in pairs.values() if (found := item(i))), "")

    return limit
