"""TelemetryAsyncHub: takes what workers stream, and puts it on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer
from trainer_contracts.trainer.v1 import telemetry_pb2_grpc as trainer_grpc

from telemetry_app.boundary.trainer import RefusedError, episode_record, step_message, step_record
from telemetry_app.bus import RunBus, Topic
from telemetry_app.conflict import ConflictError
from telemetry_app.control import StreamEnded
from telemetry_app.following import followed_steps
from telemetry_app.receipts import Receipts
from telemetry_app.records import EpisodeRollup, StepRecord
from telemetry_app.sequences import GapWatch

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

Context = grpc.aio.ServicerContext[Any, Any]
Requests = AsyncIterator[Any]
Read = Callable[[Any], tuple[Topic, StepRecord | EpisodeRollup, int]]

_LARGEST = 4 * 2**20
"""Bytes of a record, at most."""

_LARGEST_ANSWER = 3 * 2**20
"""Bytes of the steps of an answer, at most; one larger step is an answer of its own."""

_LARGEST_BATCH = 1000

SERVER_OPTIONS = [("grpc.max_receive_message_length", 8 * _LARGEST), ("grpc.so_reuseport", 0)]
"""For the gRPC server: a record that is too large reaches the hub, which stores those before it and says why.

A port belongs to one hub: by default gRPC lets several share it, each with a part of the workers.
"""


class TelemetryAsyncHub(trainer_grpc.RunTelemetryServiceServicer):
    """Drains the workers' streams.

    A record is answered for once a durable subscriber of the bus has stored it; while such a subscriber is
    full, the hub reads no further, so that gRPC holds the worker back. A record whose key is stored with other
    content ends its stream with ALREADY_EXISTS, one that cannot be taken with INVALID_ARGUMENT.

    Args:
        bus: where the records go.
        repository: what is stored, to read it.
    """

    def __init__(self, bus: RunBus, repository: TelemetryRepository) -> None:
        self._bus, self._repository = bus, repository
        self._gaps = GapWatch()
        self._draining: set[asyncio.Task[RefusedError | None]] = set()
        self._stopping = False

    async def PublishRunSteps(  # noqa: N802  # gRPC's name
        self, requests: Requests, context: Context
    ) -> AsyncIterator[trainer.PublishRunStepsResponse]:
        """Take the steps of one worker; each is answered once it is stored."""
        async for stored in self._stored(requests, context, self._step):
            yield trainer.PublishRunStepsResponse(stored=stored)

    async def PublishRunEpisodes(  # noqa: N802
        self, requests: Requests, context: Context
    ) -> AsyncIterator[trainer.PublishRunEpisodesResponse]:
        """Take the episodes of one worker; each is answered once it is stored."""
        async for stored in self._stored(requests, context, self._episode):
            yield trainer.PublishRunEpisodesResponse(stored=stored)

    async def StreamRunSteps(  # noqa: N802
        self, request: trainer.StreamRunStepsRequest, context: Context
    ) -> AsyncIterator[trainer.StreamRunStepsResponse]:
        """Give the steps of a run after a position: the stored ones, then what comes, until the caller leaves."""
        if not request.run_id:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "run_id is empty: name the run to follow")
        if request.since_seq < 0:
            problem = f"since_seq must be 0 or more, and is {request.since_seq}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)
        if not 0 <= request.batch_size <= _LARGEST_BATCH:
            problem = f"batch_size must be from 0 to {_LARGEST_BATCH}, and is {request.batch_size}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)
        async for steps in followed_steps(self._bus, self._repository, request.run_id, request.since_seq):
            for answer in _answers(steps, request.batch_size):
                yield answer
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the hub stops")

    def stop(self) -> None:
        """Read no more from workers; what was taken is still stored and answered, then their streams end."""
        self._stopping = True
        for task in self._draining:
            task.cancel()

    async def _stored(self, requests: Requests, context: Context, read: Read) -> AsyncIterator[int]:
        """How many records of a stream are stored, as often as that grows."""
        receipts, peer = Receipts(), context.peer()  # gRPC crashes where a call that ended is asked for its peer
        draining = asyncio.create_task(self._drain(requests, read, receipts))
        self._draining.add(draining)
        problem = "the worker left"
        try:
            async for stored in receipts.news():
                yield stored
            if self._stopping:
                problem = "the hub stops; send what was not answered again"
                await context.abort(grpc.StatusCode.UNAVAILABLE, problem)
            refused = _failed(receipts) or await draining
            problem = str(refused or "")
            if refused:
                conflict = isinstance(receipts.failure, ConflictError)
                code = grpc.StatusCode.ALREADY_EXISTS if conflict else grpc.StatusCode.INVALID_ARGUMENT
                await context.abort(code, problem)
        finally:
            self._draining.discard(draining)
            draining.cancel()
            with suppress(asyncio.CancelledError):
                await draining
            self._bus.publish(Topic.CONTROL, StreamEnded(peer, receipts.taken, problem))

    async def _drain(self, requests: Requests, read: Read, receipts: Receipts) -> RefusedError | None:
        """Put a stream on the bus; the first record that cannot be taken ends it."""
        try:
            async for request in requests:
                topic, record, size = read(request)
                _fitting(size)
                await self._bus.room(topic)
                self._publish(topic, record, size, receipts)
        except RefusedError as refused:
            return RefusedError(f"record {receipts.taken + 1} of this stream: {refused}")
        finally:
            receipts.end()
        return None

    def _publish(self, topic: Topic, record: StepRecord | EpisodeRollup, size: int, receipts: Receipts) -> None:
        gap = self._gaps.see(record) if isinstance(record, StepRecord) else None
        if gap is not None:
            self._bus.publish(Topic.CONTROL, gap)
        receipts.taken += 1
        self._bus.publish(topic, record, size=size, settled=receipts.settle)

    @staticmethod
    def _step(request: trainer.PublishRunStepsRequest) -> tuple[Topic, StepRecord, int]:
        return Topic.STEP, step_record(request.step), request.ByteSize()

    @staticmethod
    def _episode(request: trainer.PublishRunEpisodesRequest) -> tuple[Topic, EpisodeRollup, int]:
        return Topic.EPISODE, episode_record(request.episode), request.ByteSize()


def _failed(receipts: Receipts) -> RefusedError | None:
    """The first record of a stream that could not be stored, with its number."""
    if receipts.failure is None:
        return None
    return RefusedError(f"record {receipts.stored + 1} of this stream: {receipts.failure}")


def _fitting(size: int) -> None:
    if size > _LARGEST:
        raise RefusedError(f"it has {size:,} bytes, and {_LARGEST:,} are taken: send a frame_ref for a large frame")


def _answers(steps: list[StepRecord], most: int) -> Iterator[trainer.StreamRunStepsResponse]:
    """Answers of one step, or of up to `most`, none larger than a client of gRPC takes by default."""
    if not most:
        for step in steps:
            yield trainer.StreamRunStepsResponse(step=step_message(step))
        return
    answer, size = trainer.StreamRunStepsResponse(), 0
    for step in steps:
        message = step_message(step)
        if answer.steps and (len(answer.steps) == most or size + message.ByteSize() > _LARGEST_ANSWER):
            yield answer
            answer, size = trainer.StreamRunStepsResponse(), 0
        answer.steps.append(message)
        size += message.ByteSize()
    if answer.steps:
        yield answer
