"""An async repository in the place of another: one task of a loop on a thread of its own makes each call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

Call = tuple[Callable[[], Awaitable[Any]], "Future[Any]"]


class Driven:
    """The methods of an async repository, to be called from outside of its loop.

    Records that are not read to the end are left to the garbage collector, as a careless caller does.
    """

    def __init__(self, repository: Any) -> None:
        self._repository = repository
        self._loop = asyncio.new_event_loop()
        self._calls: asyncio.Queue[Call | None] = asyncio.Queue()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._drive(),))
        self._thread.start()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._repository, name)

        def call(*given: Any, **named: Any) -> Any:
            answer = method(*given, **named)
            return self._each(answer) if isinstance(answer, AsyncGenerator) else self._run(lambda: answer)

        return call

    def __dir__(self) -> Iterable[str]:
        return dir(self._repository)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A transaction of the task."""
        context = self._repository.transaction()
        connection = self._run(context.__aenter__)
        try:
            yield connection
        except BaseException as error:
            failed = (type(error), error, error.__traceback__)
            if not self._run(lambda: context.__aexit__(*failed)):
                raise
        else:
            self._run(lambda: context.__aexit__(None, None, None))

    def close(self) -> None:
        """Close the repository, and end the thread."""
        self._run(self._repository.close)
        self._loop.call_soon_threadsafe(self._calls.put_nowait, None)
        self._thread.join()
        self._loop.close()

    def _each(self, records: AsyncGenerator[Any, None]) -> Iterator[Any]:
        while True:
            try:
                yield self._run(records.__anext__)
            except StopAsyncIteration:
                return

    def _run(self, start: Callable[[], Awaitable[Any]]) -> Any:
        answer: Future[Any] = Future()
        self._loop.call_soon_threadsafe(self._calls.put_nowait, (start, answer))
        return answer.result(timeout=60)

    async def _drive(self) -> None:
        while (call := await self._calls.get()) is not None:
            start, answer = call
            try:
                answer.set_result(await start())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                answer.set_exception(error)
            del start, answer, call
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()
