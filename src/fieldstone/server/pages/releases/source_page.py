"""The page of a source file of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import NotFound
from fieldstone.registry.release import SOURCES
from fieldstone.server.pages.addresses import LINES_OF_PAGE, of_module, of_release
from fieldstone.server.pages.page import TWIN, Crumb, Page
from fieldstone.server.pages.paging import Part, part_of
from fieldstone.server.pages.releases.released import released
from fieldstone.suggestions import did_you_mean

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.release import Release
    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.visitor import Visitor


class SourcePage(Struct, frozen=True):
    """The data of the page.

    Attributes:
        module: the module's name.
        version: the version of the release.
        versions: all versions of the module, the newest first.
        path: the path of the file.
        files: the paths of all files.
        part: the shown part of its lines.
        text: the shown lines.
    """

    module: str
    version: str
    versions: tuple[str, ...]
    path: str
    files: tuple[str, ...]
    part: Part
    text: str


async def source_page(request: Request, visitor: Visitor, catalog: Catalog) -> Page:
    """The page of a file."""
    module, version = request.path_params["module"], request.path_params["version"]
    release, versions = await released(catalog, visitor, module, version)
    path = _named(request, release)
    content = await run_in_threadpool(catalog.registry.read, release, SOURCES + path)
    lines = content.decode("utf-8", "replace").split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    part = part_of(request, len(lines), LINES_OF_PAGE)
    data = SourcePage(
        module=module,
        version=version,
        versions=tuple(versions),
        path=path,
        files=tuple(sorted(release.sources)),
        part=part,
        text="".join(f"{line}\n" for line in lines[part.slice]),
    )
    crumbs = (Crumb(module, of_module(module)), Crumb(version, of_release(module, version)))
    return Page(template="source", title=path, data=data, crumbs=crumbs)


def _named(request: Request, release: Release) -> str:
    """The path of the file that an address names.

    Raises:
        NotFound: there is none.
    """
    path: str = request.path_params["path"]
    ending = TWIN if request.url.path.endswith(TWIN) else ""
    for candidate in (path, path + ending):
        if candidate in release.sources:
            return candidate
    raise NotFound(f"no file {path} in {release.name} {release.version}", fix=did_you_mean(path, release.sources))
