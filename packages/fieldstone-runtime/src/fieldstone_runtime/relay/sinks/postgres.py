"""A table in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psycopg

from fieldstone_runtime.relay.events import Batch, Event, UnavailableError
from fieldstone_runtime.relay.sinks.table import ADDED, COLUMNS, TABLE, refused_among, row


class PostgresSink:
    """Keeps each event once, as a row of a table that is made where there is none.

    Args:
        conninfo: the database, as libpq writes it.
        table: the table's name.
    """

    def __init__(self, conninfo: str, table: str = TABLE) -> None:
        self._conninfo, self._table = conninfo, table
        self._connection: psycopg.Connection | None = None

    def deliver(self, batch: Batch) -> Mapping[int, str]:
        """Insert the events that are not there yet; see `Sink`."""
        return refused_among(batch, self._insert)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _insert(self, events: Sequence[Event]) -> str | None:
        columns = [list(column) for column in zip(*map(row, events), strict=True)]
        statement = (
            f"INSERT INTO {self._table} ({COLUMNS}) SELECT * FROM"
            " unnest(%b::text[], %b::text[], %b::text[], %b::bytea[], %b::bigint[], %b::text[], %b::text[])"
            " ON CONFLICT (idempotency_key) DO NOTHING"
        )
        try:
            with (connection := self._connected()).transaction():
                connection.execute(statement, columns)
        except (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError) as error:
            return f"PostgreSQL: {error}"
        except psycopg.Error as error:
            raise UnavailableError(f"PostgreSQL as a sink: {error}") from error
        return None

    def _connected(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=10)
            made = (
                f"CREATE TABLE IF NOT EXISTS {self._table} (position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                " idempotency_key TEXT NOT NULL UNIQUE, aggregate_key TEXT NOT NULL, payload_kind TEXT NOT NULL,"
                " payload_dto BYTEA NOT NULL, created_ts BIGINT NOT NULL, change TEXT, record_key TEXT)"
            )
            self._connection.execute(made)
            self._add_columns(self._connection)
        return self._connection

    def _add_columns(self, connection: psycopg.Connection) -> None:
        """Asked for before it is done: only the owner of a table may alter it, also where nothing changes."""
        query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        there = {name for (name,) in connection.execute(query, (self._table,))}
        for column in ADDED:
            if column not in there:
                connection.execute(f"ALTER TABLE {self._table} ADD COLUMN IF NOT EXISTS {column} TEXT")
