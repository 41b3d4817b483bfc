"""Ready converters for common types; `(fieldstone.v1.column).converter` names one, or one of the application.

A converter is an object with the functions `to_dto(value)`, from an attribute to what its field holds, and
`from_dto(value)`, back. With a function `example(number)` it gives values for tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar
from uuid import UUID

E = TypeVar("E", bound=Enum)
T = TypeVar("T")
K = TypeVar("K")


class UuidText:
    """A UUID as text with hyphens and lower-case letters (RFC 9562), in a `string` field."""

    @staticmethod
    def to_dto(value: UUID) -> str:
        """The text."""
        return str(_of(value, UUID))

    @staticmethod
    def from_dto(value: str) -> UUID:
        """The UUID; ValueError where the text is of none."""
        return UUID(value)

    @staticmethod
    def example(number: int) -> UUID:
        """A UUID for each number, for tests."""
        return UUID(int=number)


class UuidBytes:
    """A UUID as its 16 bytes (RFC 9562), in a `bytes` field."""

    @staticmethod
    def to_dto(value: UUID) -> bytes:
        """The bytes."""
        return _of(value, UUID).bytes

    @staticmethod
    def from_dto(value: bytes) -> UUID:
        """The UUID; ValueError where there are not 16 bytes."""
        return UUID(bytes=value)

    @staticmethod
    def example(number: int) -> UUID:
        """A UUID for each number, for tests."""
        return UUID(int=number)


class DecimalText:
    """A Decimal as text, every digit and the exponent kept, in a `string` field."""

    @staticmethod
    def to_dto(value: Decimal) -> str:
        """The text: "1.50", "1E+3", "NaN"."""
        return str(_of(value, Decimal))

    @staticmethod
    def from_dto(value: str) -> Decimal:
        """The number; decimal.InvalidOperation where the text is of none."""
        return Decimal(value)

    @staticmethod
    def example(number: int) -> Decimal:
        """A number of cents for each number, for tests."""
        return Decimal(number).scaleb(-2)


class NaiveUtc:
    """A datetime without a zone, which is in UTC, in a Timestamp field."""

    @staticmethod
    def to_dto(value: datetime) -> datetime:
        """The same time with its zone; ValueError for one that has a zone already."""
        if _of(value, datetime).tzinfo is not None:
            raise ValueError("it has a time zone; this converter takes naive datetimes in UTC")
        return value.replace(tzinfo=UTC)

    @staticmethod
    def from_dto(value: datetime) -> datetime:
        """The time in UTC, without its zone."""
        return value.astimezone(UTC).replace(tzinfo=None)


class Tuples:
    """A tuple in a list field."""

    @staticmethod
    def to_dto(value: tuple[T, ...]) -> list[T]:
        """A list of the members."""
        return list(_of(value, tuple))

    @staticmethod
    def from_dto(value: Iterable[T]) -> tuple[T, ...]:
        """A tuple of the members."""
        return tuple(value)


class Sequences:
    """Any sequence but text and bytes, in a list field; it is read as a list."""

    @staticmethod
    def to_dto(value: Iterable[T]) -> list[T]:
        """A list of the members; TypeError for text and bytes, which are sequences too."""
        if isinstance(value, str | bytes | bytearray):
            raise TypeError("text and bytes are no list")
        return list(value)

    @staticmethod
    def from_dto(value: list[T]) -> list[T]:
        """The list itself."""
        return value


class Mappings:
    """Any mapping, in a map or Struct field or one with CODEC_JSON; it is read as a dict."""

    @staticmethod
    def to_dto(value: Mapping[K, T]) -> dict[K, T]:
        """A dict with the mapping's keys and values."""
        return dict(_of(value, Mapping))

    @staticmethod
    def from_dto(value: dict[K, T]) -> dict[K, T]:
        """The dict itself; TypeError for another JSON value."""
        return _of(value, dict)


class EnumValues(Generic[E]):
    """An enum of the application by the values of its members."""

    def __init__(self, kind: type[E]) -> None:
        self._kind = kind

    def to_dto(self, value: E) -> Any:
        """The value of a member."""
        return _of(value, self._kind).value

    def from_dto(self, value: Any) -> E:
        """The member with this value; ValueError where there is none."""
        return self._kind(value)

    def example(self, number: int) -> E:
        """One member after the other, for tests."""
        members = list(self._kind)
        return members[number % len(members)]


class EnumNames(Generic[E]):
    """An enum of the application by the names of its members."""

    def __init__(self, kind: type[E]) -> None:
        self._kind = kind

    def to_dto(self, value: E) -> str:
        """The name of a member."""
        return _of(value, self._kind).name

    def from_dto(self, value: str) -> E:
        """The member with this name; KeyError where there is none."""
        return self._kind[value]

    def example(self, number: int) -> E:
        """One member after the other, for tests."""
        members = list(self._kind)
        return members[number % len(members)]


def _of(value: T, kind: Any) -> T:
    """The value; TypeError where it is not of that class."""
    if not isinstance(value, kind):
        raise TypeError(f"it is a {type(value).__name__}, and no {kind.__name__}")
    return value
