"""A proposal: what it breaks, for whom, whose approval it needs, and the form to decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from fieldstone.consumers.answer import UNCLAIMED
from fieldstone.consumers.impact import Touched, impact
from fieldstone.errors import FieldstoneError, Invalid, NotFound
from fieldstone.proposals.proposal import Kind
from fieldstone.proposals.shown import Shown, without_credentials
from fieldstone.registry import problem
from fieldstone.registry.sql.proposals import LARGEST_NUMBER, missing
from fieldstone.server.pages.page import Crumb, Page
from fieldstone.server.pages.rendering import rendered
from fieldstone.server.pages.reviewing.choices import Choices, choices
from fieldstone.server.pages.signing_in.sessions import SEE_OTHER
from fieldstone.workflows.proposals.messages import Deciding

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.server.access.callers import Caller
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.visitor import Visitor
    from fieldstone.server.proposals import ServedProposals

ADDRESS = "/proposals/{number}"
_RELEASE, _JUDGE = "release", "judge"
_CRUMBS = (Crumb("Proposals", "/proposals"),)


class Attempt(Struct, frozen=True):
    """A decision of the visitor that was not taken, or not as a whole.

    Attributes:
        problem: why.
        reason: the text that was written.
        seen: the revision that it was about, if there is a newer one; else 0.
    """

    problem: str
    reason: str = ""
    seen: int = 0


class ProposalPage(Struct, frozen=True):
    """The data of the page.

    Attributes:
        shown: the proposal with its standing.
        impact: the known uses that break, by consumer.
        not_claimed: the limits of that.
        choices: what the visitor may decide.
        fetch: the name of the proposed module for buf.
        attempt: the decision that was just refused; None without one.
    """

    shown: Shown
    impact: tuple[Touched, ...]
    not_claimed: str
    choices: Choices
    fetch: str
    attempt: Attempt | None = None


def proposal_page(pages: Pages, served: ServedProposals, catalog: Catalog) -> list[Route]:
    """The routes."""
    answers = _Proposal(served, catalog)
    return [*pages.shows(ADDRESS, answers.show), pages.takes(f"{ADDRESS}/decisions", answers.take)]


def number_of(request: Request) -> int:
    """The number of the proposal that an address names.

    Raises:
        NotFound: it is no number.
    """
    text = request.path_params["number"]
    if not (text.isdecimal() and text.isascii() and len(text) < len(str(LARGEST_NUMBER))):
        raise missing(text[:40])
    return int(text)


class _Proposal:
    """The answers."""

    def __init__(self, served: ServedProposals, catalog: Catalog) -> None:
        self._served, self._catalog = served, catalog

    async def show(self, request: Request, visitor: Visitor) -> Page:
        """The page."""
        return await self._page(request, visitor)

    async def take(self, request: Request, visitor: Visitor, form: Mapping[str, str]) -> Response:
        """Do what the form says; a refusal is shown on the page, with what was written."""
        number, caller = number_of(request), visitor.caller
        try:
            found = await self._taken(caller, number, form)
        except FieldstoneError as error:
            if caller.token is None or isinstance(error, NotFound):
                raise
            return await self._refused(request, visitor, form, error)
        if found.note:
            return _there(request, await self._page(request, visitor, Attempt(found.note)), visitor)
        return RedirectResponse(f"/proposals/{number}", SEE_OTHER)

    async def _taken(self, caller: Caller, number: int, form: Mapping[str, str]) -> Shown:
        """Decide, release, or judge again."""
        if form.get("decision") == _RELEASE:
            return await self._served.release(caller, number)
        if form.get("decision") == _JUDGE:
            return await self._served.judge_again(caller, number)
        return await self._served.decide(caller, number, _deciding(form))

    async def _refused(
        self, request: Request, visitor: Visitor, form: Mapping[str, str], error: FieldstoneError
    ) -> Response:
        newest = (await self._served.one(visitor.caller, number_of(request))).proposal.newest.number
        seen = _revision(form)
        attempt = Attempt(error.problem, form.get("reason", ""), seen if 0 < seen < newest else 0)
        return _there(request, await self._page(request, visitor, attempt, problem.status_of(error)), visitor)

    async def _page(
        self, request: Request, visitor: Visitor, attempt: Attempt | None = None, status: int = 200
    ) -> Page:
        caller = visitor.caller
        shown = await self._served.one(caller, number_of(request))
        proposal = shown.proposal
        module = await run_in_threadpool(self._catalog.module, proposal.module)
        host = request.url.netloc
        data = ProposalPage(
            shown=without_credentials(shown),
            impact=tuple(impact(proposal.newest.judged.findings)),
            not_claimed=UNCLAIMED,
            choices=choices(proposal, caller),
            fetch=f"{host}/{module.owner}/{proposal.module}:{shown.label}" if module and module.owner else "",
            attempt=attempt,
        )
        title = f"Proposal {proposal.number}: {proposal.module}"
        return Page(template="proposal", title=title, data=data, crumbs=_CRUMBS, status=status)


def _there(request: Request, page: Page, visitor: Visitor) -> Response:
    """The page as the answer to its form, with the links that it has at its own address."""
    scope = {**request.scope, "path": f"/proposals/{number_of(request)}", "query_string": b""}
    return rendered(scope, page, visitor)


def _deciding(form: Mapping[str, str]) -> Deciding:
    """The decision of a form.

    Raises:
        Invalid: it has none, or no reason.
    """
    kind = form.get("decision", "")
    if kind not in {*Kind}:
        raise Invalid(f"{kind[:40]!r} is no decision", fix="use the form of the page")
    reason = " ".join(form.get("reason", "").split())
    if not reason:
        raise Invalid("the reason is missing: write why, for those who read it later")
    return Deciding(decision=Kind(kind), revision=_revision(form), reason=reason, of=form.get("of", ""))


def _revision(form: Mapping[str, str]) -> int:
    """The revision that a form is about; 0 if it names none."""
    text = form.get("revision", "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < len(str(LARGEST_NUMBER)) else 0
