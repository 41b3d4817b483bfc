"""A check that can be given up while it runs."""

from __future__ import annotations

from collections.abc import Callable


class Given(Exception):  # noqa: N818 - no error: the check was given up
    """A check was given up, because what it judges is out of date."""


class Ticket:
    """One check, which any thread may give up."""

    def __init__(self) -> None:
        self.is_given_up = False
        self._processes: list[Callable[[], None]] = []

    def give_up(self) -> None:
        """End its processes; the check ends with `Given`."""
        self.is_given_up = True
        for kill in self._processes:
            kill()

    def started(self, kill: Callable[[], None]) -> None:
        """Take the function that ends a process."""
        self._processes.append(kill)
        if self.is_given_up:
            kill()

    def told(self, _: str) -> None:
        """Raise `Given` between two steps of a check that was given up."""
        if self.is_given_up:
            raise Given
