"""SQLite: a file in WAL mode, a connection for every thread, and transactions that begin where it is said."""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from os import PathLike, fspath
from time import monotonic, sleep
from typing import Any, Self

from fieldstone_runtime import errors
from fieldstone_runtime.limits import VALUE_ERRORS, refused_argument
from fieldstone_runtime.migrations import ADD_EFFECT, TABLE, Applied, Migration
from fieldstone_runtime.statements import OnStatement, timed
from fieldstone_runtime.tasks import refuse_others, running_task

FAILURES = (sqlite3.Error, *VALUE_ERRORS)
"""The errors of an execute, for the database or for a value that it was given."""

_OUTER = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_NESTED = ("SAVEPOINT nested", "RELEASE nested", ("ROLLBACK TO nested", "RELEASE nested"))
_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
_ERRORS: dict[int, tuple[type[errors.StorageError], str]] = {
    sqlite3.SQLITE_BUSY: (errors.DatabaseLockedError, "is locked by another connection"),
    sqlite3.SQLITE_LOCKED: (errors.DatabaseLockedError, "is in use by this thread"),
    sqlite3.SQLITE_READONLY: (errors.DatabaseReadOnlyError, "can only be read"),
    sqlite3.SQLITE_FULL: (errors.DatabaseFullError, "is full"),
    sqlite3.SQLITE_CORRUPT: (errors.DatabaseCorruptError, "is damaged; restore it from a backup"),
    sqlite3.SQLITE_NOTADB: (errors.DatabaseCorruptError, "is no SQLite database, or is damaged"),
    sqlite3.SQLITE_CANTOPEN: (errors.DatabaseUnreachableError, "cannot be opened; is its folder there, and yours?"),
    sqlite3.SQLITE_PERM: (errors.DatabaseUnreachableError, "cannot be opened: no permission"),
}
"""By primary result code (https://www.sqlite.org/rescode.html)."""


def packed(values: Iterable[int | str | bytes]) -> str:
    """Any number of values as one that is bound; `fieldstone_unpacked(value)` gives them back in SQL.

    It is JSON for `json_each`, which would cut text at a NUL and has no bytes: both are there in hex.
    """
    return json.dumps([value if isinstance(value, int) else _in_hex(value) for value in values])


def unpacked(values: str) -> list[int | str | bytes]:
    """The values that were packed."""
    return [_unpacked(value) for value in json.loads(values)]


def _in_hex(value: str | bytes) -> str:
    return f"t{value.encode().hex()}" if isinstance(value, str) else f"b{value.hex()}"


def _unpacked(value: int | str) -> int | str | bytes:
    if isinstance(value, int):
        return value
    given = bytes.fromhex(value[1:])
    return given.decode() if value[0] == "t" else given


class SQLiteDatabase:
    """A database file, for any number of threads and processes.

    Args:
        path: the file, which is made where there is none, or a "file:" URI; ":memory:" for a file
            that goes away with `close`.
        timeout: how long to wait for a lock, in seconds.
        on_statement: called after each statement with its SQL and its seconds until the first row is there; it must
            not use the database. An exception of it is logged, and changes nothing.

    Attributes:
        name: the path as given, for people.
        local: this thread's `connection`, its one `cursor` for what is read to the end at once, and
            that cursor's `execute`, which another asyncio task than that of the transaction is refused.

    Raises:
        DatabaseUnreachableError: there is no such folder, or no permission.
        DatabaseCorruptError: the file is no database.
        DatabaseReadOnlyError: it is not in WAL mode yet, and cannot be written.
    """

    def __init__(
        self, path: str | PathLike[str], *, timeout: float = 5.0, on_statement: OnStatement | None = None
    ) -> None:
        self.name = fspath(path)
        self._path = _temporary_file(self) if self.name == ":memory:" else self.name
        self._timeout, self._closed = timeout, False
        self._connection_class = sqlite3.Connection if on_statement is None else _watched(on_statement)
        self._connections: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self.local = _Local(self)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """All that this thread writes inside is committed together, or not at all; gives the thread's cursor.

        The write lock is taken at once. A transaction inside another is undone alone if it fails,
        and committed with the outer one. It belongs to the asyncio task that entered it, if one did.

        Raises:
            StorageError: another asyncio task of this thread is in a transaction.
        """
        local = self.local
        outer, execute = local.owner, local.cursor.execute
        if outer is not None:
            refuse_others(outer, self.name)
        begin, commit, undo = _NESTED if local.depth else _OUTER
        try:
            if local.depth and not local.connection.in_transaction:
                raise errors.StorageError(
                    f"{self.name} has rolled back this transaction, or SQL of your own has ended it; leave it"
                )
            execute(begin)
            local.depth += 1
            if (task := running_task()) is not outer:
                local.belong_to(task)
            try:
                yield local.cursor
                execute(commit)
            except BaseException:
                with suppress(sqlite3.Error):  # the database may have rolled back by itself
                    for statement in undo if local.connection.in_transaction else ():
                        execute(statement)
                raise
            finally:
                local.depth -= 1
                if task is not outer:
                    local.belong_to(outer)
                while local.readers and not local.depth:
                    local.readers.pop().close()
        except sqlite3.Error as error:
            raise self.failure(error) from error

    @contextmanager
    def reading(self, sql: str, bound: Sequence[Any]) -> Iterator[sqlite3.Cursor]:
        """Gives the rows of a query; they, and what else is read on their connection, are of one moment.

        They keep no writer waiting. Inside a transaction they see what it has written, and end with it.
        """
        readers, held = self.local.readers, self.local.depth > 0
        refuse_others(self.local.owner, self.name)
        connection = self.local.connection if held else self._take()
        rows = connection.cursor()
        rows.row_factory = None  # SQL of one's own may have set one for the connection
        try:
            if held:
                readers.add(rows)
            else:
                connection.execute("BEGIN")
            try:
                rows.execute(sql, bound)
            except VALUE_ERRORS as error:
                raise self.failure(error) from error
            yield rows
        except sqlite3.Error as error:
            raise self.failure(error) from error
        finally:
            readers.discard(rows)
            with suppress(sqlite3.Error):  # the database may be closed
                rows.close()
                if not held:
                    connection.execute("ROLLBACK")
                    self._idle.append(connection)

    def checkpoint(self) -> bool:
        """Move what is in the write-ahead log to the file and empty the log; False where readers still need it."""
        try:
            return bool(self.local.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        except sqlite3.Error as error:
            raise self.failure(error) from error

    def close(self) -> None:
        """Close the connections of all threads, which must have finished."""
        self._closed = True
        while self._connections:
            self._connections.pop().close()

    def failure(self, error: Exception) -> errors.StorageError:
        """The typed error for one of `FAILURES`."""
        if isinstance(error, errors.StorageError):
            return error
        if not isinstance(error, sqlite3.Error):
            return refused_argument(error)
        code, text = getattr(error, "sqlite_errorcode", 0), str(error)
        kind, problem = _ERRORS.get(code & 0xFF, (errors.StorageError, "failed"))
        if code in _UNIQUE:
            kind, problem = errors.UniqueConflictError, "holds these values already"
        elif code & 0xFF in {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG}:
            column = text.partition("failed: ")[2]
            return errors.ValueRefusedError("", column, None, f"a value that {self.name} takes ({text})")
        elif "no such table" in text or "no such column" in text or "has no column" in text:
            kind, problem = errors.NotMigratedError, "was not migrated to this version; run `migrate()`"
        elif "no transaction is active" in text:
            problem = "is not in this transaction any more: SQL of your own has ended it"
        elif isinstance(error, sqlite3.ProgrammingError) and "closed" in text:
            kind, problem = errors.DatabaseUnreachableError, "was closed, or the transaction that was read in ended"
        return kind(f"{self.name} {problem} ({text})")

    exclusively = transaction
    """The transaction of `migrations.migrate`: SQLite has one writer at a time."""

    def applied(self, module: str) -> dict[str, Applied]:
        """The migrations that were applied, by version."""
        execute = self.local.execute
        execute(TABLE)
        if ("effect",) not in execute("SELECT name FROM pragma_table_info('fieldstone_migrations')").fetchall():
            execute(ADD_EFFECT)
        query = "SELECT version, digest, effect FROM fieldstone_migrations WHERE module = ?"
        return {version: Applied(*found) for version, *found in execute(query, (module,)).fetchall()}

    def apply(self, module: str, migration: Migration, applied_at: int) -> None:
        """Run the statements of a migration, and record it."""
        try:
            for statement in migration.statements:
                self.local.execute(statement)
        except sqlite3.OperationalError as error:
            failure = self.failure(error)
            if type(failure) is errors.StorageError:
                failure = errors.MigrationError(f"{module} {migration.version} cannot be applied: {failure}")
            raise failure from error
        self.record(module, migration, applied_at)

    def record(self, module: str, migration: Migration, applied_at: int) -> None:
        """Record a migration as applied; where it is recorded already, its effect alone."""
        statement = """INSERT INTO fieldstone_migrations (module, version, digest, applied_at, effect)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT (module, version) DO UPDATE SET effect = excluded.effect"""
        row = (module, migration.version, migration.digest, applied_at, migration.effect)
        self.local.execute(statement, row)

    def _take(self) -> sqlite3.Connection:
        """An idle connection, or a new one."""
        if self._closed:
            raise errors.DatabaseUnreachableError(f"{self.name} was closed")
        with suppress(IndexError):
            return self._idle.pop()
        try:
            return self._open()
        except sqlite3.Error as error:
            raise self.failure(error) from error

    def _open(self) -> sqlite3.Connection:
        uri, one_thread = self._path.startswith("file:"), False  # a thread that ends leaves its connection to the next
        connection = sqlite3.connect(
            self._path,
            self._timeout,
            isolation_level=None,
            check_same_thread=one_thread,
            cached_statements=256,
            uri=uri,
            factory=self._connection_class,
        )
        try:
            self._switch_to_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.create_function("fieldstone_unpacked", 1, _unpacked, deterministic=True)
        except sqlite3.Error:
            connection.close()
            raise
        self._connections.append(connection)
        return connection

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        """Wait for others who switch too: SQLite does not wait for this lock by itself."""
        deadline = monotonic() + self._timeout
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                    raise
                sleep(0.005)
            else:
                return


class _Local(threading.local):
    """The connection and state of each thread; threading calls `__init__` once in each."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self.connection, self._name = database._take(), database.name  # noqa: SLF001
        self.cursor = self.connection.cursor()
        self.execute: Callable[..., sqlite3.Cursor] = self.cursor.execute
        self.depth = 0
        self.owner: object = None
        self.readers: set[sqlite3.Cursor] = set()
        # The set goes with its thread, and then another may have the connection.
        weakref.finalize(self.readers, database._idle.append, self.connection).atexit = False  # noqa: SLF001

    def belong_to(self, task: object) -> None:
        """Set the asyncio task that may use the connection; None for any."""
        self.owner = task
        self.execute = self.cursor.execute if task is None else self._execute_for_owner

    def _execute_for_owner(self, *arguments: Any) -> sqlite3.Cursor:
        refuse_others(self.owner, self._name)
        return self.cursor.execute(*arguments)


def _watched(on_statement: OnStatement) -> type[sqlite3.Connection]:
    """Connections whose statements the hook sees."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *arguments: Any) -> Self:
            with timed(on_statement, sql):
                return super().execute(sql, *arguments)

        def executemany(self, sql: str, *arguments: Any) -> Self:
            with timed(on_statement, sql):
                return super().executemany(sql, *arguments)

        def executescript(self, sql: str) -> sqlite3.Cursor:
            with timed(on_statement, sql):
                return super().executescript(sql)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            return Cursor(self).execute(sql, *arguments)

        def executemany(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            return Cursor(self).executemany(sql, *arguments)

        def executescript(self, sql: str) -> sqlite3.Cursor:
            return Cursor(self).executescript(sql)

    return Connection


def _temporary_file(owner: object) -> str:
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="fieldstone-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return f"{folder}/memory.db"
