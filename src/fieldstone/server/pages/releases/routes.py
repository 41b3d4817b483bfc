"""The routes of the pages of releases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fieldstone.server.pages.releases.diff_page import diff_page
from fieldstone.server.pages.releases.field_page import field_page
from fieldstone.server.pages.releases.release import release_page
from fieldstone.server.pages.releases.source_page import source_page
from fieldstone.server.pages.releases.type_page import type_page

if TYPE_CHECKING:
    from starlette.routing import Route

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.releases.library import Library


def releases(pages: Pages, catalog: Catalog, library: Library) -> list[Route]:
    """The routes.

    Args:
        pages: makes routes of pages.
        catalog: the modules and releases.
        library: what is looked up in releases.
    """
    release = "/modules/{module}/{version}"
    both: dict[str, Any] = {"catalog": catalog, "library": library}
    return [
        *pages.shows("/modules/{module}/diff", partial(diff_page, **both)),
        *pages.shows("/modules/{module}/diff/{versions}", partial(diff_page, **both)),
        *pages.shows("/fields/{module}/{name}", partial(field_page, **both)),
        *pages.shows(f"{release}/source/{{path:path}}", partial(source_page, catalog=catalog)),
        *pages.shows(f"{release}/{{name}}", partial(type_page, **both)),
        *pages.shows(release, partial(release_page, **both)),
    ]
