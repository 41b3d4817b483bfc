"""SQLite for asyncio: the work is done on threads, one that writes and a few that read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from itertools import islice
from os import PathLike, fspath
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar

from fieldstone_runtime.asynchronous.transactions import TaskTransactions
from fieldstone_runtime.errors import DatabaseLockedError, DatabaseUnreachableError, StorageError
from fieldstone_runtime.sqlite import FAILURES, SQLiteDatabase
from fieldstone_runtime.statements import OnStatement

T = TypeVar("T")

CHUNK = 200
"""The number of records that are read at a time while they are given one after the other."""


class AsyncSQLiteDatabase:
    """A database file, for any number of tasks, threads and processes.

    The first call opens it. One task at a time writes, as SQLite has it, and the others await their turn. Readers
    wait for nobody.

    Args:
        path: as for `SQLiteDatabase`.
        timeout: how long to wait for another task's transaction, and for the lock of the file, in seconds.
        readers: how many threads read.
        on_statement: as for `SQLiteDatabase`; it is called on the threads.

    Attributes:
        name: the path as given, for people.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        timeout: float = 5.0,
        readers: int = 4,
        on_statement: OnStatement | None = None,
    ) -> None:
        self.name = fspath(path)
        self._timeout, self._on_statement = timeout, on_statement
        self._opening, self._closed = Lock(), False
        self._database: SQLiteDatabase | None = None
        self._writer = ThreadPoolExecutor(1, "fieldstone-writer")
        self._readers = ThreadPoolExecutor(readers, "fieldstone-reader")
        self._turn = asyncio.Lock()
        self._transactions = TaskTransactions[AsyncSQLiteConnection](self.name)

    async def __aenter__(self) -> Self:
        """Open the file; raises what `SQLiteDatabase` does."""
        await self._on(self._readers, self.opened)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections, once the threads have finished what they do."""
        self._closed = True
        await asyncio.to_thread(self._close)

    def opened(self) -> SQLiteDatabase:
        """The database that the threads use; only for them, as it may have to be opened."""
        with self._opening:
            self._refuse_closed()
            if self._database is None:
                self._database = SQLiteDatabase(self.name, timeout=self._timeout, on_statement=self._on_statement)
            return self._database

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSQLiteConnection, None]:
        """All that this task writes inside is committed together, or not at all; gives the connection for own SQL.

        A transaction inside another is undone alone if it fails, and committed with the outer one.

        Raises:
            DatabaseLockedError: another task's transaction was open for longer than the timeout.
            StorageError: the task was started inside another task's transaction.
        """
        if self._transactions.current() is not None:
            async with self._begun() as connection:
                yield connection
        else:
            async with self._alone(), self._begun() as connection:
                with self._transactions.entering(connection):
                    yield connection

    async def write(self, work: Callable[[], T]) -> T:
        """Do what writes on the thread that writes.

        It is a transaction, or part of that of the running task. If the task is cancelled meanwhile, it is undone.
        """
        if self._transactions.current() is not None:
            return await self._on(self._writer, work)
        async with self._alone():
            return await self._on(self._writer, _undone_if_cancelled(self.opened, work))

    async def read(self, work: Callable[[], T]) -> T:
        """Do what reads on a thread; inside a transaction it sees what that has written."""
        if self._transactions.current() is not None:
            return await self._on(self._writer, work)
        self._refuse_closed()
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def stream(self, work: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Give the records of an iterator one by one, read on a thread in chunks of `CHUNK`."""
        inside = self._transactions.current() is not None
        thread = self._writer if inside else self._readers
        records = await self._on(thread, work)
        try:
            size = CHUNK
            while size == CHUNK:
                self._transactions.current()  # refuses another task than the transaction's
                chunk = await self._on(thread, lambda: list(islice(records, CHUNK)))
                for record in chunk:
                    yield record
                size = len(chunk)
        finally:
            if isinstance(records, Generator) and not self._closed:
                await self._on(thread, records.close)

    async def own(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of a statement in the running task's transaction."""
        if self._transactions.current() is None:
            raise StorageError(f"{self.name}: the transaction of this connection has ended")
        return await self._on(self._writer, lambda: _rows(self.opened(), sql, parameters))

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None, None]:
        """Await the turn to write."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._turn.acquire()
        except TimeoutError:
            problem = f"{self.name} is locked by another task, whose transaction is open; try again"
            raise DatabaseLockedError(problem) from None
        try:
            yield
        finally:
            self._turn.release()

    @asynccontextmanager
    async def _begun(self) -> AsyncGenerator[AsyncSQLiteConnection, None]:
        begun = ExitStack()
        try:
            await self._on(self._writer, lambda: begun.enter_context(self.opened().transaction()))
            yield AsyncSQLiteConnection(self)
            await self._on(self._writer, begun.close)
        except BaseException as error:
            failed = (type(error), error, error.__traceback__)
            await self._on(self._writer, lambda: begun.__exit__(*failed))
            raise

    async def _on(self, thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        """Do something on a thread. A task that is cancelled awaits its end, and is cancelled then."""
        self._refuse_closed()
        future = asyncio.wrap_future(thread.submit(work))
        cancelled: asyncio.CancelledError | None = None
        while not future.done():
            try:
                await asyncio.wait((future,))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            future.exception()  # else asyncio logs that nobody has seen it
            raise cancelled
        return future.result()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise DatabaseUnreachableError(f"{self.name} was closed")

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        if self._database is not None:
            self._database.close()


class AsyncSQLiteConnection:
    """The connection of a transaction, for SQL of your own."""

    def __init__(self, database: AsyncSQLiteDatabase) -> None:
        self._database = database

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement in the transaction, and give all its rows.

        Args:
            sql: one statement, with a `?` for each parameter.
            parameters: what sqlite3 can bind.

        Raises:
            StorageError: the transaction is another task's, or has ended, or the database refuses the statement.
        """
        return await self._database.own(sql, parameters)


def _undone_if_cancelled(database: Callable[[], SQLiteDatabase], work: Callable[[], T]) -> Callable[[], T]:
    """The work in a transaction that is rolled back if the running task is cancelled meanwhile."""
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()

    def whole() -> T:
        with database().transaction():
            result = work()
            if task is not None and task.cancelling() > before:
                raise _CancelledError
            return result

    return whole


def _rows(database: SQLiteDatabase, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    try:
        return database.local.connection.execute(sql, parameters).fetchall()
    except FAILURES as error:
        raise database.failure(error) from error


class _CancelledError(Exception):
    """The task was cancelled; nobody sees this one, as the task has asyncio's."""
