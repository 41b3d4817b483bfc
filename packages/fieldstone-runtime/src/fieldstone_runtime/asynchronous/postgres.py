"""PostgreSQL for asyncio: as `fieldstone_runtime.postgres`, with the connections of psycopg that are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from itertools import count
from types import TracebackType
from typing import LiteralString, Self, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from fieldstone_runtime import errors
from fieldstone_runtime.asynchronous.statements import WatchedBlock, watched_cursor
from fieldstone_runtime.asynchronous.transactions import TaskTransactions
from fieldstone_runtime.postgres import CHUNK, ENDED, PostgresDatabase, Row, address, failure, refusing
from fieldstone_runtime.statements import OnStatement

T = TypeVar("T")

Cursor = psycopg.AsyncCursor[Row]


class _Connection(psycopg.AsyncConnection[Row]):
    """A connection, its one cursor for what is read to the end at once, and how often it was lent."""

    reader: Cursor
    lent: int


async def copy(
    cursor: Cursor, statement: LiteralString, types: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Send rows with a `COPY ... FROM STDIN (FORMAT BINARY)` whose columns have these types."""
    async with cursor.copy(statement) as sending:
        sending.set_types(types)
        write_row = sending.write_row
        for row in rows:
            await write_row(row)


class AsyncPostgresDatabase:
    """A database of a server, for any number of tasks of one event loop.

    The first call opens the connections.

    Args:
        conninfo, min_size, max_size, timeout, on_statement: as for `PostgresDatabase`.

    Attributes:
        name: host, port and database, for people.

    Raises:
        DatabaseUnreachableError: `conninfo` is neither a URL nor pairs.
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
        self._on_statement = on_statement
        if on_statement is not None:
            self._parts["cursor_factory"] = watched_cursor(on_statement)
        self._conninfo, self._min_size, self._max_size, self._timeout = conninfo, min_size, max_size, timeout
        self._numbers, self._opening = count(), asyncio.Lock()
        self._pool: AsyncConnectionPool[_Connection] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transactions = TaskTransactions[_Connection](self.name)
        self._closed = False

    async def __aenter__(self) -> Self:
        """Open the connections.

        Raises:
            DatabaseUnreachableError: the server does not answer, or refuses the connection.
        """
        await self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections of all tasks, which must have finished."""
        self._closed = True
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Cursor, None]:
        """All that this task writes inside is committed together, or not at all; gives a binary cursor.

        A transaction inside another is undone alone if it fails, and committed with the outer one.

        Raises:
            StorageError: the task was started inside another task's transaction.
        """
        held = self._transactions.current()
        async with self._lent() if held is None else nullcontext(held) as connection, self._translated():
            with self._transactions.entering(connection) if held is None else nullcontext():
                async with self._block(connection, nested=held is not None):
                    yield connection.reader
                    if (status := connection.info.transaction_status) in ENDED:
                        raise errors.StorageError(f"{self.name} {ENDED[status]}")

    def _block(self, connection: _Connection, *, nested: bool) -> AbstractAsyncContextManager[object]:
        block = connection.transaction()
        return block if self._on_statement is None else WatchedBlock(block, self._on_statement, nested=nested)

    @asynccontextmanager
    async def cursor(self) -> AsyncGenerator[Cursor, None]:
        """A binary cursor for a single statement, which is a transaction of its own, or one inside another."""
        if self._transactions.current() is not None:
            async with self.transaction() as cursor:
                with refusing():
                    yield cursor
        else:
            async with self._lent() as connection, self._translated():
                with refusing():
                    yield connection.reader

    async def chunks(self, query: LiteralString, arguments: Sequence[object]) -> AsyncGenerator[list[Row], None]:
        """The rows of a query, `CHUNK` of them at a time, all as they were when the first were read.

        Inside a transaction they end with it. Outside, they have a connection of their own, until the
        last is read or the iterator is closed.
        """
        held = self._transactions.current()
        async with (
            self._lent() if held is None else nullcontext(held) as connection,
            self._translated(),
            connection.transaction() if held is None else nullcontext(),
        ):
            name, lent, execute = f"records_{next(self._numbers)}", connection.lent, connection.reader.execute
            with refusing():
                await execute(f"DECLARE {name} NO SCROLL CURSOR FOR {query}".encode(), arguments, prepare=False)
            fetch, size = f"FETCH {CHUNK} FROM {name}".encode(), CHUNK
            while size == CHUNK:
                self._transactions.current()  # refuses another task than the transaction's
                if connection.lent != lent:
                    raise errors.StorageError(f"{self.name}: the transaction that these records were read in has ended")
                rows = await (await execute(fetch, prepare=False)).fetchall()
                if size := len(rows):
                    yield rows
            if connection.lent == lent:
                await execute(f"CLOSE {name}".encode(), prepare=False)

    async def on_thread(self, work: Callable[[PostgresDatabase], T]) -> T:
        """Do what is seldom done, such as a migration, on a thread and with connections of its own.

        Raises:
            DatabaseUnreachableError: the database was closed.
            StorageError: the task is in a transaction, which this would not be part of.
        """
        if self._closed:
            raise errors.DatabaseUnreachableError(f"{self.name} was closed")
        if self._transactions.current() is not None:
            raise errors.StorageError(f"{self.name}: leave the transaction first; this is done beside it")

        def done() -> T:
            database = PostgresDatabase(
                self._conninfo, max_size=2, timeout=self._timeout, on_statement=self._on_statement
            )
            with closing(database):
                return work(database)

        return await asyncio.to_thread(done)

    @asynccontextmanager
    async def _lent(self) -> AsyncGenerator[_Connection, None]:
        pool = await self._opened()
        try:
            connection = await pool.getconn()
        except PoolClosed:
            raise errors.DatabaseUnreachableError(f"{self.name} was closed") from None
        except PoolTimeout:
            await self._probe()
            raise errors.DatabaseLockedError(f"{self.name}: all connections are in use; allow more") from None
        connection.lent += 1
        try:
            yield connection
        finally:
            connection.lent += 1
            # A task that is cancelled once more must not take the connection with it.
            await asyncio.shield(asyncio.ensure_future(pool.putconn(connection)))

    async def _opened(self) -> AsyncConnectionPool[_Connection]:
        loop = asyncio.get_running_loop()
        if self._pool is None:
            async with self._opening:
                await self._open(loop)
        if self._pool is None or self._closed:
            raise errors.DatabaseUnreachableError(f"{self.name} was closed")
        if self._loop is not loop:
            raise errors.StorageError(f"{self.name} was opened in another event loop; make a database for each")
        return self._pool

    async def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._pool is not None or self._closed:
            return
        await self._probe()
        pool = AsyncConnectionPool(
            "",
            connection_class=_Connection,
            kwargs=self._parts,
            configure=_configure,
            min_size=self._min_size,
            max_size=self._max_size,
            timeout=self._timeout,
            open=False,
        )
        await pool.open()
        self._pool, self._loop = pool, loop

    async def _probe(self) -> None:
        """Say why there is no connection; the pool keeps that to itself."""
        try:
            await (await psycopg.AsyncConnection.connect("", **self._parts)).close()
        except psycopg.Error as error:
            raise errors.DatabaseUnreachableError(f"{self.name}: {error}") from None

    @asynccontextmanager
    async def _translated(self) -> AsyncGenerator[None, None]:
        try:
            yield
        except psycopg.Error as error:
            found = failure(self.name, error)
            if isinstance(found, errors.ConnectionLostError) and self._pool is not None:
                await self._pool.drain()  # the others were lost with it, as a rule
            raise found from error


async def _configure(connection: _Connection) -> None:
    await connection.execute("SET TIME ZONE 'UTC'")
    connection.reader, connection.lent = connection.cursor(binary=True), 0
