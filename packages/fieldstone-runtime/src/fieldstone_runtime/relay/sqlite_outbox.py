"""An outbox in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fieldstone_runtime.outbox import now_us
from fieldstone_runtime.relay.events import UnavailableError
from fieldstone_runtime.relay.outbox import Execute, Outbox


class SQLiteOutbox(Outbox):
    """A table in a database file. A claim is a lease that is written under the file's write lock.

    Args:
        path: the file, which must be there.
        table: the table's name.
        clock: the time, in microseconds since 1970, UTC.
        settings: as for `Outbox`.

    Raises:
        UnavailableError: the file cannot be opened.
    """

    def __init__(self, path: Path, table: str, *, clock: Callable[[], int] = now_us, **settings: Any) -> None:
        super().__init__(table, **settings)
        self._path, self._clock = path, clock
        with _reaching(path):
            self._connection = connect(path)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _exclusively(self) -> Iterator[Execute]:
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

    def _now(self, _: Execute) -> int:
        return self._clock()

    def _among(self, column: str) -> str:
        return f"{column} IN (SELECT value FROM json_each(?))"

    def _bound(self, values: Collection[Any]) -> str:
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
    except sqlite3.Error as error:
        raise UnavailableError(f"the outbox {path}: {error}") from error
