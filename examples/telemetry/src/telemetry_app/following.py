"""The steps of one run, for a reader that follows it: first the stored ones, then those that come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from telemetry_app.bus import RunBus, Subscription, Topic
from telemetry_app.records import StepRecord

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

_PAGE = 100
"""Stored steps that are held at once."""

_LAST = 2**63 - 1


async def followed_steps(
    bus: RunBus, repository: TelemetryRepository, run_id: str, since: int
) -> AsyncIterator[StepRecord]:
    """Give the steps of a run after a position, each once, in the order of positions, until the bus is closed.

    A reader that is too slow for the live steps gets them from storage.

    Args:
        bus: publishes each step once it is stored.
        repository: has those that were stored before.
        run_id: the run.
        since: the position after which to begin, as `StepRecord.seq_id` counts.
    """
    reached = since
    while True:
        live = bus.subscribe(f"follower of run {run_id}", Topic.STORED)
        try:
            while page := await asyncio.to_thread(_page, repository, run_id, reached):
                for step in page:
                    yield step
                reached = page[-1].seq_id or reached
            async for step in _coming(live, run_id):
                if (step.seq_id or 0) > reached:
                    reached = step.seq_id or reached
                    yield step
            if not live.dropped:
                return
        finally:
            bus.unsubscribe(live)


async def _coming(live: Subscription, run_id: str) -> AsyncIterator[StepRecord]:
    """The steps of a run as they are stored, until one was dropped or the bus is closed."""
    while (events := await live.take(500, 0)) and not live.dropped:
        for event in events:
            if isinstance(event.payload, StepRecord) and event.payload.run_id == run_id:
                yield event.payload


def _page(repository: TelemetryRepository, run_id: str, reached: int) -> list[StepRecord]:
    """The next stored steps after a position; none after the last position that there is."""
    return list(repository.steps_as_played(run_id, from_seq=reached + 1, limit=_PAGE)) if reached < _LAST else []
