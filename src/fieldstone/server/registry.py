"""A shared registry over HTTP: the protocol of stock buf, Fieldstone's own, client packages, pages, and its health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from fieldstone.registry.sql import open_store
from fieldstone.registry.sql.catalog import Catalog
from fieldstone.server.access.callers import Callers
from fieldstone.server.api import routes as api
from fieldstone.server.api.administration import administration
from fieldstone.server.api.consumers import consumers
from fieldstone.server.api.proposals import proposals
from fieldstone.server.api.webhooks import webhooks
from fieldstone.server.buf import connect
from fieldstone.server.buf.references import References
from fieldstone.server.buf.service import calls
from fieldstone.server.guards.limits import Limits
from fieldstone.server.guards.requests import Guard
from fieldstone.server.health import health, watch
from fieldstone.server.observed import Metrics, Observed
from fieldstone.server.packages.routes import routes as packages
from fieldstone.server.packages.shelf import Shelf
from fieldstone.server.pages.endpoint import broken_anywhere, nothing_there, refused_anywhere
from fieldstone.server.pages.routes import pages
from fieldstone.server.proposals import ServedProposals
from fieldstone.server.reads.answers import Answers
from fieldstone.server.reads.files import Files, FromMemory
from fieldstone.server.reads.heads import Heads
from fieldstone.server.webhooks.courier import Courier, Webhooks
from fieldstone.server.work import Work
from fieldstone.workflows.publishing import Naming

if TYPE_CHECKING:
    from fieldstone.registry.sql.database import Database

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class Options(Struct, frozen=True, kw_only=True):
    """The options of a server.

    Attributes:
        address: the address of a database registry.
        anonymous_reads: whether requests without a token may read; None for those straight from this machine.
        draft_days: the lifetime of a draft.
        naming: the names of client packages.
        limits: its limits.
        webhooks: where webhooks may be sent, and for how long.
    """

    address: str
    anonymous_reads: bool | None = False
    draft_days: float = 30
    naming: Naming = Naming()
    limits: Limits = Limits()
    webhooks: Webhooks = Webhooks()


def create_app(options: Options, around: Lifespan | None = None) -> Starlette:
    """The registry as an ASGI application.

    Args:
        options: its options.
        around: runs around the application, inside its own start and end; see `health.watch` for what it may set.

    Raises:
        FieldstoneError: the database cannot be opened.
    """
    store = open_store(options.address)
    catalog = Catalog(store)
    catalog.modules()  # the tables exist now
    work = Work(options.address, options.limits, draft_days=options.draft_days)
    heads, files = Heads(store.database), Files(store)
    callers = Callers(store.database, heads, anonymous_reads=options.anonymous_reads)
    metrics, shelf = Metrics(), Shelf(store, work, options.naming)
    work.released = shelf.prepare
    served = ServedProposals(options.address, store, work)
    routes = [
        *connect.routes(calls(References(catalog), work, Answers(heads)), callers),
        *health(store, callers, metrics),
        *api.routes(catalog, callers, work, files),
        *packages(shelf, callers),
        *administration(store.database, callers),
        *consumers(catalog, callers),
        *webhooks(store.database, callers, options.webhooks.permitted),
        *proposals(served, callers),
        *pages(catalog, callers, heads, options.naming, work, served=served),
    ]
    guards = [
        Middleware(Observed, metrics=metrics),
        Middleware(Guard, limits=options.limits, callers=callers, refused=refused_anywhere),
        Middleware(FromMemory, files=files, callers=callers),
    ]
    courier = Courier(store.database, options.webhooks, metrics.registry)
    return Starlette(
        routes=routes,
        lifespan=partial(_alive, store.database, work, courier, around),
        middleware=guards,
        exception_handlers={HTTPException: nothing_there, Exception: broken_anywhere},
    )


@asynccontextmanager
async def _alive(
    database: Database, work: Work, courier: Courier, around: Lifespan | None, app: Starlette
) -> AsyncIterator[None]:
    """The time between start and end of the application."""
    async with AsyncExitStack() as ends:
        ends.callback(work.close)
        if around is not None:
            await ends.enter_async_context(around(app))
        watching = asyncio.create_task(watch(database, app))
        ends.callback(watching.cancel)
        delivering = asyncio.create_task(courier.run())
        ends.push_async_callback(_ended, delivering)
        yield


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
