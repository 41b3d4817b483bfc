"""Log and metrics of a server: a line of JSON for each request, with an id that the client shares.

The metrics have the form of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). No line has a
header, a query or a body, so no secret reaches the log.
"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec import json
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.datastructures import Headers, MutableHeaders

from fieldstone.registry.sql.clock import now

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fieldstone.server.callers import Caller

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ID = re.compile("[A-Za-z0-9._-]{1,64}")
_HEADER = "x-request-id"
_CALLER = "fieldstone.caller"
_BROKEN = 500


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("fieldstone_requests", "Answered requests.", labels, registry=self.registry)
        self.seconds = Histogram(
            "fieldstone_request_seconds", "Time to answer a request.", ("method", "route"), registry=self.registry
        )
        self.running = Gauge("fieldstone_requests_running", "Requests that are being answered.", registry=self.registry)

    def text(self) -> bytes:
        """All metrics, as Prometheus reads them."""
        return generate_latest(self.registry)


class Observed:
    """An ASGI application whose requests are counted and logged.

    Args:
        app: the application.
        metrics: where they are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and tell about it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(_HEADER, "")
        id_ = given if _ID.fullmatch(given) else uuid4().hex
        status, began = _BROKEN, time.perf_counter()

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = id_
            await send(message)

        with self._metrics.running.track_inprogress():
            try:
                await self._app(scope, receive, answered)
            finally:
                self._tell(scope, id_, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, id_: str, status: int, seconds: float) -> None:
        method, route = scope["method"], _route(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        line = {
            "at": now(),
            "id": id_,
            "method": method,
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
            "who": scope.get(_CALLER, ""),
        }
        sys.stderr.write(f"{json.encode(line).decode()}\n")
        sys.stderr.flush()


def note_caller(scope: Scope, caller: Caller) -> None:
    """Remember who sent a request, for its line in the log."""
    scope[_CALLER] = caller.name


def _route(scope: Scope) -> str:
    """The route of a request without the values in its path, so that metrics have few labels."""
    path: str = scope["path"]
    for value in sorted(map(str, scope.get("path_params", {}).values()), key=len, reverse=True):
        if not path.startswith("/buf."):
            path = path.replace(value, "{}", 1) if value else path
    return path if scope.get("endpoint") is not None else "{unknown}"
