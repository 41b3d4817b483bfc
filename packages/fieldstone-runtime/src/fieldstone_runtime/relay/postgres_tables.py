"""An outbox in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from fieldstone_runtime.errors import StorageError
from fieldstone_runtime.outbox_tables import migrate_outbox
from fieldstone_runtime.relay.events import UnavailableError
from fieldstone_runtime.relay.tables import Execute, Tables

_LOCK = 5120218120260118
"""The lock that is a relay's in a database, with the table's name as its second half."""


class PostgresTables(Tables):
    """A database of a server. Relays take turns by an advisory lock; rows that somebody else has locked are skipped.

    Args:
        conninfo: the database, as libpq writes it.
    """

    skip_locked = " FOR UPDATE SKIP LOCKED"

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection | None = None

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def bring_forward(self, outbox: str) -> None:
        """Add to an outbox what this version needs."""
        from fieldstone_runtime.postgres import PostgresDatabase

        try:
            with closing(PostgresDatabase(self._conninfo, max_size=1)) as database:
                migrate_outbox(database, outbox)
        except StorageError as error:
            raise UnavailableError(f"the outbox: {error}") from error

    @contextmanager
    def exclusively(self, outbox: str) -> Iterator[Execute]:
        """A transaction that holds the advisory lock of an outbox."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=10)
            connection = self._connection

            def execute(statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor:
                return connection.cursor(binary=True).execute(statement.replace("?", "%s"), values)

            with connection.transaction():
                execute("SELECT pg_advisory_xact_lock(?, hashtext(?))", [_LOCK % 2**31, outbox])
                yield execute
        except psycopg.Error as error:
            raise UnavailableError(f"the outbox: {error}") from error

    def now(self, execute: Execute) -> int:
        """The time, by the server's clock."""
        return int(execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()[0])

    def among(self, column: str) -> str:
        """A condition on an array."""
        return f"{column} = ANY(?)"

    def bound(self, values: Collection[Any]) -> list[Any]:
        """The array."""
        return list(values)
