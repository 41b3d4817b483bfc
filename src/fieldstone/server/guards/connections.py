"""Connections that hold nothing for long: a client that sends or reads slowly loses its own."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from fieldstone.server.guards.limits import LARGEST_HEAD, SLOWEST, Limits

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as HTTPProtocol
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle
else:  # of h11 or of httptools, whatever is installed
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as HTTPProtocol

_LOOK = 5.0
"""The seconds between two looks at an answer that a client has not taken."""
_LARGEST_REST = 256 * 2**20
"""The most bytes that are discarded of a request that was answered before all of it arrived."""


def protocol_of(limits: Limits) -> type[asyncio.Protocol]:
    """The protocol of a server's connections, for uvicorn.

    Args:
        limits: the limits of the server.
    """
    return type("Limited", (_Limited,), {"limits": limits, "addresses": Counter()})


class _Limited(HTTPProtocol):
    """A connection.

    uvicorn bounds the time between two requests. This bounds the time and size of a request's head, the time to take
    an answer, and the connections of one address.
    """

    limits: ClassVar[Limits] = Limits()
    addresses: ClassVar[Counter[str]] = Counter()

    _address = ""
    _head: asyncio.TimerHandle | None = None
    _look: asyncio.TimerHandle | None = None
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request; too many connections of one address are closed at once."""
        super().connection_made(transport)
        self._address = str(self.client[0]) if self.client else ""
        self.addresses[self._address] += 1
        if self.addresses[self._address] > self.limits.connections // 2 and not _is_here(self._address):
            transport.abort()
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self.addresses[self._address] -= 1
        if not self.addresses[self._address]:
            del self.addresses[self._address]
        self._forget_head()
        self._forget_look()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the connection ends if what comes before the next request is too large."""
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._forget_head()
            return
        if self._head is None:
            self._expect_head()
        self._size += len(data)
        if self._size > (_LARGEST_REST if cycle is not None and cycle.more_body else LARGEST_HEAD):
            self.transport.abort()

    def pause_writing(self) -> None:
        """Begin to look whether the client takes its answer."""
        super().pause_writing()
        self._look_later(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Stop looking."""
        super().resume_writing()
        self._forget_look()

    def _expect_head(self) -> None:
        self._head = self.loop.call_later(self.limits.request_seconds, self.transport.abort)

    def _forget_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head, self._size = None, 0

    def _look_later(self, before: int) -> None:
        self._look = self.loop.call_later(_LOOK, self._see_taken, before)

    def _forget_look(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _see_taken(self, before: int) -> None:
        """End the connection if too little of the answer was taken since the last look."""
        size = self.transport.get_write_buffer_size()
        if size > before - SLOWEST * _LOOK:
            self.transport.abort()
        else:
            self._look_later(size)


def _is_here(address: str) -> bool:
    """Whether an address is this machine's, as a proxy's may be."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True
