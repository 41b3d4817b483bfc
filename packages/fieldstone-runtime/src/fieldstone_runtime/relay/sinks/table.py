"""The shared part of sinks that are tables: the table, and the search for the row that is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fieldstone_runtime.relay.events import Batch, Event

TABLE = "fieldstone_events"
"""The name of the table where none is given."""

COLUMNS = "idempotency_key, aggregate_key, payload_kind, payload_dto, created_ts, change, record_key"
"""The columns that a sink writes."""

ADDED = ("change", "record_key")
"""Those, of type TEXT, that a table lacks which an older relay made."""

Row = tuple[Any, ...]


def row(event: Event) -> Row:
    """The columns of an event, in the order of `COLUMNS`."""
    return (
        event.idempotency_key,
        event.aggregate_key,
        event.payload_kind,
        event.payload_dto,
        event.created_ts,
        event.change,
        event.record_key,
    )


def refused_among(batch: Batch, insert: Callable[[Sequence[Event]], str | None]) -> dict[int, str]:
    """Insert a batch, or, where it is refused, its events one by one.

    Args:
        batch: the events.
        insert: inserts events, all or none; gives why they are refused, or nothing.

    Returns:
        For the id of each event that is refused, why. What comes behind it in its aggregate was not inserted.
    """
    if insert(batch.events) is None:
        return {}
    refused: dict[int, str] = {}
    held: set[str] = set()
    for event in batch.events:
        if event.aggregate_key not in held and (reason := insert([event])) is not None:
            refused[event.id] = reason
            held.add(event.aggregate_key)
    return refused
