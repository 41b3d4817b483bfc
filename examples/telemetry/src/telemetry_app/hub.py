"""TelemetryAsyncHub: takes what workers stream, and puts it on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer
from trainer_contracts.trainer.v1 import telemetry_pb2_grpc as trainer_grpc

from telemetry_app.boundary.trainer import RefusedError, episode_record, step_message, step_record
from telemetry_app.bus import RunBus, Topic
from telemetry_app.control import StreamEnded
from telemetry_app.receipts import Receipts
from telemetry_app.records import EpisodeRollup, StepRecord
from telemetry_app.sequences import GapWatch, RunSequence

Context = grpc.aio.ServicerContext[Any, Any]
Requests = AsyncIterator[Any]
Read = Callable[[Any], tuple[Topic, StepRecord | EpisodeRollup, int]]
Stored = Callable[[str], Iterator[StepRecord]]

_REPLAYED_AT_ONCE = 500


class TelemetryAsyncHub(trainer_grpc.RunTelemetryServiceServicer):
    """Drains the workers' streams.

    A record is answered for once a durable subscriber of the bus has stored it; while such a subscriber is
    full, the hub reads no further, so that gRPC holds the worker back.

    Args:
        bus: where the records go.
        stored_steps: gives the stored steps of a run, in any order.
    """

    def __init__(self, bus: RunBus, stored_steps: Stored) -> None:
        self._bus, self._stored_steps = bus, stored_steps
        self._sequence, self._gaps = RunSequence(self._last_stored), GapWatch()

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
        """Give the steps of a run after a position: the stored ones, then what comes.

        Each comes once, in the order of positions as far as it is stored. A caller that reads too slowly
        to follow what comes is told DATA_LOSS, and may begin again after the last position that it has.
        """
        if not request.run_id:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "run_id is empty: name the run to follow")
        live = self._bus.subscribe(f"stream of {context.peer()}", Topic.STEP)
        try:
            reached = request.since_seq
            for step in await asyncio.to_thread(self._after, request.run_id, reached):
                reached = max(reached, step.seq_id or 0)
                yield trainer.StreamRunStepsResponse(step=step_message(step))
            while events := await live.take(_REPLAYED_AT_ONCE, 0):
                if live.dropped:
                    await context.abort(
                        grpc.StatusCode.DATA_LOSS,
                        f"read too slowly: {live.dropped} events passed; begin again with since_seq={reached}",
                    )
                for step in (e.payload for e in events if isinstance(e.payload, StepRecord)):
                    if step.run_id == request.run_id and (step.seq_id or 0) > reached:
                        reached = step.seq_id or 0
                        yield trainer.StreamRunStepsResponse(step=step_message(step))
        finally:
            self._bus.unsubscribe(live)

    async def _stored(self, requests: Requests, context: Context, read: Read) -> AsyncIterator[int]:
        """How many records of a stream are stored, as often as that grows."""
        receipts = Receipts()
        draining = asyncio.create_task(self._drain(requests, read, receipts))
        problem = "the worker left"
        try:
            async for stored in receipts.news():
                yield stored
            refused = receipts.failure or await draining
            problem = str(refused or "")
            if refused:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)
        finally:
            draining.cancel()
            with suppress(asyncio.CancelledError):
                await draining
            self._bus.publish(Topic.CONTROL, StreamEnded(context.peer(), receipts.taken, problem))

    async def _drain(self, requests: Requests, read: Read, receipts: Receipts) -> RefusedError | None:
        """Put a stream on the bus; the first record that cannot be taken ends it."""
        try:
            async for request in requests:
                topic, record, size = read(request)
                await self._bus.room(topic)
                self._publish(topic, record, size, receipts)
        except RefusedError as refused:
            return RefusedError(f"record {receipts.taken + 1} of this stream: {refused}")
        finally:
            receipts.end()
        return None

    def _publish(self, topic: Topic, record: StepRecord | EpisodeRollup, size: int, receipts: Receipts) -> None:
        placed = replace(record, seq_id=self._sequence.next(record.run_id))
        gap = self._gaps.see(placed) if isinstance(placed, StepRecord) else None
        if gap is not None:
            self._bus.publish(Topic.CONTROL, gap)
        receipts.taken += 1
        self._bus.publish(topic, placed, size=size, settled=receipts.settle)

    @staticmethod
    def _step(request: trainer.PublishRunStepsRequest) -> tuple[Topic, StepRecord, int]:
        return Topic.STEP, step_record(request.step), request.ByteSize()

    @staticmethod
    def _episode(request: trainer.PublishRunEpisodesRequest) -> tuple[Topic, EpisodeRollup, int]:
        return Topic.EPISODE, episode_record(request.episode), request.ByteSize()

    def _last_stored(self, run_id: str) -> int:
        return max((step.seq_id or 0 for step in self._stored_steps(run_id)), default=0)

    def _after(self, run_id: str, since: int) -> list[StepRecord]:
        found = (step for step in self._stored_steps(run_id) if (step.seq_id or 0) > since)
        return sorted(found, key=lambda step: step.seq_id or 0)
