"""The outbox as a relay sees it: who may deliver what, and what became of it.

The status of a row:

- `pending`: nobody has tried it;
- `claimed`: a relay has it, until its lease ends;
- `failed`: to be tried again at `next_attempt_ts`;
- `delivered`, or `dead` once the sink has refused it too often.

Claims exclude one another, deliveries do not: relays share the work by aggregates. What was claimed together stays
together in `lease_owner` until it is delivered, also when another relay takes it over, so that a sink can give the
batch a name of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple
from uuid import uuid4

from fieldstone_runtime.relay import backoff
from fieldstone_runtime.relay.events import Batch, Event, withheld

Execute = Callable[..., Any]
"""Runs a statement, its values given as a list; gives a cursor."""

_EVENT = "id, idempotency_key, aggregate_key, payload_kind, payload_dto, attempts, created_ts"
_SECOND = 1_000_000
_CLEANED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much there is to do.

    Attributes:
        pending: rows that nobody has tried.
        claimed: rows that a relay has.
        failed: rows that are to be tried again.
        dead: rows that were set aside.
        lag: the age of the oldest row that is not delivered, in seconds; 0 where all are.
    """

    pending: int
    claimed: int
    failed: int
    dead: int
    lag: float


class _Held(NamedTuple):
    """A row that was claimed before."""

    id: int
    aggregate_key: str
    status: str
    lease_owner: str | None
    leased_until_ts: int | None
    next_attempt_ts: int


class Outbox(ABC):
    """A table of events.

    Args:
        table: its name.
        lease: how long a claim holds, in seconds; the same for all relays of a table.
        attempts: how often a sink may refuse a row before it is set aside.
    """

    def __init__(self, table: str, *, lease: float = 60.0, attempts: int = 10) -> None:
        self.table = table
        self._lease, self._attempts = int(lease * _SECOND), attempts
        self._relay = uuid4().hex[:12]

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""

    @abstractmethod
    def _exclusively(self) -> AbstractContextManager[Execute]:
        """A transaction that no other relay's runs beside.

        Raises:
            UnavailableError: the database cannot be reached, or is locked for too long.
        """

    @abstractmethod
    def _now(self, execute: Execute) -> int:
        """The time, in microseconds since 1970, UTC."""

    @abstractmethod
    def _among(self, column: str) -> str:
        """The condition that a column is among the values that are bound as `_bound` gives them."""

    @abstractmethod
    def _bound(self, values: Collection[Any]) -> Any:
        """Values as they are bound for `_among`."""

    def prepare(self) -> None:
        """Make the indexes by which a relay finds its work, where they are not there yet."""
        with self._exclusively() as execute:
            for name, condition in _INDEXES.items():
                execute(f"CREATE INDEX IF NOT EXISTS {self.table}_{name} ON {self.table} (id) WHERE {condition}")

    def claim(self, most: int) -> Batch | None:
        """Take rows to deliver: a batch whose relay is gone or whose wait is over, else rows that nobody has tried.

        Args:
            most: how many new ones at most.

        Returns:
            Nothing where there is nothing to do now.
        """
        with self._exclusively() as execute:
            now = self._now(execute)
            taken_over, blocked = self._free(execute, now)
            ids = taken_over or self._new(execute, blocked, most)
            if not ids:
                return None
            where, bound = self._where_ids(ids)
            rows = execute(f"SELECT {_EVENT} FROM {self.table} WHERE {where} ORDER BY id", bound).fetchall()
            batch = Batch.of([Event(*row) for row in rows])
            execute(
                f"UPDATE {self.table} SET status = 'claimed', lease_owner = ?, leased_until_ts = ? WHERE {where}",
                [self._owner(batch), now + self._lease, *bound],
            )
        return batch

    def settle(self, batch: Batch, refused: Mapping[int, str]) -> int:
        """Write down what became of a batch.

        Args:
            batch: what was claimed.
            refused: for the id of each row that the sink will never take, why.

        Returns:
            How many rows were delivered; fewer than there are where another relay had taken them over.
        """
        left = withheld(batch, refused)
        delivered = [event for event in batch.events if event.id not in refused and event.id not in left]
        with self._exclusively() as execute:
            now = self._now(execute)
            done = self._change(execute, batch, delivered, "status = 'delivered', last_error = NULL")
            self._change(execute, batch, [e for e in batch.events if e.id in left], "status = 'pending'")
            for event in batch.events:
                if event.id in refused:
                    self._refuse(execute, batch, event, refused[event.id], now)
        return done

    def postpone(self, batch: Batch, delivered: Collection[int], wait: float, problem: str) -> int:
        """Give a batch back that a sink could not take, to be tried again as it is.

        Args:
            batch: what was claimed.
            delivered: the ids of those that arrived nevertheless.
            wait: for how long, in seconds.
            problem: why.

        Returns:
            How many rows were delivered.
        """
        arrived = [event for event in batch.events if event.id in delivered]
        rest = [event for event in batch.events if event.id not in delivered]
        with self._exclusively() as execute:
            due = self._now(execute) + int(wait * _SECOND)
            done = self._change(execute, batch, arrived, "status = 'delivered', last_error = NULL")
            if rest:
                where, bound = self._where_ids([event.id for event in rest])
                execute(
                    f"UPDATE {self.table} SET status = 'failed', leased_until_ts = NULL, next_attempt_ts = ?,"
                    f" last_error = ? WHERE lease_owner = ? AND {where}",
                    [due, problem, self._owner(batch), *bound],
                )
        return done

    def clean(self, keep: float) -> int:
        """Delete some of the rows that were delivered; gives how many.

        Args:
            keep: how old a row must be, in seconds.
        """
        with self._exclusively() as execute:
            before = self._now(execute) - int(keep * _SECOND)
            oldest = f"SELECT id, created_ts FROM {self.table} WHERE status = 'delivered' ORDER BY id LIMIT ?"
            ids = [row[0] for row in execute(oldest, [_CLEANED_AT_ONCE]) if row[1] < before]
            if ids:
                execute(f"DELETE FROM {self.table} WHERE {self._among('id')}", [self._bound(ids)])
        return len(ids)

    def backlog(self) -> Backlog:
        """How much there is to do."""
        with self._exclusively() as execute:
            now = self._now(execute)
            found: dict[str, tuple[int, int]] = {}
            for condition in _INDEXES.values():
                counted = f"SELECT status, count(*), min(id) FROM {self.table} WHERE {condition} GROUP BY status"
                found.update({status: (rows, first) for status, rows, first in execute(counted, []).fetchall()})
            first = min((first for status, (_, first) in found.items() if status != "dead"), default=None)
            created = execute(f"SELECT created_ts FROM {self.table} WHERE id = ?", [first]).fetchone()
        lag = max(0, now - created[0]) / _SECOND if created else 0.0
        pending, claimed, failed, dead = (
            found.get(status, (0, 0))[0] for status in ("pending", "claimed", "failed", "dead")
        )
        return Backlog(pending, claimed, failed, dead, lag)

    def _free(self, execute: Execute, now: int) -> tuple[list[int], set[str]]:
        """The ids of a batch that can be taken over; else the aggregates that others have, or that wait."""
        query = (
            "SELECT id, aggregate_key, status, lease_owner, leased_until_ts, next_attempt_ts"
            f" FROM {self.table} WHERE {_INDEXES['held']} ORDER BY id"
        )
        blocked: set[str] = set()
        for group in _groups([_Held(*row) for row in execute(query, []).fetchall()]):
            aggregates = {row.aggregate_key for row in group}
            if not aggregates & blocked and all(self._is_free(row, now) for row in group):
                return [row.id for row in group], set()
            blocked |= aggregates
        return [], blocked

    def _is_free(self, row: _Held, now: int) -> bool:
        """Whether a lease or a wait is over; one that ends later than any can is from before a clock was set back."""
        if row.status == "claimed":
            until, longest = row.leased_until_ts or 0, self._lease
        else:
            until, longest = row.next_attempt_ts, int(backoff.LONGEST * _SECOND)
        return not now < until <= now + longest

    def _new(self, execute: Execute, blocked: set[str], most: int) -> list[int]:
        """The ids of rows that nobody has tried, of aggregates that nobody has."""
        query = (
            f"SELECT id FROM {self.table} WHERE {_INDEXES['pending']}"
            f" AND NOT {self._among('aggregate_key')} ORDER BY id LIMIT ?{self._skip_locked}"
        )
        return [row[0] for row in execute(query, [self._bound(blocked), most]).fetchall()]

    _skip_locked = ""

    def _change(self, execute: Execute, batch: Batch, events: Sequence[Event], assignments: str) -> int:
        if not events:
            return 0
        where, bound = self._where_ids([event.id for event in events])
        statement = (
            f"UPDATE {self.table} SET {assignments}, lease_owner = NULL, leased_until_ts = NULL"
            f" WHERE lease_owner = ? AND {where}"
        )
        return int(execute(statement, [self._owner(batch), *bound]).rowcount)

    def _refuse(self, execute: Execute, batch: Batch, event: Event, reason: str, now: int) -> None:
        attempts = event.attempts + 1
        status = "dead" if attempts >= self._attempts else "failed"
        execute(
            f"UPDATE {self.table} SET status = ?, attempts = ?, next_attempt_ts = ?, last_error = ?,"
            " lease_owner = NULL, leased_until_ts = NULL WHERE lease_owner = ? AND id = ?",
            [status, attempts, now + int(backoff.delay(attempts) * _SECOND), reason, self._owner(batch), event.id],
        )

    def _where_ids(self, ids: Sequence[int]) -> tuple[str, list[Any]]:
        return self._among("id"), [self._bound(ids)]

    def _owner(self, batch: Batch) -> str:
        return f"{batch.name}@{self._relay}"


def _groups(held: Sequence[_Held]) -> Iterator[list[_Held]]:
    """The rows of each batch, in the order of first ids; a row that was refused is one of its own."""

    def batch(row: _Held) -> str:
        return (row.lease_owner or f"{row.id:020}").partition("@")[0]

    for _, rows in groupby(sorted(held, key=lambda row: (batch(row), row.id)), key=batch):
        yield list(rows)


_INDEXES = {
    "pending": "status = 'pending'",
    "held": "status IN ('claimed', 'failed')",
    "dead": "status = 'dead'",
}
"""Names of indexes, and which rows are in each. A query repeats the condition word for word: SQLite asks for that
(https://www.sqlite.org/partialindex.html, section 3)."""
