"""Runs an ASGI application until the process is stopped."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing

import uvicorn
from starlette.applications import Starlette

from fieldstone.errors import Unavailable
from fieldstone.project.stopping import until_stopped

_LONGEST_ANSWER = 5
"""The most seconds that an answer may take after the process is stopped."""

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def run(create: Callable[[Lifespan], Starlette], host: str, port: int, told: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        create: creates the application.
        host: the address or name to listen on.
        port: the port; 0 takes a free one.
        told: called with the address, `http://host:port`, once requests are answered.

    Raises:
        FieldstoneError: there is no such host, or the port is in use.
    """
    with closing(_listen(host, port)) as listener, until_stopped() as stop:

        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            server.should_exit |= stop.is_set()  # stopped before uvicorn listened to signals
            told(f"http://{_shown(host)}:{listener.getsockname()[1]}")
            yield

        settings = uvicorn.Config(
            create(lifespan),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LONGEST_ANSWER,
        )
        server = uvicorn.Server(settings)
        server.run(sockets=[listener])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on that host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        known = isinstance(error, socket.gaierror) or not error.errno
        reason = error.strerror if known else os.strerror(error.errno or 0)
        raise Unavailable(
            f"cannot listen on {_shown(host)}:{port}: {reason}", fix="use another --host or --port; --port 0 takes any"
        ) from error


def _shown(host: str) -> str:
    """A host as part of an address; a wildcard address is shown as this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is told, not listened on
    return f"[{host}]" if ":" in host else host
