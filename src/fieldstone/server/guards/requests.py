"""Guards around all endpoints: the rate of a caller's requests, and the size and time of their bodies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fieldstone.errors import Exhausted, FieldstoneError, TooLarge, TooSlow, Unavailable
from fieldstone.server.guards.limits import LARGEST_REQUEST, SLOWEST
from fieldstone.server.guards.rate import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fieldstone.server.access.callers import Callers
    from fieldstone.server.guards.limits import Limits

_WITHOUT_BODY = {"GET", "HEAD"}
"""Methods whose body no endpoint reads."""
_PROBES = {"/healthz", "/readyz"}
"""They are asked by what decides whether the server gets requests at all, and have no limit."""


class Guard:
    """An ASGI application whose requests are within limits, or refused before its endpoints see them.

    Args:
        app: the application.
        limits: the limits.
        callers: who calls.
        refused: makes the answer to a request that is refused.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, callers: Callers, refused: Callable[[Scope, FieldstoneError], Response]
    ) -> None:
        self._app, self._limits, self._callers, self._refused = app, limits, callers, refused
        self._rate = Rate(limits.rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])  # not Starlette's: this runs for each request
        try:
            self._count(scope, headers.get(b"authorization", b"").decode("latin-1"))
            _refuse_announced(headers.get(b"content-length", b"0"))
        except FieldstoneError as error:
            await self._refused(scope, error)(scope, receive, send)
            return
        if scope["method"] not in _WITHOUT_BODY:
            receive = _Body(receive, self._limits.request_seconds).receive
        await self._answered(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; if the server stops first, say that."""
        began = False

        async def sent(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except asyncio.CancelledError:
            if began:
                raise
            error = Unavailable("the server stopped before the request was answered", fix="send it again")
            await self._refused(scope, error)(scope, receive, send)

    def _count(self, scope: Scope, authorization: str) -> None:
        """Count a request.

        Raises:
            Exhausted: its caller sends too many.
        """
        if scope["path"] in _PROBES:
            return
        address = (scope.get("client") or ("unknown",))[0]
        known = self._callers.known(authorization)
        caller = known.credential if known else ""
        seconds = self._rate.wait(caller or f"address {address}")
        if seconds:
            raise Exhausted(f"more than {self._limits.rate} requests a second", fix="send fewer", seconds=seconds)


def _refuse_announced(length: bytes) -> None:
    """Raise if the body of a request says that it is too large: it is not read.

    Raises:
        TooLarge: it does.
    """
    if length.isdigit() and int(length[:20]) > LARGEST_REQUEST:
        raise _too_large()


def _too_large() -> TooLarge:
    return TooLarge(f"a request of more than {LARGEST_REQUEST:,} bytes", fix="push fewer modules at once")


class _Body:
    """The body of a request, while it arrives.

    Args:
        receive: receives its parts.
        seconds: the time for its beginning; after that, `SLOWEST` counts.
    """

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive, self._size, self._ended = receive, 0, False
        self._until = asyncio.get_running_loop().time() + seconds

    async def receive(self) -> Message:
        """The next part.

        Raises:
            TooSlow: it does not arrive in time.
            TooLarge: the body has too many bytes.
        """
        if self._ended:  # what is received now is that the client left: it may take its time
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until + self._size / SLOWEST):
                message = await self._receive()
        except TimeoutError as error:
            raise TooSlow("the body of the request arrives too slowly", fix="send it again") from error
        self._size += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._size > LARGEST_REQUEST:
            raise _too_large()
        return message
