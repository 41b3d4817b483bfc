"""Transactions of asyncio tasks: each belongs to the task that entered it, and to none that this one starts."""

from __future__ import annotations

from asyncio import Task, current_task
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fieldstone_runtime.errors import StorageError

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Entered:
    """A transaction that a task has entered, perhaps while it was in `outer`, one of another database."""

    database: object
    task: Task[Any] | None
    held: Any
    outer: _Entered | None
    is_open: bool = True


_INNERMOST: ContextVar[_Entered | None] = ContextVar("fieldstone_transaction", default=None)
"""A task starts with a copy of its starter's context, and so knows the transactions that it was started in."""


class TaskTransactions(Generic[T]):
    """The transactions of a database, each of one task.

    Args:
        name: the database, for people.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def current(self) -> T | None:
        """The object that the running task has entered a transaction with; None outside of one.

        Raises:
            StorageError: the task was started inside a transaction of another task, which is still open. Chance
                would decide if its writes were part of it.
        """
        found = _INNERMOST.get()
        while found is not None and not (found.is_open and found.database is self):
            found = found.outer
        if found is None:
            return None
        if found.task is not current_task():
            raise StorageError(
                f"{self._name}: this task was started inside a transaction of another task, and is no part of it; "
                "await the call in the transaction's own task, or start this one outside (before Python 3.12, "
                "asyncio.wait_for starts a task: use asyncio.timeout)"
            )
        held: T = found.held
        return held

    @contextmanager
    def entering(self, held: T) -> Iterator[None]:
        """Make the running task the owner of a transaction, which `current` gives this object for."""
        made = _Entered(self, current_task(), held, _INNERMOST.get())
        _INNERMOST.set(made)
        try:
            yield
        finally:
            made.is_open = False
            if _INNERMOST.get() is made:
                _INNERMOST.set(made.outer)
