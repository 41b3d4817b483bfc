"""The steps of one run, for a reader that follows it: first the stored ones, then those that come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from telemetry_app.bus import Event, RunBus, Topic
from telemetry_app.records import StepRecord

if TYPE_CHECKING:
    from telemetry_storage.repository import TelemetryRepository

_PAGE = 100
"""Stored steps that are held at once."""

_LAST = 2**63 - 1


async def followed_steps(
    bus: RunBus, repository: TelemetryRepository, run_id: str, since: int
) -> AsyncIterator[list[StepRecord]]:
    """Give the steps of a run after a position, each once, in the order of positions, until the bus is closed.

    A reader that is too slow for the live steps gets them from storage.

    Args:
        bus: publishes each step once it is stored.
        repository: has those that were stored before.
        run_id: the run.
        since: the position after which to begin, as `StepRecord.seq_id` counts.

    Returns:
        The steps in lists: a page of storage, or what has come meanwhile. None is empty.
    """
    reached = since
    while True:
        live = bus.subscribe(f"follower of run {run_id}", Topic.STORED)
        try:
            while page := await asyncio.to_thread(_page, repository, run_id, reached):
                yield page
                reached = page[-1].seq_id or reached
            while (events := await live.take(_PAGE, 0)) and not live.dropped:
                if new := _new(events, run_id, reached):
                    yield new
                    reached = new[-1].seq_id or reached
            if not live.dropped:
                return
        finally:
            bus.unsubscribe(live)


def _new(events: list[Event], run_id: str, reached: int) -> list[StepRecord]:
    """The steps of a run after a position among events."""
    steps = [event.payload for event in events if isinstance(event.payload, StepRecord)]
    return [step for step in steps if step.run_id == run_id and (step.seq_id or 0) > reached]


def _page(repository: TelemetryRepository, run_id: str, reached: int) -> list[StepRecord]:
    """The next stored steps after a position; none after the last position that there is."""
    return list(repository.steps_as_played(run_id, from_seq=reached + 1, limit=_PAGE)) if reached < _LAST else []
