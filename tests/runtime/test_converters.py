"""The converters of the runtime, and the wrapper that makes refusals of their failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from fieldstone_runtime import converters, limits
from fieldstone_runtime.converter import Converter
from fieldstone_runtime.errors import ValueRefusedError
from fieldstone_runtime.json_values import not_null
from fieldstone_runtime.unfit import UnfitError


class Colour(Enum):
    """An enum of an application."""

    RED = "r"
    BLUE = "b"


ONE = UUID(int=1)
EAST = timezone(timedelta(hours=5))


@pytest.mark.parametrize(
    ("converter", "value", "dto"),
    [
        (converters.UuidText, ONE, "00000000-0000-0000-0000-000000000001"),
        (converters.UuidBytes, ONE, bytes(15) + b"\1"),
        (converters.DecimalText, Decimal("1.500"), "1.500"),
        (converters.DecimalText, Decimal("-1E+30"), "-1E+30"),
        (converters.NaiveUtc, datetime(2026, 1, 31, 5), datetime(2026, 1, 31, 5, tzinfo=UTC)),  # noqa: DTZ001
        (converters.NaiveUtc, datetime.min, datetime.min.replace(tzinfo=UTC)),  # noqa: DTZ901
        (converters.Tuples, (1, "a"), [1, "a"]),
        (converters.Tuples, (), []),
        (converters.Mappings, {"a": 1}, {"a": 1}),
        (converters.EnumValues(Colour), Colour.BLUE, "b"),
        (converters.EnumNames(Colour), Colour.BLUE, "BLUE"),
    ],
)
def test_a_value_goes_there_and_back(converter: Any, value: object, dto: object) -> None:
    assert converter.to_dto(value) == dto
    assert type(converter.to_dto(value)) is type(dto)
    assert converter.from_dto(dto) == value
    assert type(converter.from_dto(dto)) is type(value)


def test_what_is_read_as_another_class() -> None:
    assert converters.Sequences.to_dto(range(3)) == [0, 1, 2]
    assert converters.Mappings.to_dto(MappingProxyType({"a": 1})) == {"a": 1}
    assert converters.NaiveUtc.from_dto(datetime(2026, 1, 31, 5, tzinfo=EAST)) == datetime(2026, 1, 31)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("converter", "value"),
    [
        (converters.UuidText, str(ONE)),
        (converters.UuidBytes, ONE.bytes),
        (converters.DecimalText, 1.5),
        (converters.NaiveUtc, datetime(2026, 1, 31, tzinfo=UTC)),
        (converters.Tuples, [1]),
        (converters.Sequences, "text"),
        (converters.Sequences, b"bytes"),
        (converters.Sequences, 1),
        (converters.Mappings, [("a", 1)]),
        (converters.EnumValues(Colour), "r"),
        (converters.EnumNames(Colour), "RED"),
    ],
)
def test_a_value_of_another_class_is_refused(converter: Any, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        converter.to_dto(value)


@pytest.mark.parametrize(
    ("converter", "dto"),
    [
        (converters.UuidText, "1"),
        (converters.UuidBytes, b"1"),
        (converters.DecimalText, "one"),
        (converters.Mappings, [1]),
        (converters.EnumValues(Colour), "x"),
        (converters.EnumNames(Colour), "r"),
    ],
)
def test_what_is_no_value_is_refused(converter: Any, dto: object) -> None:
    wrapped = Converter("Step.a", "it", converter.to_dto, converter.from_dto, fits=limits.text)
    with pytest.raises(ValueRefusedError, match=r"Step\.a must be a stored value that it reads") as refused:
        wrapped.from_dto(dto)
    assert (refused.value.record, refused.value.attribute, refused.value.value) == ("Step", "a", dto)


def failing(value: object) -> Any:
    """A converter's function that fails as the value says."""
    if isinstance(value, Exception):
        raise value
    return value


WRAPPED = Converter("Outer.Step.a", "app:it", failing, failing, fits=limits.int32)


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        (None, "a value, and not None"),
        (KeyError("k"), "a value that app:it converts (KeyError: 'k')"),
        (ZeroDivisionError("a\nb"), "a value that app:it converts (ZeroDivisionError: a b)"),
        (2**31, "a value that app:it converts to an int from -2147483648 to 2147483647, which gave 2147483648"),
        ("text", "a value that app:it converts to an int from -2147483648 to 2147483647, which gave 'text'"),
    ],
)
def test_every_failure_is_a_refusal(value: object, limit: str) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        WRAPPED.to_dto(value)
    error = refused.value
    assert (error.record, error.attribute, error.value, error.limit) == ("Outer.Step", "a", value, limit)
    assert WRAPPED.check(value) == limit


def test_what_is_converted() -> None:
    assert WRAPPED.to_dto(7) == 7
    assert WRAPPED.check(7) == ""
    assert WRAPPED.from_dto(7) == 7
    with pytest.raises(ValueRefusedError):
        WRAPPED.from_dto(None)
    with pytest.raises(ValueRefusedError, match="which gave None"):
        Converter("a", "b", failing, lambda _: None, fits=limits.text).from_dto("x")
    with pytest.raises(KeyboardInterrupt):
        Converter("a", "b", interrupted, interrupted, fits=limits.text).to_dto(1)


def interrupted(_: object) -> Any:
    """A function that the user ends."""
    raise KeyboardInterrupt


def test_an_example() -> None:
    uuid = converters.UuidText
    given = Converter("a", "b", uuid.to_dto, uuid.from_dto, fits=limits.text, example=uuid.example)
    assert given.example(1) == ONE
    with pytest.raises(LookupError, match="app:it has no function `example`"):
        WRAPPED.example(1)


def test_checks_of_what_is_always_there() -> None:
    check = limits.not_none(limits.json_value)
    assert (check(None), check(1)) == ("a value, and not None", "")
    with pytest.raises(ValueRefusedError, match=r"StepV1\.at must be set: it is always there, and is None"):
        limits.absent("StepV1", "at")
    assert not_null(0) == 0
    with pytest.raises(UnfitError):
        not_null(None)
