"""The lines that differ between two revisions of a proposal, or between a release and a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import NotFound
from fieldstone.registry.sql.catalog import Commit
from fieldstone.server.pages.line_diff import FileDiff, file_diffs
from fieldstone.server.pages.page import Crumb, Page
from fieldstone.server.pages.reviewing.proposal import ADDRESS, number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.proposals.proposal import Proposal
    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.visitor import Visitor
    from fieldstone.server.proposals import ServedProposals

RELEASE = "release"
"""Stands in an address for the release that the newest revision was compared with."""


class Differences(Struct, frozen=True):
    """The data of the page.

    Attributes:
        number: the number of the proposal.
        old: the older side, in words.
        new: the newer side, in words.
        files: the files that differ.
    """

    number: int
    old: str
    new: str
    files: tuple[FileDiff, ...]


def differences(pages: Pages, served: ServedProposals, catalog: Catalog) -> list[Route]:
    """The routes."""

    async def show(request: Request, visitor: Visitor) -> Page:
        proposal = (await served.one(visitor.caller, number_of(request))).proposal
        data = await run_in_threadpool(
            _found, catalog, proposal, request.path_params["old"], request.path_params["new"]
        )
        crumbs = (Crumb("Proposals", "/proposals"), Crumb(f"Proposal {data.number}", f"/proposals/{data.number}"))
        title = f"Changes from {data.old} to {data.new}"
        return Page(template="differences", title=title, data=data, crumbs=crumbs)

    return pages.shows(f"{ADDRESS}/diff/{{old}}..{{new}}", show)


def _found(catalog: Catalog, proposal: Proposal, old: str, new: str) -> Differences:
    (before, old_words), (after, new_words) = (_side(catalog, proposal, name) for name in (old, new))
    return Differences(proposal.number, old_words, new_words, file_diffs(before, after))


def _side(catalog: Catalog, proposal: Proposal, name: str) -> tuple[Mapping[str, bytes], str]:
    """The files of one side, and its name in words.

    Raises:
        NotFound: there is no such side.
    """
    version = proposal.newest.judged.compared_with
    if name == RELEASE and version:
        commit = catalog.release(proposal.module, version)
        return catalog.contents(commit, commit.files), f"release {version}"
    revision = next((one for one in proposal.revisions if str(one.number) == name), None)
    if revision is None:
        raise NotFound(
            f"proposal {proposal.number} has no revision {name[:40]!r}", fix=f"open /proposals/{proposal.number}"
        )
    commit = Commit(id=revision.commit, module=proposal.module, digest="", created_at="", files=revision.files)
    return catalog.contents(commit, commit.files), f"revision {name}"
