"""Data losses: the surface on which data is lost, and for whom."""

from __future__ import annotations

from collections.abc import Iterable

from fieldstone.compatibility.finding import Direction, Surface

Losses = frozenset[tuple[Surface, Direction]]
"""Pairs of a surface on which data is lost, and for whom."""

NOTHING: Losses = frozenset()


def lost(*directions: Direction, surfaces: Iterable[Surface] = (Surface.WIRE, Surface.JSON)) -> Losses:
    """Losses on each of the surfaces, by default wire and JSON, in each of the directions."""
    return frozenset((surface, direction) for surface in surfaces for direction in directions)


EVERYTHING_LOST = lost(Direction.READING_OLD, Direction.READ_BY_OLD)
ALL_ON_WIRE = lost(Direction.READING_OLD, Direction.READ_BY_OLD, surfaces=[Surface.WIRE])
ALL_IN_JSON = lost(Direction.READING_OLD, Direction.READ_BY_OLD, surfaces=[Surface.JSON])


def on(surface: Surface, losses: Losses) -> Losses:
    """The losses on one surface."""
    return frozenset(loss for loss in losses if loss[0] is surface)


def by_surface(losses: Losses, *always: Surface) -> dict[Surface, list[Direction]]:
    """Losses in the form that a rule's hit declares; `always` are surfaces that break for their usual users."""
    found = {
        surface: [direction for direction in Direction if (surface, direction) in losses]
        for surface in Surface
        if any(of is surface for of, _ in losses)
    }
    return found | {surface: [Direction.COMPILING] if surface is Surface.SOURCE else [] for surface in always}
