"""A value of the registry, loaded again once something was written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

from fieldstone.server.reads.heads import Heads

_Value = TypeVar("_Value")


class Current(Generic[_Value]):
    """A value that stays true until the head of the audit is another one.

    Args:
        heads: the head.
        load: loads the value.
    """

    def __init__(self, heads: Heads, load: Callable[[], _Value]) -> None:
        self._heads, self._load = heads, load
        self._lock = asyncio.Lock()
        self._loaded: tuple[str, _Value] | None = None

    async def get(self) -> _Value:
        """The value, as of after this call began.

        Raises:
            Unavailable: the database cannot be reached.
        """
        head = await self._heads.newest()
        async with self._lock:
            if self._loaded is None or self._loaded[0] != head:
                self._loaded = head, await run_in_threadpool(self._load)
            return self._loaded[1]
