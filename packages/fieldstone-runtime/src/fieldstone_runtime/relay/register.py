"""The sinks of an outbox by name: which events each is to get, and which events no sink needs any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fieldstone_runtime.outbox import SAVED
from fieldstone_runtime.outbox_tables import beside, deliveries_table, sinks_table
from fieldstone_runtime.relay.deliveries import DEFAULT
from fieldstone_runtime.relay.tables import Execute, Tables

_AT_ONCE = 1000
_SPREAD = "spread = 0"


class Registered(NamedTuple):
    """A name under which events are delivered.

    Attributes:
        name: the name.
        keep: how old an event gets before it may be deleted, in microseconds; None for no end.
        destination: where the relay that began last delivers to; empty where none has said so.
    """

    name: str
    keep: int | None
    destination: str


class Register:
    """The names that the events of an outbox are delivered under.

    All methods are called inside a transaction of `Tables.exclusively`.

    Args:
        tables: the database.
        outbox: the table of the events.
    """

    def __init__(self, tables: Tables, outbox: str) -> None:
        self._tables, self._outbox = tables, outbox
        self._sinks, self._deliveries = sinks_table(outbox), deliveries_table(outbox)
        self._spread_index = beside(outbox, "spread")

    def all(self, execute: Execute) -> list[Registered]:
        """The names, sorted."""
        query = f"SELECT name, keep_us, COALESCE(destination, '') FROM {self._sinks} ORDER BY name"
        return [Registered(*row) for row in execute(query).fetchall()]

    def names(self, execute: Execute) -> list[str]:
        """The names alone."""
        return [sink.name for sink in self.all(execute)]

    def add(self, execute: Execute, sink: Registered, *, from_start: bool) -> Registered | None:
        """Register a name, or what is new about it; gives what was registered before.

        Args:
            execute: the transaction.
            sink: the name.
            from_start: whether a new name gets the events that are there already, too.
        """
        before = {other.name: other for other in self.all(execute)}
        if sink.name in before:
            change = f"UPDATE {self._sinks} SET keep_us = ?, destination = ? WHERE name = ?"
            execute(change, [sink.keep, sink.destination, sink.name])
        else:
            if sink.name != DEFAULT:
                self._begin(execute, sink.name, list(before), from_start=from_start)
            self._insert(execute, sink)
        return before.get(sink.name)

    def remove(self, execute: Execute, name: str) -> None:
        """End a name: what it has not had, it never gets."""
        execute(f"DELETE FROM {self._sinks} WHERE name = ?", [name])
        execute(f"DELETE FROM {self._deliveries} WHERE sink = ?", [name])
        if not _named(self.names(execute)):
            execute(f"DROP INDEX IF EXISTS {self._spread_index}")

    def spread(self, execute: Execute, most: int) -> bool:
        """Give each named sink its row for some of the new events; False where there are none.

        A row that is there already is of an event that was deleted by hand, whose id was given again.
        """
        found = execute(f"SELECT id FROM {self._outbox} WHERE {_SPREAD} ORDER BY id LIMIT ?", [most]).fetchall()
        if not found:
            return False
        ids = [number for (number,) in found]
        self.rename_old(execute, ids)
        among, bound = self._tables.among("id"), self._tables.bound(ids)
        execute(f"DELETE FROM {self._deliveries} WHERE {among}", [bound])
        execute(
            f"INSERT INTO {self._deliveries} (id, sink, aggregate_key) SELECT id, name, aggregate_key"
            f" FROM {self._outbox} CROSS JOIN {self._sinks} WHERE name <> '{DEFAULT}' AND {among}",
            [bound],
        )
        execute(f"UPDATE {self._outbox} SET spread = 1 WHERE {among}", [bound])
        return True

    def rename_old(self, execute: Execute, ids: Sequence[int]) -> None:
        """Give events of older code keys of their own, unless a sink may have had them under the old one.

        Older code writes the record's key there: a record that is added again after its deletion would not arrive.
        """
        execute(
            f"UPDATE {self._outbox} SET change = '{SAVED}',"
            " idempotency_key = idempotency_key || '@' || created_ts || '.' || id"
            f" WHERE change IS NULL AND status NOT IN ('claimed', 'failed') AND {self._tables.among('id')}",
            [self._tables.bound(ids)],
        )

    def unspread(self, execute: Execute) -> tuple[int, int | None]:
        """The number of events that the named sinks have no rows for yet, and the first of them."""
        row = execute(f"SELECT count(*), min(id) FROM {self._outbox} WHERE {_SPREAD}").fetchone()
        return int(row[0]), row[1]

    def clean(self, execute: Execute) -> int:
        """Delete some of the events that all sinks have had and none keeps any longer; gives how many."""
        sinks = self.all(execute)
        keeps = [sink.keep for sink in sinks if sink.keep is not None]
        if not sinks or len(keeps) < len(sinks):
            return 0
        before = self._tables.now(execute) - max(keeps)
        names = [sink.name for sink in sinks]
        conditions = ["status = 'delivered'"] if DEFAULT in names else []
        if _named(names):
            had = f"SELECT 1 FROM {self._deliveries} WHERE {self._deliveries}.id = {self._outbox}.id"
            conditions += ["spread = 1", f"NOT EXISTS ({had})"]
        oldest = (
            f"SELECT id, created_ts FROM {self._outbox} WHERE {' AND '.join(conditions)} ORDER BY id LIMIT {_AT_ONCE}"
        )
        ids = [number for number, created in execute(oldest).fetchall() if created < before]
        if ids:
            execute(f"DELETE FROM {self._outbox} WHERE {self._tables.among('id')}", [self._tables.bound(ids)])
        return len(ids)

    def _begin(self, execute: Execute, name: str, names: Sequence[str], *, from_start: bool) -> None:
        first = not _named(names)
        if first:
            execute(f"CREATE INDEX IF NOT EXISTS {self._spread_index} ON {self._outbox} (id) WHERE {_SPREAD}")
            self._register_older_relays(execute, names)
        if from_start:
            self._give_all(execute, name)
        elif first:
            execute(f"UPDATE {self._outbox} SET spread = 1 WHERE {_SPREAD}")
        else:
            while self.spread(execute, _AT_ONCE):
                pass

    def _give_all(self, execute: Execute, name: str) -> None:
        """Give a new name its rows for the events that were spread before; the others are, after it is registered."""
        old = execute(f"SELECT id FROM {self._outbox} WHERE spread = 1 AND change IS NULL").fetchall()
        self.rename_old(execute, [number for (number,) in old])
        execute(
            f"INSERT INTO {self._deliveries} (id, sink, aggregate_key)"
            f" SELECT id, '{name}', aggregate_key FROM {self._outbox} WHERE spread = 1"
        )

    def _register_older_relays(self, execute: Execute, names: Sequence[str]) -> None:
        """Register the name of relays of older versions, which register none, where one has been at work."""
        tried = f"SELECT 1 FROM {self._outbox} WHERE status <> 'pending' LIMIT 1"
        if DEFAULT not in names and execute(tried).fetchone():
            self._insert(execute, Registered(DEFAULT, None, ""))

    def _insert(self, execute: Execute, sink: Registered) -> None:
        statement = f"INSERT INTO {self._sinks} (name, keep_us, destination, created_ts) VALUES (?, ?, ?, ?)"
        execute(statement, [*sink, self._tables.now(execute)])


def _named(names: Sequence[str]) -> bool:
    """Whether some of the names have rows in the deliveries."""
    return any(name != DEFAULT for name in names)
