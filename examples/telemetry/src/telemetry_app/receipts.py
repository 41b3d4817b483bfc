"""How far a worker's stream is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


class Receipts:
    """Counts what of one stream is stored, and says so as often as there is news.

    Attributes:
        taken: how many records of the stream are on the bus.
        stored: how many of them are stored.
        failure: why one of them cannot be stored.
    """

    def __init__(self) -> None:
        self.taken = self.stored = 0
        self.failure: Exception | None = None
        self._ended = False
        self._news = asyncio.Event()

    def settle(self, failure: Exception | None) -> None:
        """Take note of what became of the next record."""
        if failure is not None:
            self.failure = self.failure or failure
        elif self.failure is None:
            self.stored += 1
        self._news.set()

    def end(self) -> None:
        """No more records will come."""
        self._ended = True
        self._news.set()

    async def news(self) -> AsyncIterator[int]:
        """How many are stored, whenever that grows, until all are or one cannot be."""
        told = 0
        while True:
            self._news.clear()
            if self.stored > told:
                told = self.stored
                yield told
                continue
            if self.failure is not None or (self._ended and self.stored == self.taken):
                return
            await self._news.wait()
