"""The page of a message, enum, service or extension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import NotFound
from fieldstone.server.pages.addresses import of_module, of_release
from fieldstone.server.pages.page import TWIN, Crumb, Page
from fieldstone.server.pages.paging import Part, part_of
from fieldstone.server.pages.releases.released import released
from fieldstone.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from fieldstone.documentation.model import Member, TypeDocument
    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.releases.library import Documented, Library
    from fieldstone.server.pages.visitor import Visitor

_MEMBERS = 1000
"""The members of a page."""


class TypePage(Struct, frozen=True):
    """The data of the page.

    Attributes:
        module: the module's name.
        version: the version of the release.
        versions: all versions of the module, the newest first.
        type: the documentation of the type.
        readable: the modules of the named types that the visitor may read.
        part: the shown part of its members.
    """

    module: str
    version: str
    versions: tuple[str, ...]
    type: TypeDocument
    readable: tuple[str, ...]
    part: Part


async def type_page(request: Request, visitor: Visitor, catalog: Catalog, library: Library) -> Page:
    """The page of a type."""
    module, version = request.path_params["module"], request.path_params["version"]
    release, versions = await released(catalog, visitor, module, version)
    found = _named(request, await library.documentation(release, visitor.caller.credential))
    others = {part.module for member in _members(found) for part in member.type if part.module}
    readable = tuple(sorted(other for other in others if visitor.caller.may("read", other)))
    crumbs = (Crumb(module, of_module(module)), Crumb(version, of_release(module, version)))
    part = part_of(request, len(found.members), _MEMBERS)
    data = TypePage(module, version, tuple(versions), found, readable, part)
    return Page(template="type", title=found.full_name, data=data, crumbs=crumbs)


def _named(request: Request, documented: Documented) -> TypeDocument:
    """The type that an address names; one whose name ends in `.json` has that page alone.

    Raises:
        NotFound: there is none.
    """
    name = request.path_params["name"]
    ending = TWIN if request.url.path.endswith(TWIN) else ""
    found = documented.type(name) or documented.type(name + ending)
    if found is None:
        release = " ".join(request.path_params[part] for part in ("module", "version"))
        raise NotFound(f"no type {name} in {release}", fix=did_you_mean(name, documented.types))
    return found


def _members(type_: TypeDocument) -> Iterable[Member]:
    return (*type_.members, *type_.extensions)
