"""The dependencies and the dependents of a module, as coordinates for its template."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

_BOX, _HEIGHT, _GAP, _BETWEEN = 240, 32, 12, 90
_MOST = 12
"""The most boxes of a column; a box at its end counts the rest."""
_LETTERS = 28


class Box(Struct, frozen=True):
    """A box with words.

    Attributes:
        x: its left edge.
        y: its upper edge.
        words: its words, as many as fit.
        kind: its colour: `module`, `consumer`, `here` or `rest`.
    """

    x: float
    y: float
    words: str
    kind: str


class Arrow(Struct, frozen=True):
    """An arrow from the one that depends to the one that it depends on."""

    x1: float
    y1: float
    x2: float
    y2: float


class Graph(Struct, frozen=True):
    """A graph of `width` times `height` units."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    box: int = _BOX
    box_height: int = _HEIGHT


def drawn(module: str, needs: Sequence[str], dependents: Sequence[str], consumers: Sequence[str]) -> Graph | None:
    """The graph of a module: from left to right its consumers and dependents, itself, and what it depends on.

    Args:
        module: its name.
        needs: what it depends on.
        dependents: the modules that depend on it.
        consumers: the names of its consumers.
    """
    left = _shortened([(name, "module") for name in dependents] + [(name, "consumer") for name in consumers])
    right = _shortened([(name, "module") for name in needs])
    if not left and not right:
        return None
    rows = max(len(left), len(right), 1)
    height = rows * (_HEIGHT + _GAP) + _GAP
    middle = _column([(module, "here")], _BOX + _BETWEEN, height)[0]
    users, used = _column(left, 0, height), _column(right, 2 * (_BOX + _BETWEEN), height)
    arrows = [*(_arrow(user, middle) for user in users), *(_arrow(middle, one) for one in used)]
    return Graph(3 * _BOX + 2 * _BETWEEN, height, (*users, middle, *used), tuple(arrows))


def _shortened(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    rest = len(names) - _MOST
    return names if rest <= 0 else [*names[: _MOST - 1], (f"{rest + 1} more", "rest")]


def _column(names: Sequence[tuple[str, str]], x: float, height: float) -> list[Box]:
    top = (height - len(names) * (_HEIGHT + _GAP) + _GAP) / 2
    return [Box(x, top + row * (_HEIGHT + _GAP), _fitting(name), kind) for row, (name, kind) in enumerate(names)]


def _fitting(words: str) -> str:
    return words if len(words) <= _LETTERS else f"{words[: _LETTERS - 1]}…"


def _arrow(user: Box, used: Box) -> Arrow:
    return Arrow(user.x + _BOX, user.y + _HEIGHT / 2, used.x, used.y + _HEIGHT / 2)
