"""The first page: the modules of the registry, and a search over all that their newest releases declare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from fieldstone.registry.versions import in_order
from fieldstone.server.pages import addresses
from fieldstone.server.pages.page import Page
from fieldstone.server.pages.paging import Part, part_of
from fieldstone.server.pages.search.index import Index

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.registry.sql.catalog import Catalog, ListedModule
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.search.ranking import Hit
    from fieldstone.server.pages.visitor import Visitor
    from fieldstone.server.reads.current import Current

_LONGEST = 200
"""The most characters of a search."""
_EXCERPT = 200
"""The most characters of a comment in a result."""


class Listed(Struct, frozen=True):
    """A module in the list.

    Attributes:
        name: its name.
        address: its page.
        owner: the first part of its name in buf.
        description: a text for people.
        releases: the number of its releases.
        version: its newest release; empty without one.
        is_deprecated: whether it is deprecated.
    """

    name: str
    address: str
    owner: str
    description: str
    releases: int
    version: str
    is_deprecated: bool


class Result(Struct, frozen=True):
    """A name that a search found; see `names.Name`."""

    kind: str
    name: str
    address: str
    module: str
    version: str
    comment: str
    match: str
    is_deprecated: bool


class Start(Struct, frozen=True, kw_only=True):
    """The data of the page.

    Attributes:
        query: the words that are searched; empty shows the modules.
        part: the part that is shown of all modules or results.
        modules: the modules of the part.
        results: the results of the part.
        is_cut: whether more names match than were found.
        unread: the number of modules that are not in the search yet.
        unreadable: the modules whose newest release cannot be read.
    """

    query: str
    part: Part
    modules: tuple[Listed, ...] = ()
    results: tuple[Result, ...] = ()
    is_cut: bool = False
    unread: int = 0
    unreadable: tuple[str, ...] = ()


def start(pages: Pages, catalog: Catalog, all_modules: Current[list[ListedModule]], index: Index) -> list[Route]:
    """The routes.

    Args:
        pages: makes routes.
        catalog: the modules and their versions.
        all_modules: the modules.
        index: what is searched.
    """

    async def show(request: Request, visitor: Visitor) -> Page:
        visitor.caller.require("read")
        query = " ".join(request.query_params.get("q", "")[:_LONGEST].split())
        if query:
            return Page(template="start", title=f"Search: {query}", data=await searched(request, query, visitor))
        await index.refresh()
        modules = [one for one in await all_modules.get() if visitor.caller.may("read", one.name)]
        part = part_of(request, len(modules))
        listed = await run_in_threadpool(_listed, catalog, modules[part.slice])
        return Page(template="start", title="Modules", data=Start(query="", part=part, modules=listed))

    async def searched(request: Request, query: str, visitor: Visitor) -> Start:
        found = await index.search(query, lambda module: visitor.caller.may("read", module))
        part = part_of(request, len(found.hits))
        return Start(
            query=query,
            part=part,
            results=tuple(map(_result, found.hits[part.slice])),
            is_cut=found.is_cut,
            unread=found.unread,
            unreadable=found.unreadable,
        )

    return pages.shows("/", show)


def _listed(catalog: Catalog, modules: Sequence[ListedModule]) -> tuple[Listed, ...]:
    versions = catalog.store.every_version([one.name for one in modules])
    return tuple(_as_listed(one, [*in_order(versions.get(one.name, ()), one.name)]) for one in modules)


def _as_listed(module: ListedModule, versions: Sequence[str]) -> Listed:
    newest = versions[-1] if versions else ""
    address, is_deprecated = addresses.of_module(module.name), bool(module.deprecated_at)
    return Listed(
        module.name, address, module.owner, module.description, module.releases, newest, is_deprecated=is_deprecated
    )


def _result(hit: Hit) -> Result:
    name, module, version = hit.name, hit.names.module, hit.names.version
    is_module = name.kind == "module"
    return Result(
        kind=name.kind,
        name=name.full_name,
        address=addresses.of_module(module)
        if is_module
        else addresses.of_element(module, version, name.kind, name.full_name),
        module=module,
        version=version,
        comment=name.comment if len(name.comment) <= _EXCERPT else f"{name.comment[:_EXCERPT].rstrip()}…",
        match=hit.match.name.lower(),
        is_deprecated=name.deprecated,
    )
