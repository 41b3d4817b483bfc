"""Sums, extremes and lists as the stores compute and pass them: by tables of values."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from fieldstone_runtime import groups
from fieldstone_runtime.sqlite import SQLiteDatabase, packed, unpacked
from fieldstone_runtime.unfit import UnfitError

LARGEST = 2**63 - 1
VALUES: list[int | str | bytes] = [0, -1, LARGEST, -LARGEST - 1, "", "a\0b", "NaN", "ü'", b"", b"\0\xff", b"t00"]


@pytest.mark.parametrize(
    "values", [[1, 2], [LARGEST] * 3, [-LARGEST - 1] * 3, [LARGEST, -LARGEST - 1, None], [-1], [2**32, -(2**32) - 1]]
)
def test_halves_of_a_sum_are_those_of_sqlite(values: list[int | None]) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        ((upper, lower),) = connection.execute("SELECT sum(n >> 32), sum(n & 4294967295) FROM t")
    connection.close()
    assert (upper << 32) + lower == sum(value for value in values if value is not None)
    again = groups.upper_sum(values), groups.lower_sum(values)
    assert again[0] is not None
    assert again[1] is not None
    assert (again[0] << 32) + again[1] == (upper << 32) + lower


def test_nothing_has_no_sum() -> None:
    for compute in (groups.upper_sum, groups.lower_sum, groups.float_sum, groups.furthest):
        assert compute([None, None]) is None
    assert groups.least([None]) is None
    assert groups.greatest([]) is None


@pytest.mark.parametrize(
    ("values", "least", "greatest"),
    [([2.0, "NaN", -1.0, None], -1.0, "NaN"), (["NaN"], "NaN", "NaN"), (["b", "NaN", "a"], "NaN", "b")],
)
def test_the_least_and_the_greatest(values: list[Any], least: Any, greatest: Any) -> None:
    assert (groups.least(values), groups.greatest(values)) == (least, greatest)


def test_a_sum_of_floats_is_finite_where_they_are() -> None:
    assert groups.finite_sum(1.5, 1.0) == 1.5
    assert math.isnan(groups.finite_sum("NaN", 1.0))
    assert groups.finite_sum(math.inf, math.inf) == math.inf
    with pytest.raises(UnfitError, match="a sum that a float can hold"):
        groups.finite_sum(-math.inf, 1e308)


def test_a_packed_list_has_the_same_values_in_sql(tmp_path: Path) -> None:
    database = SQLiteDatabase(tmp_path / "test.db")
    query = "SELECT fieldstone_unpacked(value) FROM json_each(?) ORDER BY key"
    assert [value for (value,) in database.local.execute(query, (packed(VALUES),))] == VALUES
    assert unpacked(packed(VALUES)) == VALUES
    database.close()
