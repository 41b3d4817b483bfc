"""Values of groups of records, for repositories whose database does not compute them.

Values are as an SQLite column holds them: None for an absent one, the text "NaN" for a float that is no number.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from math import inf, isinf, isnan, nan
from typing import Any, TypeVar

from fieldstone_runtime.unfit import UnfitError

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)

_LOWER_BITS = 0xFFFFFFFF


def grouped(items: Iterable[T], key: Callable[[T], Key]) -> dict[Key, list[T]]:
    """The items by key, each key and each item in the order in which it came first."""
    found: dict[Key, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def upper_sum(values: Iterable[int | None]) -> int | None:
    """The sum of whole numbers without their lower 32 bits; None where all values are absent."""
    total = _sum(values)
    return None if total is None else total >> 32


def lower_sum(values: Iterable[int | None]) -> int | None:
    """The lower 32 bits of the sum of whole numbers; None where all values are absent."""
    total = _sum(values)
    return None if total is None else total & _LOWER_BITS


def float_sum(values: Iterable[Any]) -> float | str | None:
    """The sum of floats; None where all values are absent."""
    given = [nan if value == "NaN" else float(value) for value in values if value is not None]
    total = sum(given)
    return ("NaN" if isnan(total) else total) if given else None


def furthest(values: Iterable[Any]) -> float | None:
    """The greatest distance of a float from 0; None where all values are absent."""
    return max((0.0 if value == "NaN" else abs(value) for value in values if value is not None), default=None)


def finite_sum(total: Any, greatest: float) -> float:
    """A sum of floats.

    Args:
        total: the sum, or the text "NaN".
        greatest: the greatest distance from 0 among what was added.

    Raises:
        UnfitError: finite floats have a sum that no float can hold.
    """
    if total == "NaN":
        return nan
    if isinf(total) and greatest < inf:
        raise UnfitError(total, "a sum that a float can hold")
    return float(total)


def least(values: Sequence[Any]) -> Any:
    """The least value, NaN only where there is no other; None where all values are absent."""
    return min((value for value in values if value is not None), key=_rank, default=None)


def greatest(values: Sequence[Any]) -> Any:
    """The greatest value, NaN where there is one; None where all values are absent."""
    return max((value for value in values if value is not None), key=_rank, default=None)


def _sum(values: Iterable[int | None]) -> int | None:
    given = [value for value in values if value is not None]
    return sum(given) if given else None


def _rank(value: Any) -> tuple[bool, Any]:
    """Text after numbers: among floats it is NaN."""
    return isinstance(value, str), value
