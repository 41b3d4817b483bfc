"""Cursors and transactions of psycopg whose statements a hook sees, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import psycopg

from fieldstone_runtime.statements import OnStatement, timed


def watched_cursor(on_statement: OnStatement) -> type[psycopg.AsyncCursor[Any]]:
    """The class of cursors whose statements the hook sees."""

    class Watched(psycopg.AsyncCursor[Any]):
        async def execute(self, query: Any, *arguments: Any, **options: Any) -> Self:
            with timed(on_statement, query):
                return await super().execute(query, *arguments, **options)

        async def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
            with timed(on_statement, query):
                await super().executemany(query, *arguments, **options)

        @asynccontextmanager
        async def copy(
            self, statement: Any, *arguments: Any, **options: Any
        ) -> AsyncGenerator[psycopg.AsyncCopy, None]:
            with timed(on_statement, statement):
                async with super().copy(statement, *arguments, **options) as copying:
                    yield copying

    return Watched


class WatchedBlock:
    """A transaction whose begin and end the hook sees: psycopg sends them without a cursor.

    Args:
        block: what psycopg gives for the transaction.
        on_statement: the hook.
        nested: whether it is inside another.
    """

    def __init__(self, block: AbstractAsyncContextManager[object], on_statement: OnStatement, *, nested: bool) -> None:
        self._block, self._on_statement = block, on_statement
        self._names = ("SAVEPOINT", "RELEASE", "ROLLBACK TO") if nested else ("BEGIN", "COMMIT", "ROLLBACK")

    async def __aenter__(self) -> object:
        """Begin."""
        with timed(self._on_statement, self._names[0]):
            return await self._block.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Commit, or roll back after an exception."""
        with timed(self._on_statement, self._names[1 if kind is None else 2]):
            return await self._block.__aexit__(kind, error, trace)
