"""The outbox as a relay sees it: who may deliver what, and what became of it.

The status of a delivery:

- `pending`: nobody has tried it;
- `claimed`: a relay has it, until its lease ends;
- `failed`: to be tried again at `next_attempt_ts`;
- `delivered`, or `dead` once the sink has refused it too often.

Claims exclude one another, deliveries do not: relays of one name share the work by aggregates. What was claimed
together stays together in `lease_owner` until it is delivered, also when another relay takes it over, so that a sink
can give the batch a name of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from uuid import uuid4

from fieldstone_runtime.outbox import SAVED
from fieldstone_runtime.relay import backoff
from fieldstone_runtime.relay.backlog import Backlog, count_backlog
from fieldstone_runtime.relay.deliveries import DEFAULT, WAITING, Deliveries
from fieldstone_runtime.relay.events import Batch, Event, ForgottenError, withheld
from fieldstone_runtime.relay.register import Register, Registered
from fieldstone_runtime.relay.tables import Execute, Tables

_SECOND = 1_000_000


class _Held(NamedTuple):
    """A delivery that was claimed before."""

    id: int
    aggregate_key: str
    status: str
    lease_owner: str | None
    leased_until_ts: int | None
    next_attempt_ts: int


class Outbox:
    """A table of events, and their deliveries under one name.

    Args:
        tables: the database.
        table: the table's name.
        name: what the deliveries are recorded under. Relays of one name share the events, each name gets all.
        lease: how long a claim holds, in seconds; the same for all relays of a name.
        attempts: how often a sink may refuse an event before it is set aside.
    """

    def __init__(
        self, tables: Tables, table: str, *, name: str = DEFAULT, lease: float = 60.0, attempts: int = 10
    ) -> None:
        self.table, self.name = table, name
        self._tables, self._register = tables, Register(tables, table)
        self._deliveries = Deliveries.of(table, name)
        self._lease, self._attempts = int(lease * _SECOND), attempts
        self._relay = uuid4().hex[:12]

    def close(self) -> None:
        """Let go of the database."""
        self._tables.close()

    def prepare(
        self, keep: float | None = None, *, from_start: bool = False, destination: str = ""
    ) -> Registered | None:
        """Bring the outbox to the form that is needed, and register the name; gives how it was registered before.

        Args:
            keep: how old an event gets before it may be deleted, in seconds; None for no end.
            destination: where the events go, for people.
            from_start: whether a new name gets the events that are there already, too. The default name always does.
        """
        self._tables.bring_forward(self.table)
        with self._tables.exclusively(self.table) as execute:
            for statement in self._deliveries.index_statements():
                execute(statement)
            sink = Registered(self.name, None if keep is None else int(keep * _SECOND), destination)
            return self._register.add(execute, sink, from_start=from_start)

    def sinks(self) -> list[Registered]:
        """The names that events are delivered under, sorted."""
        self._tables.bring_forward(self.table)
        with self._tables.exclusively(self.table) as execute:
            return self._register.all(execute)

    def forget(self) -> bool:
        """End this name: what it has not had, it never gets, and nothing is kept for it. False if there is none."""
        self._tables.bring_forward(self.table)
        with self._tables.exclusively(self.table) as execute:
            known = self.name in self._register.names(execute)
            if known:
                self._register.remove(execute, self.name)
        return known

    def claim(self, most: int) -> Batch | None:
        """Take events to deliver: a batch whose relay is gone or whose wait is over, else those that nobody has tried.

        Args:
            most: how many new ones at most.

        Returns:
            Nothing where there is nothing to do now.

        Raises:
            ForgottenError: the name was ended.
        """
        with self._tables.exclusively(self.table) as execute:
            now = self._tables.now(execute)
            events: list[Event] = []
            while not events:
                ids = self._due(execute, now, most)
                if not ids:
                    return None
                events = self._events(execute, ids)
            batch = Batch.of(events)
            where, bound = self._where_ids(ids)
            execute(
                f"UPDATE {self._deliveries.table} SET status = 'claimed', lease_owner = ?, leased_until_ts = ? {where}",
                [self._owner(batch), now + self._lease, bound],
            )
        return batch

    def settle(self, batch: Batch, refused: Mapping[int, str]) -> int:
        """Write down what became of a batch.

        Args:
            batch: what was claimed.
            refused: for the id of each event that the sink will never take, why.

        Returns:
            How many events were delivered; fewer than there are where another relay had taken them over.
        """
        left = withheld(batch, refused)
        delivered = [event.id for event in batch.events if event.id not in refused and event.id not in left]
        free = f"UPDATE {self._deliveries.table} SET status = 'pending', lease_owner = NULL, leased_until_ts = NULL"
        with self._tables.exclusively(self.table) as execute:
            now = self._tables.now(execute)
            done = self._change(execute, batch, delivered, self._deliveries.deliver)
            self._change(execute, batch, left, free)
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
            How many events were delivered.
        """
        rest = [event.id for event in batch.events if event.id not in delivered]
        failed = (
            f"UPDATE {self._deliveries.table} SET status = 'failed', leased_until_ts = NULL, next_attempt_ts = ?,"
            " last_error = ?"
        )
        with self._tables.exclusively(self.table) as execute:
            due = self._tables.now(execute) + int(wait * _SECOND)
            done = self._change(execute, batch, delivered, self._deliveries.deliver)
            self._change(execute, batch, rest, failed, [due, problem])
        return done

    def clean(self) -> int:
        """Delete some of the events that every name has had, and none keeps any longer; gives how many."""
        with self._tables.exclusively(self.table) as execute:
            return self._register.clean(execute)

    def backlog(self) -> Backlog:
        """The backlog."""
        with self._tables.exclusively(self.table) as execute:
            unspread = (0, None) if self.name == DEFAULT else self._register.unspread(execute)
            return count_backlog(execute, self.table, self._deliveries, unspread, self._tables.now(execute))

    def _due(self, execute: Execute, now: int, most: int) -> list[int]:
        """The ids of what can be delivered now."""
        if self.name != DEFAULT and self.name not in self._register.names(execute):
            raise ForgottenError(f"{self.name} gets no more events of {self.table}; it was ended with --forget")
        taken_over, blocked = self._free(execute, now)
        if taken_over:
            return taken_over
        ids = self._new(execute, blocked, most)
        while not ids and self.name != DEFAULT and self._register.spread(execute, most):
            ids = self._new(execute, blocked, most)
        return ids

    def _events(self, execute: Execute, ids: Sequence[int]) -> list[Event]:
        """The events with these ids; deliveries of events that were deleted by hand go."""
        rows = self._rows(execute, ids)
        if any(row[-1] is None for row in rows):
            self._register.rename_old(execute, ids)
            rows = [(*row, change or SAVED) for *row, change in self._rows(execute, ids)]
        if missing := set(ids) - {row[0] for row in rows}:
            where, bound = self._where_ids(missing)
            execute(f"DELETE FROM {self._deliveries.table} {where}", [bound])
        return [Event(*row) for row in rows]

    def _rows(self, execute: Execute, ids: Sequence[int]) -> list[Any]:
        outbox = self.table
        query = (
            f"SELECT {outbox}.id, idempotency_key, {outbox}.aggregate_key, payload_kind, payload_dto,"
            f" {self._deliveries.table}.attempts, {outbox}.created_ts, change"
            f" FROM {self._deliveries.events} WHERE {self._tables.among(f'{outbox}.id')} ORDER BY {outbox}.id"
        )
        return list(execute(query, [self._tables.bound(ids)]).fetchall())

    def _free(self, execute: Execute, now: int) -> tuple[list[int], set[str]]:
        """The ids of a batch that can be taken over; else the aggregates that others have, or that wait."""
        query = (
            "SELECT id, aggregate_key, status, lease_owner, leased_until_ts, next_attempt_ts"
            f" FROM {self._deliveries.table} WHERE {self._deliveries.mine}{WAITING['held']} ORDER BY id"
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
        """The ids of events that nobody has tried, of aggregates that nobody has."""
        query = (
            f"SELECT id FROM {self._deliveries.table} WHERE {self._deliveries.mine}{WAITING['pending']}"
            f" AND NOT {self._tables.among('aggregate_key')} ORDER BY id LIMIT ?{self._tables.skip_locked}"
        )
        return [row[0] for row in execute(query, [self._tables.bound(blocked), most]).fetchall()]

    def _change(
        self, execute: Execute, batch: Batch, ids: Collection[int], change: str, values: Sequence[Any] = ()
    ) -> int:
        """Run a statement, given by its beginning, for the deliveries of a batch that this relay still has."""
        if not ids:
            return 0
        where, bound = self._where_ids(ids)
        statement = f"{change} {where} AND lease_owner = ?"
        return int(execute(statement, [*values, bound, self._owner(batch)]).rowcount)

    def _refuse(self, execute: Execute, batch: Batch, event: Event, reason: str, now: int) -> None:
        attempts = event.attempts + 1
        status = "dead" if attempts >= self._attempts else "failed"
        refused = (
            f"UPDATE {self._deliveries.table} SET status = ?, attempts = ?, next_attempt_ts = ?, last_error = ?,"
            " lease_owner = NULL, leased_until_ts = NULL"
        )
        due = now + int(backoff.delay(attempts) * _SECOND)
        self._change(execute, batch, [event.id], refused, [status, attempts, due, reason])

    def _where_ids(self, ids: Collection[int]) -> tuple[str, Any]:
        return f"WHERE {self._deliveries.mine}{self._tables.among('id')}", self._tables.bound(ids)

    def _owner(self, batch: Batch) -> str:
        return f"{batch.name}@{self._relay}"


def _groups(held: Sequence[_Held]) -> Iterator[list[_Held]]:
    """The rows of each batch, in the order of first ids; a row that was refused is one of its own."""

    def batch(row: _Held) -> str:
        return (row.lease_owner or f"{row.id:020}").partition("@")[0]

    for _, rows in groupby(sorted(held, key=lambda row: (batch(row), row.id)), key=batch):
        yield list(rows)
