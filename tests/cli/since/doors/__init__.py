"""Ways to bring a breaking change past the gate; each function is one, and its docstring the words that it must meet.

A function changes the pull request of a `Gate`. What follows is the check that docs/how-to/ci.md recommends.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.since.gate import Gate

Door = Callable[[Gate], None]
DOORS: dict[str, Door] = {}
"""Every door, by its name."""
FORGED: dict[str, Door] = {}
"""The doors that are a release which is not what it says."""


def door(function: Door) -> Door:
    """Note a door."""
    DOORS[function.__name__] = function
    return function


def forged(function: Door) -> Door:
    """Note a door that is a release."""
    FORGED[function.__name__] = function
    return door(function)


def words(function: Door) -> str:
    """A regular expression that the report of a door must meet."""
    return " ".join((function.__doc__ or "").split())
