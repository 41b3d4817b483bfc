"""TelemetryWriterService: the only one who writes to the repository."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from fieldstone_runtime.errors import StorageError, ValueRefusedError
from tenacity import AsyncRetrying, before_sleep_log, retry_if_exception, wait_random_exponential

from telemetry_app.bus import Event, RunBus, Topic
from telemetry_app.records import EpisodeRollup, StepRecord

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

R = TypeVar("R")
_LOG = logging.getLogger(__name__)


class TelemetryWriterService:
    """Stores what comes over the bus, in batches.

    What a batch holds is stored together with its events in the outbox, or not at all. While the database
    cannot be written the batch is tried again, and the bus holds the producers back. A record that the
    database will never take is told to its producer, and keeps nothing else from being stored.

    Args:
        bus: where the records come from.
        repository: where they go.
        batch: how many records are written at once, at most.
        batch_seconds: how long the first record of a batch waits for others.
        checkpoint: moves what the database has in a log to its place, as SQLite's WAL needs it.
        checkpoint_seconds: how often.
        capacity: how many records wait at most before producers must.

    Attributes:
        stored: how many records were stored, those that were there already included.
        new: how many of them were not there before.
    """

    def __init__(
        self,
        bus: RunBus,
        repository: TelemetryRepository,
        *,
        batch: int = 1000,
        batch_seconds: float = 0.02,
        checkpoint: Callable[[], object] | None = None,
        checkpoint_seconds: float = 10.0,
        capacity: int = 5000,
    ) -> None:
        self._repository = repository
        self._batch, self._batch_seconds = batch, batch_seconds
        self._checkpoint, self._checkpoint_seconds = checkpoint, checkpoint_seconds
        self._queue = bus.subscribe("writer", *Topic, capacity=capacity, durable=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.stored = self.new = 0

    async def run(self) -> None:
        """Write until the bus is closed and all that waited is stored."""
        due = monotonic() + self._checkpoint_seconds
        try:
            while events := await self._queue.take(self._batch, self._batch_seconds):
                await self._settle(events)
                if self._checkpoint and monotonic() >= due:
                    await self._in_thread(self._checkpoint)
                    due = monotonic() + self._checkpoint_seconds
            if self._checkpoint:
                await self._in_thread(self._checkpoint)
        finally:
            self._thread.shutdown()

    async def _settle(self, events: Sequence[Event]) -> None:
        """Store a batch; one that holds a record that is refused is stored one by one."""
        try:
            self.new += await self._stored(events)
        except ValueRefusedError as refused:
            if len(events) == 1:
                _tell(events[0], refused)
                return
            for event in events:
                await self._settle([event])
            return
        self.stored += sum(event.topic is not Topic.CONTROL for event in events)
        for event in events:
            _tell(event, None)

    async def _stored(self, events: Sequence[Event]) -> int:
        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_random_exponential(multiplier=0.05, max=5),
            before_sleep=before_sleep_log(_LOG, logging.WARNING),
            reraise=True,
        )
        return await retrying(self._in_thread, self._write, events)

    def _write(self, events: Sequence[Event]) -> int:
        steps = [event.payload for event in events if isinstance(event.payload, StepRecord)]
        episodes = [event.payload for event in events if isinstance(event.payload, EpisodeRollup)]
        with self._repository.transaction():
            new = self._repository.add_steps(steps) if steps else 0
            return new + (self._repository.add_episodes(episodes) if episodes else 0)

    async def _in_thread(self, call: Callable[..., R], *arguments: object) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)


def _may_pass(error: BaseException) -> bool:
    """Whether it may work when tried again."""
    return isinstance(error, StorageError) and not isinstance(error, ValueRefusedError)


def _tell(event: Event, failure: Exception | None) -> None:
    if event.settled is not None:
        event.settled(failure)
