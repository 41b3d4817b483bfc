"""PostgreSQL: psycopg 3 with a pool of connections, and transactions that begin where it is said."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from types import TracebackType
from typing import Any, LiteralString, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from fieldstone_runtime import errors, limits
from fieldstone_runtime.migrations import ADD_EFFECT, TABLE, Applied, Migration
from fieldstone_runtime.statements import OnStatement, timed
from fieldstone_runtime.tasks import refuse_others, running_task

Row = tuple[Any, ...]
Cursor = psycopg.Cursor[Row]

CHUNK = 500
"""The number of rows in memory while records are read one after the other."""

_MIGRATIONS = 5120218120260117  # the number of the lock that is Fieldstone's in a database
_ERRORS: dict[str, tuple[type[errors.StorageError], str]] = {
    "25006": (errors.DatabaseReadOnlyError, "can only be read"),
    "53100": (errors.DatabaseFullError, "is full"),
    "55P03": (errors.DatabaseLockedError, "is locked by another connection; try again"),
    "40P01": (errors.DatabaseLockedError, "had this wait for what waits for it; try again"),
    "40001": (errors.DatabaseLockedError, "was changed by another connection meanwhile; try again"),
    "23505": (errors.UniqueConflictError, "holds these values already"),
    "42P01": (errors.NotMigratedError, "was not migrated to this version; run `migrate()`"),
    "42703": (errors.NotMigratedError, "was not migrated to this version; run `migrate()`"),
    "XX001": (errors.DatabaseCorruptError, "is damaged; restore it from a backup"),
    "XX002": (errors.DatabaseCorruptError, "has a damaged index; rebuild it"),
}
"""By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


ENDED = {
    psycopg.pq.TransactionStatus.INERROR: "has rolled back this transaction: a statement failed",
    psycopg.pq.TransactionStatus.IDLE: "is not in this transaction any more: SQL of your own has ended it",
}
"""Why a transaction cannot be committed, by its connection's status at the end."""


class _Connection(psycopg.Connection[Row]):
    """A connection, its one cursor for what is read to the end at once, and how often it was lent."""

    reader: Cursor
    lent: int


class _Local(threading.local):
    """The connection whose transaction a thread is in, and the asyncio task that entered it."""

    held: _Connection | None = None
    owner: object = None


def _configure(connection: _Connection) -> None:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.reader, connection.lent = connection.cursor(binary=True), 0


def text(value: object) -> str:
    """As `limits.text`: a TEXT column takes no NUL (https://www.postgresql.org/docs/current/datatype-character.html)."""
    return limits.text(value) or ("a str without NUL characters" if "\0" in str(value) else "")


@contextmanager
def refusing() -> Iterator[None]:
    """Turns what a value raises that no column can hold into a ValueRefusedError."""
    try:
        yield
    except limits.VALUE_ERRORS as error:
        if isinstance(error, errors.ValueRefusedError):
            raise
        raise limits.refused_argument(error) from error


def copy(cursor: Cursor, statement: LiteralString, types: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Send rows with a `COPY ... FROM STDIN (FORMAT BINARY)` whose columns have these types."""
    with cursor.copy(statement) as sending:
        sending.set_types(types)
        write_row = sending.write_row
        for row in rows:
            write_row(row)


class PostgresDatabase:
    """A database of a server, for any number of threads and processes.

    Args:
        conninfo: a "postgresql://" URL or "key=value" pairs
            (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING).
        min_size: how many connections are kept open.
        max_size: how many there are at most.
        timeout: how long to wait for the server, a connection or a migration's lock, in seconds.
        on_statement: called after each statement with its SQL and its seconds; it must not use the database. An
            exception of it is logged, and changes nothing.

    Attributes:
        name: host, port and database, for people.

    Raises:
        DatabaseUnreachableError: the server does not answer, or refuses the connection.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        min_size: int = 1,
        max_size: int = 10,
        timeout: float = 10.0,
        on_statement: OnStatement | None = None,
    ) -> None:
        self.name, self._parts = address(conninfo, timeout)
        if on_statement is not None:
            self._parts["cursor_factory"] = _watched(on_statement)
        self._timeout, self._local, self._numbers, self._on_statement = timeout, _Local(), count(), on_statement
        self._probe()
        self._pool = ConnectionPool(
            "",
            connection_class=_Connection,
            kwargs=self._parts,
            configure=_configure,
            min_size=min_size,
            max_size=max_size,
            timeout=timeout,
            open=True,
        )

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """All that this thread writes inside is committed together, or not at all; gives a binary cursor.

        A transaction inside another is undone alone if it fails, and committed with the outer one. It belongs to
        the asyncio task that entered it, if one did.

        Raises:
            StorageError: another asyncio task of this thread is in a transaction.
        """
        local = self._local
        held, owner = self._held(), local.owner
        with self._lent() if held is None else nullcontext(held) as connection, self._translated():
            local.held, local.owner = connection, running_task()
            try:
                with self._block(connection, nested=held is not None):
                    yield connection.reader
                    if (status := connection.info.transaction_status) in ENDED:
                        raise errors.StorageError(f"{self.name} {ENDED[status]}")
            finally:
                local.held, local.owner = held, owner

    def _held(self) -> _Connection | None:
        """The connection whose transaction this thread is in; refuses another asyncio task than its own."""
        if self._local.held is not None:
            refuse_others(self._local.owner, self.name)
        return self._local.held

    def _block(self, connection: _Connection, *, nested: bool) -> AbstractContextManager[object]:
        block = connection.transaction()
        return block if self._on_statement is None else _WatchedBlock(block, self._on_statement, nested=nested)

    @contextmanager
    def cursor(self) -> Iterator[Cursor]:
        """A binary cursor for a single statement, which is a transaction of its own, or one inside another."""
        if self._held() is not None:
            with self.transaction() as cursor, refusing():
                yield cursor
        else:
            with self._lent() as connection, self._translated(), refusing():
                yield connection.reader

    def chunks(self, query: LiteralString, arguments: Sequence[object]) -> Iterator[list[Row]]:
        """The rows of a query, `CHUNK` of them at a time, all as they were when the first were read.

        Inside a transaction they end with it. Outside, they have a connection of their own, until the
        last is read or the iterator is closed.
        """
        held = self._held()
        with (
            self._lent() if held is None else nullcontext(held) as connection,
            self._translated(),
            refusing(),
            connection.transaction() if held is None else nullcontext(),
        ):
            yield from self._fetched(connection, query, arguments)

    def _fetched(self, connection: _Connection, query: str, arguments: Sequence[object]) -> Iterator[list[Row]]:
        name, lent, execute = f"records_{next(self._numbers)}", connection.lent, connection.reader.execute
        execute(f"DECLARE {name} NO SCROLL CURSOR FOR {query}".encode(), arguments, prepare=False)
        fetch, size = f"FETCH {CHUNK} FROM {name}".encode(), CHUNK
        while size == CHUNK:
            if connection.lent != lent:
                raise errors.StorageError(f"{self.name}: the transaction that these records were read in has ended")
            rows = execute(fetch, prepare=False).fetchall()
            if size := len(rows):
                yield rows
        if connection.lent == lent:
            execute(f"CLOSE {name}".encode(), prepare=False)

    def close(self) -> None:
        """Close the connections of all threads, which must have finished."""
        self._pool.close()

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """The transaction of `migrations.migrate`, beside which no other migration runs."""
        with self.transaction() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", (f"{round(self._timeout * 1000)}ms",))
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATIONS,))
            yield

    def applied(self, module: str) -> dict[str, Applied]:
        """The migrations that were applied, by version."""
        with self.transaction() as cursor:
            cursor.execute(TABLE)
            names = [
                column.name
                for column in cursor.execute("SELECT * FROM fieldstone_migrations LIMIT 0").description or ()
            ]
            if "effect" not in names:
                cursor.execute(ADD_EFFECT)
            query = "SELECT version, digest, effect FROM fieldstone_migrations WHERE module = %s"
            return {version: Applied(*found) for version, *found in cursor.execute(query, (module,)).fetchall()}

    def apply(self, module: str, migration: Migration, applied_at: int) -> None:
        """Run the statements of a migration, and record it."""
        try:
            with self.transaction() as cursor:
                for statement in migration.statements:
                    cursor.execute(statement.encode(), prepare=False)
                self.record(module, migration, applied_at)
        except errors.StorageError as error:
            if type(error) is not errors.StorageError:
                raise
            raise errors.MigrationError(f"{module} {migration.version} cannot be applied: {error}") from error

    def record(self, module: str, migration: Migration, applied_at: int) -> None:
        """Record a migration as applied; where it is recorded already, its effect alone."""
        statement: LiteralString = """INSERT INTO fieldstone_migrations (module, version, digest, applied_at, effect)
            VALUES (%s, %s, %s, %s, %s) ON CONFLICT (module, version) DO UPDATE SET effect = EXCLUDED.effect"""
        row = (module, migration.version, migration.digest, applied_at, migration.effect)
        with self.transaction() as cursor:
            cursor.execute(statement, row)

    @contextmanager
    def _lent(self) -> Iterator[_Connection]:
        try:
            connection = self._pool.getconn()
        except PoolClosed:
            raise errors.DatabaseUnreachableError(f"{self.name} was closed") from None
        except PoolTimeout:
            self._probe()
            raise errors.DatabaseLockedError(f"{self.name}: all connections are in use; allow more") from None
        connection.lent += 1
        try:
            yield connection
        finally:
            connection.lent += 1
            self._pool.putconn(connection)

    def _probe(self) -> None:
        """Say why there is no connection; the pool keeps that to itself."""
        try:
            psycopg.connect("", **self._parts).close()
        except psycopg.Error as error:
            raise errors.DatabaseUnreachableError(f"{self.name}: {error}") from None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: psycopg.Error) -> errors.StorageError:
        found = failure(self.name, error)
        if isinstance(found, errors.ConnectionLostError):
            self._pool.drain()  # the others were lost with it, as a rule
        return found


def address(conninfo: str, timeout: float) -> tuple[str, dict[str, Any]]:
    """The name of a database, for people, and the arguments to connect to it with.

    Args:
        conninfo: as for `PostgresDatabase`.
        timeout: how long to wait for the server, in seconds.

    Raises:
        DatabaseUnreachableError: it is neither a URL nor pairs.
    """
    try:
        parts = conninfo_to_dict(conninfo)
    except psycopg.Error:  # its text may have the password
        problem = "this is neither a URL like postgresql://user@host/database nor pairs like host=... dbname=..."
        raise errors.DatabaseUnreachableError(problem) from None
    name = f"PostgreSQL {parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
    return name, {"connect_timeout": max(2, round(timeout)), **parts, "autocommit": True}


def failure(name: str, error: psycopg.Error) -> errors.StorageError:
    """The typed error for one of psycopg, about the database of a name."""
    code, text = error.sqlstate or "", error.diag.message_primary or str(error)
    if isinstance(error, psycopg.DataError) or code in {"23502", "42804"}:
        return errors.ValueRefusedError("", error.diag.column_name or "", None, f"what {name} takes ({text})")
    lost = code.startswith(("08", "57P", "25P03", "25P04")) or (
        not code and isinstance(error, psycopg.OperationalError)
    )
    if lost:
        return errors.ConnectionLostError(f"{name} broke the connection ({text})")
    kind, problem = _ERRORS.get(code, (errors.StorageError, "failed"))
    return kind(f"{name} {problem} ({text})")


def _watched(on_statement: OnStatement) -> type[Cursor]:
    """Cursors whose statements the hook sees."""

    class Watched(psycopg.Cursor[Row]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Self:
            with timed(on_statement, query):
                return super().execute(query, *arguments, **options)

        def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
            with timed(on_statement, query):
                super().executemany(query, *arguments, **options)

        @contextmanager
        def copy(self, statement: Any, *arguments: Any, **options: Any) -> Iterator[psycopg.Copy]:
            with timed(on_statement, statement), super().copy(statement, *arguments, **options) as copying:
                yield copying

    return Watched


class _WatchedBlock:
    """A transaction whose begin and end the hook sees: psycopg sends them without a cursor."""

    def __init__(self, block: AbstractContextManager[object], on_statement: OnStatement, *, nested: bool) -> None:
        self._block, self._on_statement = block, on_statement
        self._names = ("SAVEPOINT", "RELEASE", "ROLLBACK TO") if nested else ("BEGIN", "COMMIT", "ROLLBACK")

    def __enter__(self) -> object:
        with timed(self._on_statement, self._names[0]):
            return self._block.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        with timed(self._on_statement, self._names[1 if kind is None else 2]):
            return self._block.__exit__(kind, error, trace)
