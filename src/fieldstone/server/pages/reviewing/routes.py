"""The routes of the inbox, the proposals, and the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldstone.server.pages.reviewing.audit import audit_page
from fieldstone.server.pages.reviewing.differences import differences
from fieldstone.server.pages.reviewing.inbox import inbox
from fieldstone.server.pages.reviewing.proposal import proposal_page

if TYPE_CHECKING:
    from starlette.routing import Route

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.proposals import ServedProposals


def reviewing(pages: Pages, catalog: Catalog, served: ServedProposals) -> list[Route]:
    """The routes.

    Args:
        pages: makes routes.
        catalog: the modules and releases.
        served: the proposals.
    """
    return [
        *audit_page(pages, catalog.database),
        *inbox(pages, catalog),
        *differences(pages, served, catalog),
        *proposal_page(pages, served, catalog),
    ]
