"""The first page: the modules of the registry, and a search over all that they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from fieldstone.server.pages.page import Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.visitor import Visitor
    from fieldstone.server.reads.heads import Heads


class Listed(Struct, frozen=True):
    """A module in the list."""

    name: str
    description: str
    releases: int


class Start(Struct, frozen=True):
    """The data of the page."""

    modules: tuple[Listed, ...]


def start(pages: Pages, catalog: Catalog, _heads: Heads) -> list[Route]:
    """The routes."""

    async def show(_request: Request, visitor: Visitor) -> Page:
        visitor.caller.require("read")
        found = await run_in_threadpool(catalog.modules)
        modules = tuple(
            Listed(one.name, one.description, one.releases) for one in found if visitor.caller.may("read", one.name)
        )
        return Page(template="start", title="Modules", data=Start(modules))

    return pages.shows("/", show)
