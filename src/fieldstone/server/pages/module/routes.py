"""The routes of a module's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from fieldstone.errors import NotFound
from fieldstone.project.settings_schema import JUDGING
from fieldstone.registry.release import SOURCES, Release
from fieldstone.server.buf.references import owner_of
from fieldstone.server.pages import addresses
from fieldstone.server.pages.module import graph, timeline
from fieldstone.server.pages.module.data import Consumer, ModulePage, Neighbour, Released
from fieldstone.server.pages.module.install import lines
from fieldstone.server.pages.page import Page
from fieldstone.server.pages.paging import part_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.consumers.published import Counted, Known
    from fieldstone.project.server_policy import Policy
    from fieldstone.registry.sql.catalog import Catalog, ListedModule
    from fieldstone.server.access.callers import Caller
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.search.index import Index
    from fieldstone.server.pages.visitor import Visitor
    from fieldstone.server.reads.current import Current
    from fieldstone.workflows.publishing import Naming

_README = "README.md"
_MOMENT = 0.1
"""The seconds that the page waits for modules that changed a moment ago."""
_MOST_CONSUMERS = 50
"""The most consumers that the page names."""


def module(pages: Pages, catalog: Catalog, index: Index, known: Current[Known], naming: Naming) -> list[Route]:
    """The routes.

    Args:
        pages: makes routes.
        catalog: the modules and releases.
        index: knows which modules depend on which.
        known: what is known of consumers.
        naming: the names of packages, unless the policy has others.
    """
    answers = _Module(catalog, index, known, naming)
    return pages.shows("/modules/{module}", answers.show)


class _Module:
    """The answers."""

    def __init__(self, catalog: Catalog, index: Index, known: Current[Known], naming: Naming) -> None:
        self._catalog, self._index, self._known, self._naming = catalog, index, known, naming

    async def show(self, request: Request, visitor: Visitor) -> Page:
        """The page."""
        name, caller = str(request.path_params["module"]), visitor.caller
        caller.require("read", name)
        listed = await run_in_threadpool(self._catalog.module, name)
        if listed is None:
            raise NotFound(f"There is no module {name} in this registry.")
        await self._index.refresh(_MOMENT)
        known = await self._known.get()
        return await run_in_threadpool(self._page, request, listed, caller, known)

    def _page(self, request: Request, listed: ListedModule, caller: Caller, known: Known) -> Page:
        from fieldstone.server.pages.module.readme import as_html

        registry = self._catalog.registry
        versions = [*map(str, reversed(registry.versions(listed.name)))]
        part = part_of(request, len(versions))
        shown = [registry.release(listed.name, version) for version in versions[part.slice]]
        newest = registry.release(listed.name, versions[0]) if versions else None
        counted = [*known.counted(listed.name)]
        needs = _dependencies(newest, caller)
        dependents = _dependents(self._index.dependents(listed.name), caller)
        data = ModulePage(
            name=listed.name,
            description=listed.description,
            url=listed.url if listed.url.startswith(("https://", "http://")) else "",
            owner=owner_of(listed),
            owners=tuple(caller.policy.of(listed.name).get("owners", ())),
            deprecated_at=listed.deprecated_at,
            newest=versions[0] if versions else "",
            is_retired=newest is not None and newest.retired,
            part=part,
            releases=tuple(map(_released, shown)),
            dependencies=needs,
            dependents=dependents,
            unread=self._index.unread,
            consumers=tuple(_consumer(one, listed.name) for one in counted[:_MOST_CONSUMERS]),
            consumer_count=len(counted),
            policy=_judging(caller.policy, listed.name),
            install=self._install(listed, newest, caller),
            readme=self._readme(newest),
        )
        names = [one.name for one in needs], [one.name for one in dependents], _consumer_names(counted)
        drawings = {
            "timeline": timeline.drawn(shown),
            "graph": graph.drawn(listed.name, *names),
            "readme": as_html(data.readme),
        }
        return Page(template="module", title=listed.name, data=data, drawings=drawings)

    def _install(self, listed: ListedModule, newest: Release | None, caller: Caller) -> Any:
        if newest is None or newest.retired:
            return ()
        return lines(listed, newest.version, caller.address, self._naming.under(caller.policy))

    def _readme(self, newest: Release | None) -> str:
        """The README of a release."""
        if newest is None or _README not in newest.sources:
            return ""
        return self._catalog.registry.read(newest, SOURCES + _README).decode("utf-8", "replace")


def _released(release: Release) -> Released:
    before = release.previous.version if release.previous else ""
    return Released(
        version=release.version,
        address=addresses.of_release(release.name, release.version),
        released_at=release.released_at,
        bump=release.bump,
        line=release.line,
        changes=len(release.changes),
        before=before,
        diff=addresses.of_diff(release.name, before, release.version) if before else "",
        retires=release.retired,
    )


def _dependencies(newest: Release | None, caller: Caller) -> tuple[Neighbour, ...]:
    """The dependencies of a release, without the modules that a caller may not read."""
    return tuple(
        Neighbour(link.name, link.version, addresses.of_module(link.name) if link.is_release else "")
        for link in (newest.dependencies if newest else ())
        if not link.is_release or caller.may("read", link.name)
    )


def _dependents(found: Mapping[str, str], caller: Caller) -> tuple[Neighbour, ...]:
    return tuple(
        Neighbour(name, version, addresses.of_module(name))
        for name, version in sorted(found.items())
        if caller.may("read", name)
    )


def _consumer(one: Counted, module: str) -> Consumer:
    published = one.published
    evidence = tuple(f"{part.rank.value}, {part.day}" for part in published.uses.of(module))
    return Consumer(published.consumer, published.version, published.uses.owner, one.environments, evidence)


def _consumer_names(counted: Sequence[Counted]) -> list[str]:
    return [*dict.fromkeys(one.published.consumer for one in counted)]


def _judging(policy: Policy, name: str) -> dict[str, Any]:
    """The settings of the policy that judge a module, and the surfaces that are protected without any."""
    own = policy.of(name)
    return {"surfaces": JUDGING["surfaces"]["default"]} | {key: own[key] for key in JUDGING if key in own}
