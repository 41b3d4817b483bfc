"""The backlog of a relay."""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone_runtime.relay.deliveries import WAITING, Deliveries
from fieldstone_runtime.relay.tables import Execute

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """The backlog.

    Attributes:
        pending: events that nobody has tried.
        claimed: events that a relay has.
        failed: events that are to be tried again.
        dead: events that were set aside.
        lag: the age of the oldest event that is not delivered, in seconds; 0 where all are.
    """

    pending: int
    claimed: int
    failed: int
    dead: int
    lag: float


def count_backlog(
    execute: Execute, outbox: str, deliveries: Deliveries, unspread: tuple[int, int | None], now: int
) -> Backlog:
    """The backlog of a sink.

    Args:
        execute: a transaction.
        outbox: the table of the events.
        deliveries: those of the sink.
        unspread: how many events have no delivery yet, and the id of the first.
        now: the time, in microseconds since 1970, UTC.
    """
    found: dict[str, tuple[int, int]] = {}
    for condition in WAITING.values():
        counted = f"SELECT status, count(*), min(id) FROM {deliveries.table} WHERE {deliveries.mine}{condition}"
        rows = execute(f"{counted} GROUP BY status", []).fetchall()
        found.update({status: (count, first) for status, count, first in rows})
    waiting = [first for status, (_, first) in found.items() if status != "dead"]
    first = min([*waiting, *([] if unspread[1] is None else [unspread[1]])], default=None)
    created = execute(f"SELECT created_ts FROM {outbox} WHERE id = ?", [first]).fetchone()
    pending, claimed, failed, dead = (
        found.get(status, (0, 0))[0] for status in ("pending", "claimed", "failed", "dead")
    )
    lag = max(0, now - created[0]) / _SECOND if created else 0.0
    return Backlog(pending + unspread[0], claimed, failed, dead, lag)
