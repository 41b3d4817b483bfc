"""The routes of all pages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.server.pages.endpoint import Pages
from fieldstone.server.pages.module.routes import module
from fieldstone.server.pages.releases.library import Library
from fieldstone.server.pages.releases.routes import releases
from fieldstone.server.pages.reviewing.inbox import undecided_of
from fieldstone.server.pages.reviewing.routes import reviewing
from fieldstone.server.pages.search.index import Index
from fieldstone.server.pages.signing_in.by_issuer import by_issuer
from fieldstone.server.pages.signing_in.by_token import by_token
from fieldstone.server.pages.signing_in.sessions import Sessions
from fieldstone.server.pages.start import start
from fieldstone.server.pages.static_files import static_files
from fieldstone.server.reads.answers import Answers
from fieldstone.server.reads.current import Current

if TYPE_CHECKING:
    from starlette.routing import Route

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.access.callers import Callers
    from fieldstone.server.proposals import ServedProposals
    from fieldstone.server.reads.heads import Heads
    from fieldstone.server.work import Work
    from fieldstone.workflows.publishing import Naming


def pages(
    catalog: Catalog, callers: Callers, heads: Heads, naming: Naming, work: Work, *, served: ServedProposals
) -> list[Route]:
    """The routes.

    Args:
        catalog: the modules and releases.
        callers: who calls.
        heads: the head of the audit.
        naming: the names of packages.
        work: the processes that read releases.
        served: the proposals.
    """
    made, index = Pages(callers, partial(undecided_of, catalog)), Index(catalog, heads)
    begins = Sessions(catalog.database, callers)
    known = Current(heads, SqlConsumers(catalog.database).known)
    return [
        static_files(),
        *start(made, catalog, Current(heads, catalog.modules), index),
        *module(made, catalog, index, known, naming),
        *by_token(made, begins, callers),
        *by_issuer(made, begins),
        *releases(made, catalog, Library(work, Answers(heads))),
        *reviewing(made, catalog, served),
    ]
