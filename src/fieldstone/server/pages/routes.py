"""The routes of all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldstone.server.pages.endpoint import Pages
from fieldstone.server.pages.search.index import Index
from fieldstone.server.pages.sign_in import sign_in
from fieldstone.server.pages.start import start
from fieldstone.server.pages.static_files import static_files

if TYPE_CHECKING:
    from starlette.routing import Route

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.callers import Callers
    from fieldstone.server.reads.heads import Heads


def pages(catalog: Catalog, callers: Callers, heads: Heads) -> list[Route]:
    """The routes.

    Args:
        catalog: the modules and releases.
        callers: who calls.
        heads: the head of the audit.
    """
    made = Pages(callers)
    return [
        static_files(),
        *start(made, catalog, Index(catalog, heads)),
        *sign_in(made, catalog.database, callers),
    ]
