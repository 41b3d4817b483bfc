"""Transactions and asyncio: a transaction of a thread belongs to the task that entered it."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import RLock

from fieldstone_runtime.errors import StorageError


def running_task() -> object:
    """The asyncio task that runs on this thread; None outside of one.

    A thread in which no event loop runs needs no asyncio, which takes long to import.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or not hasattr(asyncio, "_get_running_loop"):  # a thread may be importing it just now
        return None
    loop = asyncio._get_running_loop()  # noqa: SLF001 - which, unlike its public twin, raises nothing
    return None if loop is None else asyncio.current_task(loop)


def refuse_others(owner: object, name: str) -> None:
    """Raise a StorageError unless the running task is the owner of the transaction; None owns none.

    Args:
        owner: the `running_task` that entered the transaction.
        name: the database, for people.
    """
    if owner is not None and running_task() is not owner:
        raise StorageError(
            f"{name}: another asyncio task has a transaction open on this thread, which would take this with it; "
            "leave out `await` inside transactions, or run each in a thread of its own (asyncio.to_thread)"
        )


class TransactionLock:
    """A lock that a thread may take again, but not for another asyncio task than that of its transaction.

    Args:
        name: what is locked, for people.
    """

    def __init__(self, name: str) -> None:
        self._name, self._lock = name, RLock()
        self._owner: object = None

    def __enter__(self) -> None:
        """Wait for the lock; StorageError where another task of this thread is in a transaction."""
        self._lock.acquire()
        try:
            refuse_others(self._owner, self._name)
        except StorageError:
            self._lock.release()
            raise

    def __exit__(self, *_: object) -> None:
        """Let go of the lock."""
        self._lock.release()

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Hold the lock for the running task."""
        with self:
            outer, self._owner = self._owner, running_task()
            try:
                yield
            finally:
                self._owner = outer
