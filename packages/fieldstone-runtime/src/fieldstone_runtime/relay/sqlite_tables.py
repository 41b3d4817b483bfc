"""An outbox in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from fieldstone_runtime.errors import StorageError
from fieldstone_runtime.outbox import now_us
from fieldstone_runtime.outbox_tables import migrate_outbox
from fieldstone_runtime.relay.events import UnavailableError
from fieldstone_runtime.relay.tables import Execute, Tables


class SQLiteTables(Tables):
    """A database file. Relays take turns by the file's write lock.

    Args:
        path: the file, which must be there.
        clock: the time, in microseconds since 1970, UTC.

    Raises:
        UnavailableError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int] = now_us) -> None:
        self._path, self._clock = path, clock
        with _reaching(path):
            self._connection = connect(path)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def bring_forward(self, outbox: str) -> None:
        """Add to an outbox what this version needs."""
        from fieldstone_runtime.sqlite import SQLiteDatabase

        with _reaching(self._path), closing(SQLiteDatabase(self._path, timeout=30.0)) as database:
            migrate_outbox(database, outbox)

    @contextmanager
    def exclusively(self, outbox: str) -> Iterator[Execute]:  # noqa: ARG002 - the lock is that of the whole file
        """A transaction that holds the write lock."""
        execute = self._connection.execute
        with _reaching(self._path):
            execute("BEGIN IMMEDIATE")
            try:
                yield execute
                execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # the database may have rolled back by itself
                    execute("ROLLBACK")
                raise

    def now(self, _: Execute) -> int:
        """The time, by the clock of this machine."""
        return self._clock()

    def among(self, column: str) -> str:
        """A condition on a list in JSON."""
        return f"{column} IN (SELECT value FROM json_each(?))"

    def bound(self, values: Collection[Any]) -> str:
        """The list in JSON."""
        return json.dumps(list(values))


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a database that is there, for statements that begin their transactions themselves.

    Raises:
        sqlite3.Error: there is none, or it cannot be opened.
    """
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)


@contextmanager
def _reaching(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, StorageError) as error:
        raise UnavailableError(f"the outbox {path}: {error}") from error
