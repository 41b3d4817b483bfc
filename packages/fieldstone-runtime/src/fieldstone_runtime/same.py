"""Whether a record that is added again is the one that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone_runtime.exact import NEGATIVE_ZERO
from fieldstone_runtime.json_values import load_column

Stored = Sequence[Any]
"""A row, then a list of the rows of each list and map that has a table; rows of one value may be the bare value."""

JsonColumns = Sequence[frozenset[int]]
"""The positions of JSON in a row, then in the rows of each list and map."""

_ZEROS = (0, NEGATIVE_ZERO)


def same(stored: Stored | None, given: Stored, json_columns: JsonColumns) -> bool:
    """Whether two records hold the same values: NaN is NaN, 0.0 is -0.0, and JSON is what it means."""
    if stored is None:
        return False
    row, *lists = zip(stored, given, json_columns, strict=True)
    return _same_row(*row) and all(_same_rows(*rows) for rows in lists)


def _same_rows(stored: Sequence[Any], given: Sequence[Any], json: frozenset[int]) -> bool:
    pairs = zip(stored, given, strict=False)
    return len(stored) == len(given) and all(_same_row(_row(one), _row(other), json) for one, other in pairs)


def _row(member: Any) -> Sequence[Any]:
    return member if isinstance(member, tuple | list) else (member,)


def _same_row(stored: Sequence[Any], given: Sequence[Any], json: frozenset[int]) -> bool:
    return all(
        _same_value(one, other) or (place in json and _same_json(one, other))
        for place, (one, other) in enumerate(zip(stored, given, strict=True))
    )


def _same_json(stored: str | None, given: str | None) -> bool:
    if stored is None or given is None:
        return False
    return _same_value(load_column(stored), load_column(given))


def _same_value(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same_value(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same_value, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (one != one and other != other) or (one in _ZEROS and other in _ZEROS)  # noqa: PLR0124
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
