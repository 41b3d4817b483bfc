"""The steps of one run, for a reader that follows it: first the stored ones, then those that come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from telemetry_app.bus import Event, RunBus, Topic
from telemetry_app.records import EpisodeRollup, StepRecord

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
        The steps in lists: a page of storage, or what has come meanwhile.
    """
    reached = since
    while True:
        live = bus.subscribe(f"follower of run {run_id}", Topic.STORED)
        try:
            async for page in _pages(repository, run_id, reached):
                yield page
                reached = _position(page[-1])
            while (events := await live.take(_PAGE, 0)) and not live.dropped:
                records = _after(reached, events, run_id)
                if not records:
                    continue
                if _position(records[-1]) - reached == len(records):
                    yield [record for record in records if isinstance(record, StepRecord)]
                else:  # what lies between is in storage, or is an episode that was stored before
                    async for page in _pages(repository, run_id, reached):
                        yield page
                        reached = _position(page[-1])
                reached = max(reached, _position(records[-1]))
            if not live.dropped:
                return
        finally:
            bus.unsubscribe(live)


def _after(reached: int, events: list[Event], run_id: str) -> list[StepRecord | EpisodeRollup]:
    """The records of a run after a position among events."""
    records = [event.payload for event in events if isinstance(event.payload, StepRecord | EpisodeRollup)]
    return [record for record in records if record.run_id == run_id and _position(record) > reached]


def _position(record: StepRecord | EpisodeRollup) -> int:
    return record.seq_id or 0


async def _pages(repository: TelemetryRepository, run_id: str, reached: int) -> AsyncIterator[list[StepRecord]]:
    """The stored steps after a position, page by page."""
    while page := await asyncio.to_thread(_page, repository, run_id, reached):
        yield page
        reached = _position(page[-1])


def _page(repository: TelemetryRepository, run_id: str, reached: int) -> list[StepRecord]:
    """The next stored steps after a position; none after the last position that there is."""
    return list(repository.steps_as_played(run_id, from_seq=reached + 1, limit=_PAGE)) if reached < _LAST else []
