"""An outbox in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from fieldstone_runtime.relay.events import UnavailableError
from fieldstone_runtime.relay.outbox import Execute, Outbox

_LOCK = 5120218120260118
"""The lock that is a relay's in a database, with the table's name as its second half."""


class PostgresOutbox(Outbox):
    """A table in a database. Claims take turns by an advisory lock; rows that somebody else has locked are skipped.

    Args:
        conninfo: the database, as libpq writes it.
        table: the table's name.
        settings: as for `Outbox`.
    """

    _skip_locked = " FOR UPDATE SKIP LOCKED"

    def __init__(self, conninfo: str, table: str, **settings: Any) -> None:
        super().__init__(table, **settings)
        self._conninfo = conninfo
        self._connection: psycopg.Connection | None = None

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _exclusively(self) -> Iterator[Execute]:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=10)
            connection = self._connection

            def execute(statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor:
                return connection.cursor(binary=True).execute(statement.replace("?", "%s"), values)

            with connection.transaction():
                execute("SELECT pg_advisory_xact_lock(?, hashtext(?))", [_LOCK % 2**31, self.table])
                yield execute
        except psycopg.Error as error:
            raise UnavailableError(f"the outbox: {error}") from error

    def _now(self, execute: Execute) -> int:
        return int(execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()[0])

    def _among(self, column: str) -> str:
        return f"{column} = ANY(?)"

    def _bound(self, values: Collection[Any]) -> list[Any]:
        return list(values)
