"""The notice of a removal: the days between the release that introduced a sunset and that sunset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from fieldstone.schema.element import Element
    from fieldstone.schema.lifecycle import Lifecycle

NOTICE = 30
"""The days of notice that a sunset needs unless a module's settings name another number."""


class Introduction(Struct, frozen=True):
    """The release that introduced a sunset: its version and its day, in UTC."""

    version: str
    day: date


def _no_introduction(_element: Element) -> Introduction | None:
    return None


def _not_released(_element: Element) -> bool:
    return False


Unread = Callable[[str], str]
"""Gives the reason why the element with a full name is not known to have no reader; an empty text if it is."""


def not_asked(_subject: str) -> str:
    """The reason where nobody can be asked."""
    return "nobody was asked who uses it"


def asked_before(_subject: str) -> str:
    """No reason: whether a released change had readers was asked when it was released."""
    return ""


class SunsetHistory(Struct, frozen=True):
    """The sunsets in a module's releases, looked up on demand. Without a history, no release has a sunset.

    Attributes:
        introduced: the release that introduced the sunset of an element of the old schema; None if no release did.
        is_released: whether the newest release has the element with its current sunset.
        unread: why an element of the newest release is not known to have no reader.
        needs_unread: whether a removal after a sunset needs that no reader is known.
    """

    introduced: Callable[[Element], Introduction | None] = _no_introduction
    is_released: Callable[[Element], bool] = _not_released
    unread: Unread = not_asked
    needs_unread: bool = False


NO_HISTORY = SunsetHistory()
"""The history of a module without releases: no passed sunset counts."""


def in_days(number: int) -> str:
    """A number of days in words: "1 day", "30 days"."""
    return f"{number} day" if number == 1 else f"{number} days"


def why_not_retired(
    lifecycle: Lifecycle,
    today: date,
    *,
    introduction: Callable[[], Introduction | None],
    notice: int,
    whose: str = "its",
) -> str:
    """The reason why an element with a sunset may not be removed, as part of a sentence.

    Args:
        lifecycle: the lifecycle of the element in the baseline.
        today: the day of the removal, in UTC.
        introduction: gives the release that introduced the sunset; only called for a sunset that has passed.
        notice: the days of notice that the sunset needs.
        whose: the word before "sunset".

    Returns:
        an empty text if the element may be removed or has no sunset.
    """
    sunset, day = lifecycle.sunset, lifecycle.sunset_day
    if not sunset:
        return ""
    if day is None:
        return f"{whose} sunset `{sunset}` is no date (YYYY-MM-DD)"
    if not lifecycle.deprecated:
        return f"{whose} sunset {sunset} does not count without `deprecated = true`"
    if not lifecycle.retired_by(today):
        return f"{whose} sunset {sunset} has not passed (it is {today}, UTC)"
    found = introduction()
    if found is not None and (day - found.day).days >= notice:
        return ""
    introduced = f"was introduced by {found.version} on {found.day}" if found else "was introduced by no release"
    return f"{whose} sunset {sunset} {introduced}: {in_days(notice)} of notice must lie between"
