"""The steps that a worker has yet to bring to the hub."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any, Generic, TypeVar

import grpc
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from telemetry_app.console.printed import printable

M = TypeVar("M")
_LOG = logging.getLogger(__name__)
_BACKOFF = wait_random_exponential(multiplier=0.05, max=2)
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
        self._kept: deque[M] = deque()  # the first is the one after those that are stored
        self._ended = False
        self._changed = asyncio.Event()
        self._last_stored, self._stored_before = monotonic(), 0

    async def put(self, message: M) -> None:
        """Take a message on, once there is room in the window."""
        while len(self._kept) >= self._window:
            await self._change()
        self._kept.append(message)
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
        self._last_stored, self._stored_before = monotonic(), self.stored
        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            wait=self._pause,
            stop=self._gives_up,
            before_sleep=_log_failure,
            reraise=True,
        )
        try:
            await retrying(self._attempt, publish)
        except grpc.aio.AioRpcError as error:
            if _is_being_cancelled():
                raise asyncio.CancelledError from error
            raise

    async def _attempt(self, publish: Callable[[AsyncIterator[M]], Any]) -> None:
        before = self.stored
        async for answer in publish(self._messages()):
            while self.stored < before + answer.stored:
                self._kept.popleft()
                self.stored += 1
            self._last_stored = monotonic()
            self._changed.set()
            self._tell()

    async def _messages(self) -> AsyncIterator[M]:
        """The requests that are not stored, then new ones; changes nothing, for gRPC reads on in a broken stream."""
        position = self.stored
        while True:
            while position < self.stored + len(self._kept):
                position = max(position, self.stored)
                yield self._kept[position - self.stored]
                position += 1
            if self._ended:
                return
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _pause(self, failed: RetryCallState) -> float:
        """Seconds until the next attempt; a stream that brought something begins the count of failures anew."""
        if self.stored > self._stored_before:
            self._stored_before, failed.attempt_number = self.stored, 1
        return _BACKOFF(failed)

    def _gives_up(self, _: RetryCallState) -> bool:
        return _is_being_cancelled() or monotonic() - self._last_stored > self._patience


def _is_being_cancelled() -> bool:
    """Whether this task is to end: gRPC may tell it by CANCELLED, which a hub that goes away gives as well."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, grpc.aio.AioRpcError) and error.code() in _PASSING


def _log_failure(failed: RetryCallState) -> None:
    """One line about the first attempt that failed since something was stored."""
    error = failed.outcome and failed.outcome.exception()
    if isinstance(error, grpc.aio.AioRpcError) and failed.attempt_number == 1:
        _LOG.warning("the hub is away (%s: %s); trying again", error.code().name, printable(error.details()))
