"""The inbox: the proposals that wait for the visitor first, then all others, by state and module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import Invalid
from fieldstone.proposals.proposal import State
from fieldstone.proposals.review import standing
from fieldstone.proposals.shown import Summary, summary_of
from fieldstone.registry.sql import proposals
from fieldstone.server.pages.page import Page
from fieldstone.server.pages.paging import Part, part_of
from fieldstone.server.pages.reviewing.choices import choices

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.proposals.proposal import Proposal
    from fieldstone.proposals.review import Standing
    from fieldstone.registry.sql.catalog import Catalog
    from fieldstone.registry.sql.proposals import Headline
    from fieldstone.server.access.callers import Caller
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.visitor import Visitor

WAITING, ALL = "waiting", "all"
"""Choices of the filter that are no state: those that wait for approval or release, and those in any state."""
FINAL = {State.REJECTED, State.WITHDRAWN, State.RELEASED}
"""The states that no decision changes any more."""
_LONGEST = 200


class Listed(Struct, frozen=True):
    """A proposal in the inbox.

    Attributes:
        proposal: the proposal.
        is_mine: whether the visitor is one of its authors.
    """

    proposal: Summary
    is_mine: bool


class Inbox(Struct, frozen=True):
    """The data of the page.

    Attributes:
        state: the filter: a state, `waiting` or `all`.
        module: the filter: a module; empty for all.
        counts: the number of proposals by each choice of the filter, for the module.
        modules: the modules that have proposals.
        waiting: those that wait for the visitor: for its approval, or, if it proposed them, for their release.
        others: all others of this part of the list, newest first.
        part: the part of the list of the others.
    """

    state: str
    module: str
    counts: Mapping[str, int]
    modules: tuple[str, ...]
    waiting: tuple[Summary, ...]
    others: tuple[Listed, ...]
    part: Part


def inbox(pages: Pages, catalog: Catalog) -> list[Route]:
    """The routes."""

    async def show(request: Request, visitor: Visitor) -> Page:
        visitor.caller.require("read")
        state = request.query_params.get("state", WAITING)
        if state not in {WAITING, ALL, *State}:
            raise Invalid(f"{state[:40]!r} is no state of a proposal", fix="open /proposals")
        module = request.query_params.get("module", "")[:_LONGEST]
        data = await run_in_threadpool(_Finding(catalog, visitor.caller).found, request, state, module)
        return Page(template="inbox", title="Proposals", data=data)

    return pages.shows("/proposals", show)


async def undecided_of(catalog: Catalog, caller: Caller) -> int:
    """The number of proposals without a final state that a caller may see."""
    heads = await run_in_threadpool(partial(proposals.headlines, catalog.database, undecided=True))
    return sum(caller.may("read", head.module) for head in heads)


class _Finding:
    """Finds the proposals of an inbox; contents are read of those alone that are shown or undecided."""

    def __init__(self, catalog: Catalog, caller: Caller) -> None:
        self._catalog, self._caller = catalog, caller
        self._releases = {module.name: module.releases for module in catalog.modules()}

    def found(self, request: Request, state: str, module: str) -> Inbox:
        """The data of the page."""
        heads = [head for head in proposals.headlines(self._catalog.database) if self._caller.may("read", head.module)]
        listed = [head for head in heads if module in {"", head.module}]
        undecided = {one.number: one for one in self._read(head for head in listed if head.closed is None)}
        states = {number: self._standing(one).state for number, one in undecided.items()}
        states |= {head.number: head.closed for head in listed if head.closed}
        shown = [head for head in listed if _fits(states[head.number], state)]
        waiting = [undecided[head.number] for head in shown if self._waits(undecided.get(head.number))]
        others = sorted({head.number: head for head in shown}.keys() - {one.number for one in waiting}, reverse=True)
        part = part_of(request, len(others))
        return Inbox(
            state=state,
            module=module,
            counts=_counts(states.values()),
            modules=tuple(sorted({head.module for head in heads})),
            waiting=tuple(self._summary(one) for one in waiting),
            others=self._listed(others[part.slice]),
            part=part,
        )

    def _read(self, heads: Iterable[Headline]) -> list[Proposal]:
        return proposals.some(self._catalog.database, [head.number for head in heads])

    def _listed(self, numbers: Iterable[int]) -> tuple[Listed, ...]:
        found = proposals.some(self._catalog.database, numbers)
        who = self._caller.name, self._caller.credential
        return tuple(Listed(self._summary(one), one.is_by(*who)) for one in reversed(found))

    def _waits(self, proposal: Proposal | None) -> bool:
        return proposal is not None and choices(proposal, self._caller).waits

    def _summary(self, proposal: Proposal) -> Summary:
        return summary_of(proposal, self._standing(proposal))

    def _standing(self, proposal: Proposal) -> Standing:
        rules = self._caller.policy.reviews(proposal.module)
        return standing(proposal, rules, self._releases.get(proposal.module, 0))


def _fits(state: State, wish: str) -> bool:
    return wish in {ALL, state} or (wish == WAITING and state not in FINAL)


def _counts(states: Iterable[State]) -> dict[str, int]:
    """The number of proposals by each choice of the filter."""
    by_state = Counter(states)
    waiting = sum(count for state, count in by_state.items() if state not in FINAL)
    return {WAITING: waiting, **{state.value: by_state[state] for state in State}, ALL: by_state.total()}
