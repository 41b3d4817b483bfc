"""A shared registry over HTTP: the protocol of stock buf, Fieldstone's own, client packages, and its health."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fieldstone.errors import FieldstoneError
from fieldstone.registry.sql import open_store
from fieldstone.registry.sql.catalog import Catalog
from fieldstone.server.api import routes as api
from fieldstone.server.api.administration import administration
from fieldstone.server.api.endpoint import endpoint
from fieldstone.server.buf import connect, messages
from fieldstone.server.buf.references import References
from fieldstone.server.buf.service import calls
from fieldstone.server.callers import Callers
from fieldstone.server.observed import MEDIA_TYPE, Metrics, Observed, note_caller
from fieldstone.server.packages.routes import routes as packages
from fieldstone.server.packages.shelf import Shelf
from fieldstone.server.reads.answers import Answers
from fieldstone.server.reads.files import Files, FromMemory
from fieldstone.server.reads.heads import Heads
from fieldstone.server.work import Work
from fieldstone.workflows.publishing import Naming

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.server.callers import Caller

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class Options(Struct, frozen=True, kw_only=True):
    """The options of a server.

    Attributes:
        address: the address of a database registry.
        anonymous_reads: whether requests without a token may read; None for those straight from this machine.
        processes: the number of processes that judge pushes.
        draft_days: the lifetime of a draft.
        naming: the names of client packages.
    """

    address: str
    anonymous_reads: bool | None = False
    processes: int = 2
    draft_days: float = 30
    naming: Naming = Naming()


def create_app(options: Options, around: Lifespan | None = None) -> Starlette:
    """The registry as an ASGI application.

    Args:
        options: its options.
        around: runs around the application, inside its own start and end.

    Raises:
        FieldstoneError: the database cannot be opened.
    """
    store = open_store(options.address)
    catalog = Catalog(store)
    catalog.modules()  # the tables exist now
    work = Work(options.address, processes=options.processes, draft_days=options.draft_days)
    messages.methods()
    heads, files = Heads(store.database), Files(store)
    callers = Callers(store.database, heads, anonymous_reads=options.anonymous_reads)
    answered = calls(References(catalog), work, Answers(heads))
    metrics, shelf = Metrics(), Shelf(store, work, options.naming)
    work.released = shelf.prepare

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            if around is None:
                yield
            else:
                async with around(app):
                    yield
        finally:
            work.close()

    async def buf(request: Request) -> Response:
        try:
            caller = await callers.of(request.headers, str(request.base_url).rstrip("/"))
        except FieldstoneError as error:
            return connect.failure_of(error, None)
        note_caller(request.scope, caller)
        return await answered.call(request, caller)

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("alive")

    async def ready(_request: Request) -> Response:
        try:
            await run_in_threadpool(store.database.require_known_version)
        except FieldstoneError as error:
            return PlainTextResponse(str(error), 503)
        return PlainTextResponse("ready")

    async def measured(_request: Request, caller: Caller) -> Response:
        caller.require("read")
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    routes = [
        Route("/{service}/{method}", buf, methods=["POST"]),
        Route("/buf.{service}/{method}", buf, methods=["GET"]),
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/metrics", endpoint(callers, measured)),
        *api.routes(catalog, callers, work, files),
        *packages(shelf, callers),
        *administration(store.database, callers),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Observed, metrics=metrics),
            Middleware(FromMemory, files=files, callers=callers),
        ],
    )
