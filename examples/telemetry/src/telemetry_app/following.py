"""The steps of one run, for somebody who follows it: what is stored, then what comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from heapq import nsmallest
from typing import TYPE_CHECKING

from telemetry_app.bus import RunBus, Subscription, Topic
from telemetry_app.records import StepRecord

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

_PAGE = 20_000
"""So many stored steps are held at once; a longer run is read several times."""


async def followed_steps(
    bus: RunBus, repository: TelemetryRepository, run_id: str, since: int
) -> AsyncIterator[StepRecord]:
    """Give the steps of a run after a position, each once, in the order of positions, until the bus is closed.

    Whoever reads too slowly to follow what comes is given it from storage.

    Args:
        bus: where steps come from.
        repository: has those that were there before.
        run_id: the run.
        since: the position after which to begin, as `StepRecord.seq_id` counts.
    """
    reached = since
    while True:
        live = bus.subscribe(f"run {run_id}", Topic.STEP)
        try:
            await bus.flushed()
            while page := await asyncio.to_thread(_page, repository, run_id, reached):
                for step in page:
                    reached = step.seq_id or reached
                    yield step
            async for step in _coming(live, run_id):
                if (step.seq_id or 0) > reached:
                    reached = step.seq_id or reached
                    yield step
            if not live.dropped:
                return
        finally:
            bus.unsubscribe(live)


async def _coming(live: Subscription, run_id: str) -> AsyncIterator[StepRecord]:
    """The steps of a run as they come, until one was dropped or the bus is closed."""
    while (events := await live.take(500, 0)) and not live.dropped:
        for event in events:
            if isinstance(event.payload, StepRecord) and event.payload.run_id == run_id:
                yield event.payload


def _page(repository: TelemetryRepository, run_id: str, since: int) -> list[StepRecord]:
    found = (step for step in repository.steps_by_run(run_id) if (step.seq_id or 0) > since)
    return nsmallest(_PAGE, found, key=lambda step: step.seq_id or 0)
