"""TelemetryWriterService: the only one who writes to the repository, and gives each record its position."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from fieldstone_runtime import errors
from fieldstone_runtime.errors import StorageError, UniqueConflictError, ValueRefusedError
from tenacity import AsyncRetrying, before_sleep_log, retry_if_exception, wait_random_exponential

from telemetry_app.bus import Event, RunBus, Topic
from telemetry_app.conflict import ConflictError, differing
from telemetry_app.records import EpisodeRollup, StepRecord
from telemetry_app.sequences import RunSequence

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

R = TypeVar("R")
_LOG = logging.getLogger(__name__)


class _Written(NamedTuple):
    """The result of a batch: the events whose records were added, and the conflicts by the event's place."""

    new: Sequence[Event]
    conflicts: Mapping[int, ConflictError]


class TelemetryWriterService:
    """Stores what comes over the bus, in batches.

    A batch is stored with its positions and its events in the outbox, or not at all; then its records are
    published as `Topic.STORED`. While the database cannot be written the batch is tried again, and the bus holds the
    producers back. A record that the database will never take, or whose key has other content, is reported to its
    producer, and keeps nothing else from being stored.

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
        self._bus, self._repository = bus, repository
        self._sequence = RunSequence(self._last_stored)
        self._batch, self._batch_seconds = batch, batch_seconds
        self._checkpoint, self._checkpoint_seconds = checkpoint, checkpoint_seconds
        self._queue = bus.subscribe("writer", Topic.STEP, Topic.EPISODE, Topic.CONTROL, capacity=capacity, durable=True)
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
            written = await self._stored(events)
        except ValueRefusedError as refused:
            if len(events) == 1:
                _tell(events[0], refused)
                return
            for event in events:
                await self._settle([event])
            return
        self.new += len(written.new)
        self.stored += sum(event.topic is not Topic.CONTROL for event in events) - len(written.conflicts)
        for event in written.new:
            self._bus.publish(Topic.STORED, event.payload, size=event.size)
        for place, event in enumerate(events):
            _tell(event, written.conflicts.get(place))

    async def _stored(self, events: Sequence[Event]) -> _Written:
        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_random_exponential(multiplier=0.05, max=5),
            before_sleep=before_sleep_log(_LOG, logging.WARNING),
            reraise=True,
        )
        return await retrying(self._in_thread, self._write, events)

    def _write(self, events: Sequence[Event]) -> _Written:
        """Write a batch at once; one with a record that is there already, one by one."""
        records = [event.payload for event in events if isinstance(event.payload, StepRecord | EpisodeRollup)]
        try:
            with self._sequence.placing() as place, self._repository.transaction():
                for record in records:
                    place(record)
                self._add_all(records)
        except (UniqueConflictError, errors.ConflictError):  # a record that is sent again has another position
            return self._write_one_by_one(events)
        return _Written([event for event in events if event.topic is not Topic.CONTROL], {})

    def _write_one_by_one(self, events: Sequence[Event]) -> _Written:
        new: list[Event] = []
        conflicts: dict[int, ConflictError] = {}
        with self._sequence.placing() as place, self._repository.transaction():
            for number, event in enumerate(events):
                record = event.payload
                if not isinstance(record, StepRecord | EpisodeRollup):
                    continue
                stored = self._twin(record)
                if stored is None:
                    place(record)
                    self._add_all([record])
                    new.append(event)
                elif attributes := differing(stored, record):
                    conflicts[number] = ConflictError(record, attributes)
        return _Written(new, conflicts)

    def _add_all(self, records: Sequence[StepRecord | EpisodeRollup]) -> None:
        """Add new records.

        Raises:
            UniqueConflictError: one of them is there already.
            ConflictError: one with the key of one of them is there, with other content.
        """
        steps = [record for record in records if isinstance(record, StepRecord)]
        episodes = [record for record in records if isinstance(record, EpisodeRollup)]
        added = self._repository.add_steps(steps) if steps else 0
        added += self._repository.add_episodes(episodes) if episodes else 0
        if added < len(records):
            raise UniqueConflictError("some of these records are stored already")

    def _twin(self, record: StepRecord | EpisodeRollup) -> StepRecord | EpisodeRollup | None:
        """The stored record with the same key."""
        if isinstance(record, StepRecord):
            return self._repository.get_step(record.run_id, record.episode_id, record.step_index)
        return self._repository.get_episode(record.run_id, record.episode_id)

    def _last_stored(self, run_id: str) -> int:
        last = (self._repository.last_step(run_id), self._repository.last_episode(run_id))
        return max((record.seq_id or 0 for record in last if record), default=0)

    async def _in_thread(self, call: Callable[..., R], *arguments: object) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)


def _may_pass(error: BaseException) -> bool:
    """Whether it may work when tried again."""
    return isinstance(error, StorageError) and not isinstance(error, ValueRefusedError)


def _tell(event: Event, failure: Exception | None) -> None:
    if event.settled is not None:
        event.settled(failure)
