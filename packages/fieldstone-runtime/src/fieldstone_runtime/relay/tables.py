"""A database with an outbox, as a relay reaches it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any

Execute = Callable[..., Any]
"""Runs a statement, its values given as a list; gives a cursor."""


class Tables(ABC):
    """The tables of a database, read and written in transactions that exclude those of other relays."""

    skip_locked = ""
    """The end of a query for rows that nobody else has locked."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""

    @abstractmethod
    def bring_forward(self, outbox: str) -> None:
        """Add to an outbox what this version needs.

        Raises:
            UnavailableError: the database cannot be reached, or refuses it.
        """

    @abstractmethod
    def exclusively(self, outbox: str) -> AbstractContextManager[Execute]:
        """A transaction beside which none of another relay of the outbox runs.

        Raises:
            UnavailableError: the database cannot be reached, or is locked for too long.
        """

    @abstractmethod
    def now(self, execute: Execute) -> int:
        """The time, in microseconds since 1970, UTC."""

    @abstractmethod
    def among(self, column: str) -> str:
        """The condition that a column is among the values that are bound as `bound` gives them."""

    @abstractmethod
    def bound(self, values: Collection[Any]) -> Any:
        """Values as they are bound for `among`."""
