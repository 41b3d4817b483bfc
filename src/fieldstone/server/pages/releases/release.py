"""The page of a release: what it has, what changed with it, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.report.documents import kind_of
from fieldstone.server.pages.addresses import of_module
from fieldstone.server.pages.page import Crumb, Page
from fieldstone.server.pages.paging import Part, part_of
from fieldstone.server.pages.releases.released import released

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from fieldstone.documentation.model import Contents, Listed, PackageDocument
    from fieldstone.registry.release import Release
    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.releases.library import Library
    from fieldstone.server.pages.visitor import Visitor

_TYPES = 200
"""The types of a page."""


class Dependency(Struct, frozen=True):
    """A release or module that the release imports; `has_page` says whether the visitor may read it here."""

    name: str
    version: str
    has_page: bool


class Facts(Struct, frozen=True):
    """The manifest of a release, as far as a page shows it."""

    kind: str
    released_at: str
    commit: str
    digest: str
    compiler: str
    previous: str
    changes: tuple[str, ...]
    waivers: tuple[str, ...]
    dependencies: tuple[Dependency, ...]
    files: tuple[str, ...]
    is_retired: bool
    is_signed: bool


class ReleasePage(Struct, frozen=True):
    """The data of the page.

    Attributes:
        module: the module's name.
        version: the version.
        versions: all versions of the module, the newest first.
        facts: the manifest.
        query: what the types are filtered by.
        counts: the number of types of each package, filtered.
        part: the shown part of the types.
        packages: the packages with the shown types.
    """

    module: str
    version: str
    versions: tuple[str, ...]
    facts: Facts
    query: str
    counts: tuple[tuple[str, int], ...]
    part: Part
    packages: tuple[PackageDocument, ...]


async def release_page(request: Request, visitor: Visitor, catalog: Catalog, library: Library) -> Page:
    """The page of a release."""
    module, version = request.path_params["module"], request.path_params["version"]
    release, versions = await released(catalog, visitor, module, version)
    contents = (await library.documentation(release, visitor.caller.credential)).contents
    query = request.query_params.get("q", "").strip()
    found = _matching(contents, query)
    part = part_of(request, sum(len(package.types) for package in found), _TYPES)
    data = ReleasePage(
        module=module,
        version=version,
        versions=tuple(versions),
        facts=_facts(release, visitor),
        query=query,
        counts=tuple((package.name, len(package.types)) for package in found),
        part=part,
        packages=tuple(_cut(found, part.slice)),
    )
    crumbs = (Crumb(module, of_module(module)),)
    return Page(template="release", title=f"{module} {version}", data=data, crumbs=crumbs)


def _facts(release: Release, visitor: Visitor) -> Facts:
    return Facts(
        kind=kind_of(release),
        released_at=release.released_at,
        commit=release.commit,
        digest=release.digest,
        compiler=release.compiler,
        previous=release.previous.version if release.previous else "",
        changes=release.changes,
        waivers=tuple(waiver.text for waiver in release.waivers),
        dependencies=tuple(
            Dependency(link.name, link.version, link.is_release and visitor.caller.may("read", link.name))
            for link in release.dependencies
        ),
        files=tuple(sorted(release.sources)),
        is_retired=release.retired,
        is_signed=bool(release.signature),
    )


def _matching(contents: Contents, query: str) -> list[PackageDocument]:
    """The packages with the types that match a query, in any of their words."""
    words = query.casefold().split()
    if not words:
        return [*contents.packages]
    found = (replace(one, types=tuple(t for t in one.types if _matches(t, words))) for one in contents.packages)
    return [package for package in found if package.types]


def _matches(type_: Listed, words: Sequence[str]) -> bool:
    text = f"{type_.full_name} {type_.kind} {type_.summary}".casefold()
    return all(word in text for word in words)


def _cut(packages: Sequence[PackageDocument], part: slice) -> list[PackageDocument]:
    """The packages with the types of a part; a package without any of them is left out, unless it has no types."""
    shown: list[PackageDocument] = []
    at = 0
    for package in packages:
        types = package.types[max(0, part.start - at) : max(0, part.stop - at)]
        at += len(package.types)
        if types or not package.types:
            shown.append(replace(package, types=types))
    return shown
