"""A table in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fieldstone_runtime.relay.events import Batch, Event, UnavailableError
from fieldstone_runtime.relay.sinks.table import ADDED, COLUMNS, TABLE, refused_among, row


class SQLiteSink:
    """Keeps each event once, as a row of a table that is made where there is none.

    Args:
        path: the file, which is made where there is none.
        table: the table's name.

    Raises:
        UnavailableError: the file cannot be opened.
    """

    def __init__(self, path: Path, table: str = TABLE) -> None:
        self._path, self._table = path, table
        try:
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (position INTEGER PRIMARY KEY,"
                " idempotency_key TEXT NOT NULL UNIQUE,"
                " aggregate_key TEXT NOT NULL, payload_kind TEXT NOT NULL, payload_dto BLOB NOT NULL,"
                " created_ts INTEGER NOT NULL, change TEXT, record_key TEXT)"
            )
            self._add_columns()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def deliver(self, batch: Batch) -> Mapping[int, str]:
        """Insert the events that are not there yet; see `Sink`."""
        return refused_among(batch, self._insert)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _insert(self, events: Sequence[Event]) -> str | None:
        statement = (
            f"INSERT INTO {self._table} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (idempotency_key) DO NOTHING"
        )
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(statement, map(row, events))
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
        except (sqlite3.IntegrityError, sqlite3.DataError, UnicodeEncodeError) as error:
            return f"{self._path}: {error}"
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        return None

    def _add_columns(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        there = {name for _, name, *_ in self._connection.execute(f"PRAGMA table_info({self._table})")}
        for column in ADDED:
            if column not in there:
                self._connection.execute(f"ALTER TABLE {self._table} ADD COLUMN {column} TEXT")
        self._connection.execute("COMMIT")

    def _unavailable(self, error: sqlite3.Error) -> UnavailableError:
        return UnavailableError(f"{self._path} as a sink: {error}")
