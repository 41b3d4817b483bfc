"""Answers of buf's protocol that only read, kept for as long as nothing is written to the registry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable

from fieldstone.server.reads.heads import Heads
from fieldstone.server.reads.kept import Kept

_MOST = 32 * 2**20
"""The bytes of all answers."""
_LONGEST = 10.0
"""The seconds after which an answer is made again although nothing was written: a draft expires without a row."""


class Answers:
    """Makes an answer once for each state of the registry.

    Args:
        heads: the head of the audit.
    """

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._kept: Kept[tuple[str, float, bytes]] = Kept(_MOST)
        self._making: dict[Hashable, asyncio.Task[bytes]] = {}

    async def of(self, call: Hashable, body: bytes, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer to a request, as the registry is now.

        Args:
            call: the method, and all that the answer depends on in who asks.
            body: the body of the request.
            make: makes the answer; what it raises is not kept.

        Raises:
            Unavailable: the database cannot be reached.
            FieldstoneError: see `make`.
        """
        key, head = (call, body), await self._heads.newest()
        known = self._kept.get(key)
        if known and known[0] == head and time.monotonic() - known[1] < _LONGEST:
            return known[2]
        making = self._making.get((key, head))
        if making is None:
            making = asyncio.create_task(self._made(key, head, make))
            self._making[key, head] = making
            making.add_done_callback(lambda _: self._making.pop((key, head)))
        return await asyncio.shield(making)

    async def _made(self, key: tuple[Hashable, bytes], head: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        began = time.monotonic()
        content = await make()
        self._kept.put(key, (head, began, content), len(key[1]) + len(content))
        return content
