"""A TCP proxy in front of several servers: round robin, and the next one where one does not take the connection."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

_MOST = 65536


class Proxy:
    """The proxy.

    Attributes:
        port: where it listens on 127.0.0.1.
        behind: the ports of the servers; may change at any time.
    """

    def __init__(self) -> None:
        self.port = 0
        self.behind: list[int] = []
        self._turns = itertools.count()
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Take connections until the end."""
        server = self._loop.run_until_complete(asyncio.start_server(self._taken, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            server.close()
            self._loop.run_until_complete(_ended(asyncio.all_tasks(self._loop)))
            self._loop.close()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(self._turns)
        ports = [*self.behind]
        for port in (ports[(first + offset) % len(ports)] for offset in range(len(ports))):
            with suppress(OSError):
                back, there = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_pump(reader, there), _pump(back, writer))
                return
        writer.close()


async def _ended(tasks: Iterable[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.1)  # transports close in the next rounds of the loop


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while data := await reader.read(_MOST):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()
