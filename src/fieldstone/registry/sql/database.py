"""A database with numbered migrations: SQLite or PostgreSQL, with the same statements.

Migrations are the files `migrations/NNNN_name.sql`, applied in order under a lock. A released one is never edited.
"""

from __future__ import annotations

import re
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fieldstone.errors import Conflict, Invalid, Outdated, Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry

_LOCK = 0x6669656C64  # "field"
"""The PostgreSQL advisory lock of migrations, and of what the first server writes."""
_LOCK_SETUP = text("SELECT pg_advisory_xact_lock(:lock)")
_LONGEST_WAIT = 15
"""The most seconds that a statement waits for a lock of SQLite, and a caller for a connection."""
_LIMITS = text(
    "SELECT set_config('lock_timeout', :lock, true), set_config('idle_in_transaction_session_timeout', :idle, true)"
)
"""Limits of one transaction of PostgreSQL: a replica whose machine vanished holds no lock for long."""
_LONGEST_IDLE = 120
"""The most seconds that a transaction waits for its replica, before PostgreSQL rolls it back."""
_OVERTAKEN = {"40001", "40P01"}
"""The SQLSTATEs of a transaction that failed because of another one: serialization failure, and deadlock."""
_VERSION = "SELECT coalesce(max(number), 0) FROM fieldstone_migrations"


AtEnd = Callable[[Connection], None]
"""Writes at the end of a transaction."""
_AT_END = "fieldstone-at-end"
_FILE = "fieldstone-file"
"""The file of a connection of SQLite: it may be removed or replaced while it is open."""


def at_end(connection: Connection, action: AtEnd) -> None:
    """Have something written at the end of a transaction, after all else: it takes a lock that all writers need.

    Args:
        connection: the connection of a transaction of `Database`.
        action: writes; if it raises, nothing is written.
    """
    connection.info[_AT_END].append(action)


class Database:
    """Connections to a database whose tables exist.

    Args:
        address: `sqlite:///PATH`, or `postgresql://USER@HOST/NAME` with what libpq knows (PGPASSWORD, ~/.pgpass).
        existing: whether its tables must exist already; otherwise they are made.

    Raises:
        Invalid: the address is no address of a database.
    """

    def __init__(self, address: str, *, existing: bool = False) -> None:
        try:
            self._url = make_url(address)
        except ArgumentError as error:
            raise Invalid(
                f"{address.partition(':')[0]}:... is no address of a database",
                fix="write it as sqlite:///PATH or postgresql://USER@HOST/NAME",
            ) from error
        self.address = self._url.render_as_string(hide_password=True)
        """The address for messages, without its password."""
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._existing = existing
        self._open: ContextVar[Connection | None] = ContextVar("connection", default=None)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction, which is committed at the end; inside another transaction, that one.

        In SQLite it is the only one that writes.

        Raises:
            Conflict: it and another transaction waited for each other, and this one was rolled back.
            Outdated: a newer Fieldstone has changed the tables.
            Unavailable: the database cannot be reached, or has no connection left.
        """
        outer = self._open.get()
        if outer is not None:
            yield outer
            return
        with self._translated(), self._engine.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(_LIMITS, {"lock": f"{_LONGEST_WAIT}s", "idle": f"{_LONGEST_IDLE}s"})
            _refuse_newer(_version(connection), self.address)
            at_end: list[AtEnd] = []
            connection.info[_AT_END] = at_end
            token = self._open.set(connection)
            try:
                yield connection
                for action in at_end:
                    action(connection)
            finally:
                self._open.reset(token)

    @contextmanager
    def setup(self) -> Iterator[Connection]:
        """A transaction that waits for the setup by another server on the same database; see `transaction`."""
        with self.transaction() as connection:
            if not self.is_sqlite:
                connection.execute(_LOCK_SETUP, {"lock": _LOCK})
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for statements that only read; inside a transaction, that one.

        Raises:
            Unavailable: the database cannot be reached, or has no connection left.
        """
        outer = self._open.get()
        if outer is not None:
            yield outer
            return
        with self._translated(), self._reading.connect() as connection:
            yield connection

    @property
    def version(self) -> int:
        """The number of the newest migration in the database.

        Raises:
            Unavailable: the database cannot be reached.
        """
        with self._translated(), self._raw.connect() as connection:
            return _version(connection)

    def require_known_version(self) -> None:
        """Raise if a newer Fieldstone has changed the tables.

        Raises:
            Outdated: it has; this one must not use them.
            Unavailable: the database cannot be reached.
        """
        _refuse_newer(self.version, self.address)

    @cached_property
    def _engine(self) -> Engine:
        """The connections, once the tables exist."""
        with self._translated():
            if self._existing:
                self._require_tables()
            else:
                _migrate(self._raw, self.address, is_sqlite=self.is_sqlite)
        self._existing = True
        return self._raw

    def _require_tables(self) -> None:
        """Raise if the database lacks tables, or has those of a newer Fieldstone.

        Raises:
            Outdated: it has newer tables.
            Unavailable: it lacks tables, because it was replaced.
        """
        self.require_known_version()
        if self.version < _migrations()[-1][0]:
            raise Unavailable(f"the database {self.address} was replaced by an older one", fix="restart the server")

    @cached_property
    def _reading(self) -> Engine:
        return self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @cached_property
    def _raw(self) -> Engine:
        engine = self._connected()
        weakref.finalize(self, engine.dispose)
        return engine

    def _connected(self) -> Engine:
        url = self._url
        if self.is_sqlite:
            return self._connected_to_file(Path(url.database or ""))
        try:
            return create_engine(
                url.set(drivername="postgresql+psycopg"),
                isolation_level="READ COMMITTED",  # who waited for a lock sees what its owner wrote
                pool_pre_ping=True,
                pool_timeout=_LONGEST_WAIT,
                connect_args={"connect_timeout": 10, "application_name": "fieldstone"},
            )
        except (NoSuchModuleError, ImportError) as error:
            raise Invalid(f"cannot open {self.address}: {error}", fix="install psycopg") from error

    def _connected_to_file(self, path: Path) -> Engine:
        if not self._existing:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Unavailable(f"cannot make the folder {path.parent}: {error.strerror}") from error

        def connect() -> sqlite3.Connection:
            mode = "rw" if self._existing else "rwc"  # a file that was removed is not made again, empty
            return sqlite3.connect(
                f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=_LONGEST_WAIT, check_same_thread=False
            )

        def note_file(_connection: object, record: ConnectionPoolEntry) -> None:
            record.info[_FILE] = _identity(path)

        def refuse_other_file(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
            if record.info[_FILE] != _identity(path):
                raise DisconnectionError

        engine = create_engine(self._url, creator=connect, pool_timeout=_LONGEST_WAIT)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "connect", note_file)
        event.listen(engine, "checkout", refuse_other_file)
        return engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn errors of the driver into one that says what could not be reached."""
        try:
            yield
        except (DBAPIError, PoolTimeoutError) as error:
            if getattr(getattr(error, "orig", None), "sqlstate", None) in _OVERTAKEN:
                raise Conflict("another write was faster, and this one was rolled back", fix="do it again") from error
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()
            raise Unavailable(
                f"the database {self.address} does not answer: {reason[0] if reason else 'no reason given'}",
                fix="see whether it runs and can be reached, then do it again",
            ) from error


def _identity(path: Path) -> tuple[int, int]:
    """The device and inode of a file; zeros if there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Settings of a new connection of SQLite; the transactions are begun by `Database`."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _migrate(engine: Engine, address: str, *, is_sqlite: bool) -> None:
    """Apply the migrations that the database lacks.

    Raises:
        Outdated: the database has one that this Fieldstone does not know.
    """
    with engine.begin() as connection:
        if is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(_LOCK_SETUP, {"lock": _LOCK})
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS fieldstone_migrations (number INTEGER PRIMARY KEY)")
        current = _version(connection)
        _refuse_newer(current, address)
        for number, script in _migrations():
            if number > current:
                for statement in _statements(script):
                    connection.exec_driver_sql(statement)
                connection.execute(text("INSERT INTO fieldstone_migrations VALUES (:number)"), {"number": number})


def _version(connection: Connection) -> int:
    return int(connection.execute(text(_VERSION)).scalar_one())


def _refuse_newer(current: int, address: str) -> None:
    newest = _migrations()[-1][0]
    if current > newest:
        raise Outdated(
            f"the database {address} has migration {current}, and this Fieldstone knows {newest}",
            fix="use a Fieldstone as new as the one that changed it",
        )


@cache
def _migrations() -> list[tuple[int, str]]:
    """The migrations, by number and text, in order."""
    folder = files(__package__) / "migrations"
    scripts = sorted((path.name, path.read_text("utf-8")) for path in folder.iterdir() if path.name.endswith(".sql"))
    return [(int(name[:4]), script) for name, script in scripts]


def _statements(script: str) -> list[str]:
    """The statements of a migration: none has a semicolon inside."""
    plain = re.sub(r"--.*", "", script)
    return [statement for part in plain.split(";") if (statement := part.strip())]
