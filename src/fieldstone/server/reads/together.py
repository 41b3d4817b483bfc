"""Look-ups that share a query: those that come while one runs are all answered by the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

_Key = TypeVar("_Key")
_Found = TypeVar("_Found")


class Together(Generic[_Key, _Found]):
    """Look-ups by key. At most one query runs at a time, in a thread.

    Args:
        load: finds the values of some keys; it leaves out those that have none. It may raise.
        most: the most keys of one query.
    """

    def __init__(self, load: Callable[[Sequence[_Key]], Mapping[_Key, _Found]], most: int = 1) -> None:
        self._load, self._most = load, most
        self._waiting: dict[_Key, asyncio.Future[_Found | None]] = {}
        self._running: asyncio.Task[None] | None = None

    async def get(self, key: _Key) -> _Found | None:
        """The value of a key, from a query that began after this call; None if there is none.

        Raises:
            Exception: what the query raised.
        """
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        found = self._waiting[key]
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(found)  # one caller that gives up does not end it for the others

    async def _run(self) -> None:
        """Query until nobody waits."""
        try:
            while self._waiting:
                keys = [*self._waiting][: self._most]
                await self._answer({key: self._waiting.pop(key) for key in keys})
        finally:
            self._running = None

    async def _answer(self, asked: Mapping[_Key, asyncio.Future[_Found | None]]) -> None:
        try:
            found = await run_in_threadpool(self._load, [*asked])
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # retrieved: a caller may have given up
            return
        for key, future in asked.items():
            future.set_result(found.get(key))
