"""Runs an ASGI application until the process is stopped."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing

import uvicorn
from starlette.applications import Starlette

from fieldstone.errors import FieldstoneError, Unavailable
from fieldstone.project.stopping import until_stopped
from fieldstone.server.guards.connections import protocol_of
from fieldstone.server.guards.limits import Limits

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def run(
    create: Callable[[Lifespan], Starlette],
    host: str,
    port: int,
    told: Callable[[str], None],
    limits: Limits = Limits(),  # noqa: B008 - a value
) -> None:
    """Serve until SIGINT or SIGTERM, or until the application calls its `state.stop` with an error.

    Args:
        create: creates the application.
        host: the address or name to listen on.
        port: the port; 0 takes a free one.
        told: called with the address, `http://host:port`, once requests are answered.
        limits: the limits of connections and of the time to stop.

    Raises:
        FieldstoneError: there is no such host, the port is in use, or the application stopped with this error.
    """
    errors: list[FieldstoneError] = []
    _raise_most_files()
    with closing(_listen(host, port)) as listener, until_stopped() as stop:

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            app.state.stop = stopped_by
            server.should_exit |= stop.is_set()  # stopped before uvicorn listened to signals
            told(f"http://{_shown(host)}:{listener.getsockname()[1]}")
            yield

        def stopped_by(error: FieldstoneError) -> None:
            errors.append(error)
            server.should_exit = True

        settings = uvicorn.Config(
            create(lifespan),
            http=protocol_of(limits),
            ws="none",
            limit_concurrency=limits.connections,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=limits.stop_seconds,
        )
        server = uvicorn.Server(settings)
        server.run(sockets=[listener])
    if errors:
        raise errors[0]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on that host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _raise_most_files() -> None:
    """Let this process have as many connections as the system allows it."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


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
