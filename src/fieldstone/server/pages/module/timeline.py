"""The releases of a module on a time line, as coordinates for its template."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from fieldstone.registry.release import Release

WIDTH = 900
_LEFT, _RIGHT, _TOP, _LANE = 60, 60, 40, 44
_NEAREST = 12.0
"""The least distance between two releases."""
_LABEL = 64.0
"""The width of a label."""


class Dot(Struct, frozen=True):
    """A release.

    Attributes:
        x: its place in time.
        y: the place of its line.
        version: its version.
        bump: the bump that its changes need, by which it has a colour.
        day: the day of its release.
        is_labelled: whether there is room for its version.
    """

    x: float
    y: float
    version: str
    bump: str
    day: str
    is_labelled: bool


class Lane(Struct, frozen=True):
    """A line of releases: its name, its height, and its two ends."""

    name: str
    y: float
    start: float
    end: float


class Timeline(Struct, frozen=True):
    """A time line of `WIDTH` times `height` units."""

    height: float
    lanes: tuple[Lane, ...]
    dots: tuple[Dot, ...]
    first: date
    last: date
    width: int = WIDTH


def drawn(releases: Sequence[Release]) -> Timeline | None:
    """The time line of releases; None without any.

    Args:
        releases: the releases, in any order.
    """
    if not releases:
        return None
    ordered = sorted(releases, key=lambda release: (release.released_time, release.semver))
    names = sorted({release.line for release in ordered}, key=lambda line: (bool(line), line))
    heights = {name: _TOP + _LANE * number for number, name in enumerate(names)}
    places = _places(ordered)
    dots: list[Dot] = []
    free = dict.fromkeys(names, float("inf"))  # labels are given from the newest on
    for release, x in zip(reversed(ordered), reversed(places), strict=True):
        is_labelled = x + _LABEL / 2 <= free[release.line]
        if is_labelled:
            free[release.line] = x - _LABEL / 2
        y, day = heights[release.line], release.released_on.isoformat()
        dots.append(Dot(round(x, 1), y, release.version, release.bump, day, is_labelled))
    dots.reverse()
    lanes = tuple(_lane(name or "main", heights[name], dots) for name in names)
    first, last = ordered[0].released_on, ordered[-1].released_on
    return Timeline(_TOP + _LANE * len(names), lanes, tuple(dots), first, last)


def _lane(name: str, y: float, dots: Sequence[Dot]) -> Lane:
    own = [dot.x for dot in dots if dot.y == y]
    return Lane(name, y, own[0], own[-1])


def _places(ordered: Sequence[Release]) -> list[float]:
    """The place of each release in time, none on another one."""
    times = [release.released_time.timestamp() for release in ordered]
    room, span = WIDTH - _LEFT - _RIGHT, max(1.0, times[-1] - times[0])
    places: list[float] = []
    for time in times:
        x = (time - times[0]) / span * room
        places.append(max(x, places[-1] + _NEAREST) if places else x)
    scale = room / places[-1] if places[-1] > room else 1.0
    return [_LEFT + x * scale for x in places]
