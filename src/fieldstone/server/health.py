"""Health of a server: whether it lives, can answer, and may use its database; and its metrics."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fieldstone.errors import FieldstoneError, Outdated
from fieldstone.server.api.endpoint import endpoint
from fieldstone.server.observed import MEDIA_TYPE, Metrics

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

    from fieldstone.registry.sql import SqlStore
    from fieldstone.registry.sql.database import Database
    from fieldstone.server.access.callers import Caller, Callers

_FRESH = 1.0
_PAUSE = 5.0
"""The seconds between two looks whether a newer Fieldstone has changed the database."""


def health(store: SqlStore, callers: Callers, metrics: Metrics) -> list[Route]:
    """The routes.

    Args:
        store: the registry.
        callers: who calls.
        metrics: the metrics of the server.
    """

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("alive")

    readiness = _Readiness(store)

    async def ready(_request: Request) -> Response:
        problem = await readiness.problem()
        return PlainTextResponse(problem or "ready", 503 if problem else 200)

    async def measured(_request: Request, caller: Caller) -> Response:
        caller.require("read")
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    return [
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/metrics", endpoint(callers, measured)),
    ]


class _Readiness:
    """Whether the registry can be used, as of at most a second ago: everybody may ask, as often as they like."""

    def __init__(self, store: SqlStore) -> None:
        self._store, self._lock = store, asyncio.Lock()
        self._seen, self._problem = float("-inf"), ""

    async def problem(self) -> str:
        """The reason why it cannot; empty if it can."""
        async with self._lock:
            if time.monotonic() - self._seen > _FRESH:
                try:
                    await run_in_threadpool(self._store.require_ready)
                    self._problem = ""
                except FieldstoneError as error:
                    self._problem = str(error)
                self._seen = time.monotonic()
            return self._problem


async def watch(database: Database, app: Starlette) -> None:
    """Stop the server once a newer Fieldstone has changed its database.

    Args:
        database: the database.
        app: the application; `app.state.stop`, if it is set, is called with the error.
    """
    while True:
        await asyncio.sleep(_PAUSE)
        try:
            await run_in_threadpool(database.require_known_version)
        except Outdated as error:
            if hasattr(app.state, "stop"):
                app.state.stop(error)
            return
        except FieldstoneError:
            continue  # requests say so, and it may come back
