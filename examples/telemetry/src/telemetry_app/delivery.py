"""What a worker has yet to bring to the hub."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any, Generic, TypeVar

import grpc
from tenacity import AsyncRetrying, RetryCallState, before_sleep_log, retry_if_exception, wait_random_exponential

M = TypeVar("M")
_LOG = logging.getLogger(__name__)
_PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL}


class Delivery(Generic[M]):
    """Keeps each message until the hub has said that it is stored, and sends it again after a broken stream.

    Args:
        window: how many messages may be on their way before the worker waits.
        patience: how long to try without that anything gets stored, in seconds.
        progress: called as often as `stored` grows.

    Attributes:
        stored: how many messages are stored.
    """

    def __init__(
        self, *, window: int = 1000, patience: float = 60.0, progress: Callable[[], None] | None = None
    ) -> None:
        self.stored = 0
        self._window, self._patience = window, patience
        self._tell = progress or (lambda: None)
        self._waiting: deque[M] = deque()
        self._sent: deque[M] = deque()
        self._ended = False
        self._changed = asyncio.Event()
        self._last_stored = monotonic()

    async def put(self, message: M) -> None:
        """Take a message on, once there is room in the window."""
        while len(self._waiting) + len(self._sent) >= self._window:
            await self._change()
        self._waiting.append(message)
        self._changed.set()

    def end(self) -> None:
        """No more messages will come."""
        self._ended = True
        self._changed.set()

    async def run(self, publish: Callable[[AsyncIterator[M]], Any]) -> None:
        """Send what comes until all of it is stored.

        Args:
            publish: the method of the stub: takes messages, gives answers that say how many are stored.

        Raises:
            grpc.aio.AioRpcError: the hub refused a message, or was away for longer than the patience.
        """
        self._last_stored = monotonic()
        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_random_exponential(multiplier=0.05, max=2),
            stop=self._gives_up,
            before_sleep=before_sleep_log(_LOG, logging.WARNING),
            reraise=True,
        )
        await retrying(self._attempt, publish)

    async def _attempt(self, publish: Callable[[AsyncIterator[M]], Any]) -> None:
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        stored = 0
        async for answer in publish(self._messages()):
            for _ in range(answer.stored - stored):
                self._sent.popleft()
            self.stored += answer.stored - stored
            stored = answer.stored
            self._last_stored = monotonic()
            self._changed.set()
            self._tell()

    async def _messages(self) -> AsyncIterator[M]:
        while True:
            while self._waiting:
                self._sent.append(self._waiting.popleft())
                yield self._sent[-1]
            if self._ended:
                return
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _gives_up(self, _: RetryCallState) -> bool:
        return monotonic() - self._last_stored > self._patience


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, grpc.aio.AioRpcError) and error.code() in _PASSING
