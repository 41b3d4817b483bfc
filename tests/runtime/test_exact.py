"""Values of another type than a field's: converted without loss, or refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from fieldstone_runtime import exact
from fieldstone_runtime.unfit import UnfitError


class Kind(IntEnum):
    """An enum of an application."""

    ONE = 1


class Word(StrEnum):
    """An enum of text."""

    RED = "red"


def int8(value: object) -> int:
    return exact.integer_of(value, -128, 127)


EAST = timezone(timedelta(hours=5))
CONVERTED: list[tuple[Callable[[Any], Any], Any, Any]] = [
    (int8, np.int64(5), 5),
    (int8, np.array(5), 5),
    (int8, Kind.ONE, 1),
    (exact.float_of, 3, 3.0),
    (exact.float_of, np.float32(0.5), 0.5),
    (exact.float_of, np.int64(2**53), 2.0**53),
    (exact.float_of, Decimal("1.5"), 1.5),
    (exact.float_of, Fraction(1, 4), 0.25),
    (exact.float32_of, 0.1, 0.10000000149011612),
    (exact.flag_of, np.bool_(1), True),
    (exact.flag_of, 0, False),
    (exact.text_of, np.str_("a"), "a"),
    (exact.text_of, Word.RED, "red"),
    (exact.string_of, "a\0b", "a\0b"),
    (exact.binary_of, bytearray(b"x"), b"x"),
    (exact.binary_of, memoryview(b"x"), b"x"),
    (exact.binary_of, np.bytes_(b"x"), b"x"),
    (exact.moment_of, datetime(2026, 1, 1, 5, tzinfo=EAST), datetime(2026, 1, 1, tzinfo=UTC)),
    (exact.items_of, (1, 2), [1, 2]),
    (exact.items_of, range(2), [0, 1]),
    (exact.pairs_of, MappingProxyType({1: 2}), {1: 2}),
    (exact.real_of, math.nan, "NaN"),
    (exact.real_of, -0.0, -5e-324),
    (exact.real_of, 0.0, 0.0),
]
REFUSED: list[tuple[Callable[[Any], Any], Any]] = [
    *((int8, value) for value in (3.0, "3", True, np.bool_(1), 128, -129, None, np.array([3]), b"3", 10**400)),
    *((exact.float_of, value) for value in ("3", b"3", None, 2**53 + 1, 10**400, np.array([3.5]), 1j)),
    *((exact.float32_of, value) for value in (1e39, -1e39, "1")),
    *((exact.column_float_of, value) for value in (-5e-324, "1")),
    *((exact.flag_of, value) for value in (2, 1.0, "", None, np.array([True]))),
    *((exact.text_of, value) for value in ("a\0b", b"a", 1, None)),
    *((exact.binary_of, value) for value in ("a", 5, None, np.int64(5), [1])),
    (exact.moment_of, datetime(2026, 1, 1)),  # noqa: DTZ001
    (exact.moment_of, datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
    *((exact.items_of, value) for value in ("ab", b"ab", {1: 2}, {1, 2}, 5, None, np.array([1]))),
    *((exact.pairs_of, value) for value in ([(1, 2)], None)),
]


@pytest.mark.parametrize(("convert", "value", "expected"), CONVERTED)
def test_what_is_converted(convert: Callable[[Any], Any], value: Any, expected: Any) -> None:
    found = convert(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("convert", "value"), REFUSED)
def test_what_is_refused(convert: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(UnfitError) as raised:
        convert(value)
    assert raised.value.value is value


@pytest.mark.parametrize("value", [math.nan, -0.0, 0.0, 1.5, math.inf, 5e-324, -1e-323])
def test_a_float_comes_back_from_sqlite(value: float) -> None:
    assert repr(exact.real_from(exact.real_of(value))) == repr(value)
