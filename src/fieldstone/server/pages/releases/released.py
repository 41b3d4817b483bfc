"""Finds what the address of a page names, for a visitor: what it may not read is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from fieldstone.errors import NotFound
from fieldstone.registry.versions import in_order
from fieldstone.suggestions import VERSION_LIKENESS, did_you_mean

if TYPE_CHECKING:
    from fieldstone.registry.release import Release
    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.visitor import Visitor

_MOST = 20
"""The most known names in an error."""


async def released_versions(catalog: Catalog, visitor: Visitor, module: str) -> list[str]:
    """The versions of a module that a visitor may read, the newest first.

    Raises:
        Denied: the visitor may read no module.
        NotFound: there is no such module, it has no release, or the visitor may not read it.
    """
    visitor.caller.require("read")
    may_read = module.isprintable() and visitor.caller.may("read", module)
    found = await run_in_threadpool(catalog.store.versions, module) if may_read else []
    if not found:
        names = await run_in_threadpool(catalog.store.modules)
        known = [name for name in names if visitor.caller.may("read", name)]
        raise NotFound(f"no release of {module} in this registry", fix=did_you_mean(module, known))
    return [*in_order(found, module)][::-1]


async def released(catalog: Catalog, visitor: Visitor, module: str, version: str) -> tuple[Release, list[str]]:
    """A release that a visitor may read, and all versions of its module, the newest first.

    Raises:
        Denied: the visitor may read no module.
        NotFound: there is no such release, or the visitor may not read it.
    """
    versions = await released_versions(catalog, visitor, module)
    require_version(module, version, versions)
    return await run_in_threadpool(catalog.registry.release, module, version), versions


def require_version(module: str, version: str, versions: list[str]) -> None:
    """Raise unless a module has a version.

    Raises:
        NotFound: it does not.
    """
    if version not in versions:
        more = f" and {len(versions) - _MOST} more" if len(versions) > _MOST else ""
        has = f"it has {', '.join(versions[:_MOST])}{more}"
        fix = did_you_mean(version, versions, has, likeness=VERSION_LIKENESS)
        raise NotFound(f"no release {version} of {module} in this registry", fix=fix)
