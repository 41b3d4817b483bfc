"""Values of another type than a field's own, converted without loss or refused with an UnfitError.

Generated code takes the exact type by itself and calls these for all else: subclasses, numpy's scalars, objects with
`__index__` or `__float__`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import copysign, nan
from operator import index
from struct import Struct
from typing import Any, TypeVar

from fieldstone_runtime.unfit import UnfitError

NEGATIVE_ZERO = -5e-324
"""The number that stands for -0.0 in SQLite, which stores a zero without its sign: the nearest one below zero."""

_FLOAT32 = Struct("<f")

T = TypeVar("T")


def string_of(value: object) -> str:
    """The str of a subclass of str."""
    if isinstance(value, str):
        return str.__str__(value)
    raise UnfitError(value, "a str without lone surrogates")


def text_of(value: object) -> str:
    """As `string_of`, without the NUL that no TEXT of PostgreSQL takes.

    https://www.postgresql.org/docs/current/datatype-character.html
    """
    if isinstance(value, str) and "\0" not in value:
        return str.__str__(value)
    raise UnfitError(value, "a str without NUL characters or lone surrogates")


def binary_of(value: object) -> bytes:
    """The bytes of a bytearray, a memoryview or a subclass of bytes."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise UnfitError(value, "bytes")


def integer_of(value: object, first: int, last: int) -> int:
    """The int of an object with `__index__`, within both ends; a bool is none, as protobuf has it."""
    try:
        number = index(value) if _is_single(value) and not isinstance(value, bool) else last + 1  # type: ignore[arg-type]
    except TypeError:
        number = last + 1
    if not first <= number <= last:
        raise UnfitError(value, f"an int from {first} to {last}")
    return number


def flag_of(value: object) -> bool:
    """The bool of a 0 or 1, or of a bool of numpy."""
    is_numpy = getattr(getattr(value, "dtype", None), "kind", "") == "b"
    if _is_single(value) and (is_numpy or hasattr(value, "__index__")) and value in (0, 1):
        return bool(value)
    raise UnfitError(value, "True or False")


def float_of(value: object) -> float:
    """The float of an int that is one exactly, or of an object with `__float__`."""
    if _is_single(value) and (hasattr(value, "__float__") or hasattr(value, "__index__")):
        try:
            number = float(value)  # type: ignore[arg-type] # it has what float needs
        except (TypeError, ValueError, OverflowError):
            raise UnfitError(value, "a float") from None
        if number == value or not hasattr(value, "__index__"):
            return number
    raise UnfitError(value, "a float")


def column_float_of(value: object) -> float:
    """As `float_of`, without the one number that stands for -0.0 in SQLite."""
    number = float_of(value)
    if number == NEGATIVE_ZERO:
        raise UnfitError(value, "a float other than -5e-324")
    return number


def float32_of(value: object) -> float:
    """The float, rounded to the 32 bits that the field has."""
    try:
        return float(_FLOAT32.unpack(_FLOAT32.pack(float_of(value)))[0])
    except OverflowError:
        raise UnfitError(value, "a float of 32 bits") from None


def real_of(value: object) -> float | str:
    """A float as SQLite stores it: the text NaN for what it does not have, and a number for -0.0."""
    number = column_float_of(value)
    if number != number:  # noqa: PLR0124 - NaN alone is not equal to itself
        return "NaN"
    return NEGATIVE_ZERO if number == 0 and copysign(1, number) < 0 else number


def real_from(stored: Any) -> float:
    """The float that SQLite stores as `real_of` gives it."""
    if stored == "NaN":
        return nan
    return -0.0 if stored == NEGATIVE_ZERO else float(stored)


def unsigned(stored: float | str) -> float | str:
    """A float as a column stores it, without the sign of a zero: 0.0 and -0.0 are equal where they are compared."""
    return 0.0 if stored in (0, NEGATIVE_ZERO) else stored


def moment_of(value: object) -> datetime:
    """The time in UTC of an aware datetime that has no parts of a microsecond, as pandas' may have."""
    if isinstance(value, datetime) and value.utcoffset() is not None and not getattr(value, "nanosecond", 0):
        try:
            moment = value.astimezone(UTC)
        except OverflowError:
            raise UnfitError(value, "a datetime from year 1 to 9999 in UTC") from None
        return datetime.combine(moment.date(), moment.time(), UTC)
    raise UnfitError(value, "a datetime with a time zone")


def timedelta_of(value: object) -> timedelta:
    """The timedelta of a subclass that has no parts of a microsecond, as pandas' may have."""
    if isinstance(value, timedelta) and not getattr(value, "nanoseconds", 0):
        return timedelta(value.days, value.seconds, value.microseconds)
    raise UnfitError(value, "a timedelta of at most 315576000000 seconds")


def name_of(value: object, names: Mapping[int, str]) -> str:
    """The name of an enum's number, or its digits where the enum does not name it."""
    number = integer_of(value, -(2**31), 2**31 - 1)
    return names.get(number) or str(number)


def items_of(value: object) -> list[Any]:
    """A list, or that of another sequence, but not of text or bytes."""
    if value.__class__ is list:
        return value
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        return list(value)
    raise UnfitError(value, "a list")


def pairs_of(value: object) -> dict[Any, Any]:
    """A dict, or that of another mapping."""
    if value.__class__ is dict:
        return value
    if isinstance(value, Mapping):
        return dict(value)
    raise UnfitError(value, "a dict")


def record_of(value: object, kind: type[T]) -> T:
    """The value, an instance of a record's class."""
    if isinstance(value, kind):
        return value
    raise UnfitError(value, f"a {kind.__name__}")


def _is_single(value: object) -> bool:
    """Whether a value is no array, which may convert to a number if it holds one alone."""
    return not getattr(value, "ndim", 0)
