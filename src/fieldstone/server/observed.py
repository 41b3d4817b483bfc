"""Log and metrics of a server: a line of JSON for each request, with an id that the client shares.

The metrics have the form of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). No line has a
header, a query, a body, or what looks like a token in a path, so no secret reaches the log.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

from msgspec import json
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from fieldstone.registry.clock import now

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fieldstone.server.access.callers import Caller

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ID = re.compile(b"[A-Za-z0-9._-]{1,64}")
_SECRET = re.compile(r"fst_[\w-]+|eyJ[\w-]+\.[\w-]*\.[\w-]*")
"""A token of ours, or of an issuer, that somebody wrote into a path."""
_HEADER = b"x-request-id"
_CALLER, _ROUTE = "fieldstone.caller", "fieldstone.route"
_BROKEN = 500
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})
"""The methods that metrics tell apart."""


class Metrics:
    """The metrics of one server.

    Attributes:
        running: the number of requests that are being answered.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("fieldstone_requests", "Answered requests.", labels, registry=self.registry)
        self.seconds = Histogram(
            "fieldstone_request_seconds", "Time to answer a request.", ("method", "route"), registry=self.registry
        )
        self.running = 0
        running = Gauge("fieldstone_requests_running", "Requests that are being answered.", registry=self.registry)
        running.set_function(lambda: self.running)
        self._of = cache(self._labelled)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        requests, times = self._of(method, route, status)
        requests.inc()
        times.observe(seconds)

    def text(self) -> bytes:
        """All metrics, as Prometheus reads them."""
        return generate_latest(self.registry)

    def _labelled(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self.requests.labels(method, route, str(status)), self.seconds.labels(method, route)


class Observed:
    """An ASGI application whose requests are counted and logged.

    Args:
        app: the application.
        metrics: where they are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._lines: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and tell about it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_ = _id(scope)
        status, began = _BROKEN, time.perf_counter()

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_HEADER, id_.encode())]
            await send(message)

        self._metrics.running += 1
        try:
            await self._app(scope, receive, answered)
        finally:
            self._metrics.running -= 1
            self._tell(scope, id_, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, id_: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "{unknown}"
        self._metrics.count(method, _route(scope), status, seconds)
        line = {
            "at": now(),
            "id": id_,
            "method": method,
            "path": _SECRET.sub("***", scope["path"]),
            "status": status,
            "ms": round(seconds * 1000, 1),
            "who": scope.get(_CALLER, ""),
        }
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        self._lines.append(json.encode(line))

    def _write(self) -> None:
        """Write the lines of the requests that ended in this turn of the event loop, together."""
        text = b"\n".join([*self._lines, b""]).decode()
        self._lines.clear()
        sys.stderr.write(text)
        sys.stderr.flush()


def _id(scope: Scope) -> str:
    """The id that the client gave to a request, or a new one."""
    for name, value in scope["headers"]:
        if name == _HEADER and _ID.fullmatch(value):
            return str(value, "ascii")
    return f"{random.getrandbits(128):032x}"


def note_caller(scope: Scope, caller: Caller) -> None:
    """Remember who sent a request, for its line in the log."""
    scope[_CALLER] = caller.name


def note_route(scope: Scope, route: str) -> None:
    """Remember the route of a request, where it is another than the router's: one of few, so that metrics have few."""
    scope[_ROUTE] = route


def _route(scope: Scope) -> str:
    """The route of a request without the values in its path, so that metrics have few labels."""
    if noted := scope.get(_ROUTE, ""):
        return str(noted)
    path: str = scope["path"]
    for value in sorted(map(str, scope.get("path_params", {}).values()), key=len, reverse=True):
        path = path.replace(value, "{}", 1) if value else path
    return path if scope.get("endpoint") is not None else "{unknown}"
