"""The decisions that a visitor may take about a proposal, by the rules that are applied when it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.errors import FieldstoneError
from fieldstone.proposals.proposal import Kind, Proposal, State
from fieldstone.proposals.review import standing
from fieldstone.server.proposals import person_of
from fieldstone.workflows.proposals.deciding import decision_of, refuse_decision, refuse_release
from fieldstone.workflows.proposals.messages import Deciding

if TYPE_CHECKING:
    from fieldstone.proposals.proposal import Decision
    from fieldstone.server.access.callers import Caller

_REASON = "a reason"
"""Stands for the one that the form asks for."""


class Choices(Struct, frozen=True):
    """The decisions of a visitor.

    Attributes:
        kinds: those that it may take about the newest revision.
        revokes: the names of those whose approval it may revoke.
        may_release: whether it may release the proposal now.
        may_judge: whether it may have the proposal judged again.
        waits: whether the proposal waits for the visitor: for an approval that brings it forward, or for the release by
            one who proposed it.
        refusal: why it may not approve; empty if it may, or has, or is not signed in, or the proposal is closed.
    """

    kinds: tuple[Kind, ...] = ()
    revokes: tuple[str, ...] = ()
    may_release: bool = False
    may_judge: bool = False
    waits: bool = False
    refusal: str = ""


def choices(proposal: Proposal, caller: Caller) -> Choices:
    """The decisions that a caller may take about a proposal."""
    if caller.token is None or proposal.closed is not None:
        return Choices()
    refusals = {kind: _refusal(proposal, caller, kind) for kind in (Kind.APPROVE, Kind.REJECT, Kind.WITHDRAW)}
    given = [one.who for one in proposal.approvals]
    releases = _may_release(proposal, caller)
    is_mine = proposal.is_by(caller.name, caller.credential)
    return Choices(
        kinds=tuple(kind for kind, why in refusals.items() if not why),
        revokes=tuple(who for who in given if not _refusal(proposal, caller, Kind.REVOKE, who)),
        may_release=releases,
        may_judge=caller.may("push", proposal.module) or caller.may("approve", proposal.module),
        waits=(is_mine and releases) or (not refusals[Kind.APPROVE] and _brings_forward(proposal, caller)),
        refusal="" if caller.name in given else refusals[Kind.APPROVE],
    )


def _refusal(proposal: Proposal, caller: Caller, kind: Kind, of: str = "") -> str:
    """Why a caller may not take a decision; empty if it may."""
    try:
        refuse_decision(person_of(caller), proposal, _decision(proposal, caller, kind, of), caller.policy)
    except FieldstoneError as error:
        return error.problem
    return ""


def _may_release(proposal: Proposal, caller: Caller) -> bool:
    """Whether a proposal is approved, and a caller may release it."""
    if _state(proposal, caller) is not State.APPROVED:
        return False
    try:
        refuse_release(person_of(caller), proposal, caller.policy)
    except FieldstoneError:
        return False
    return True


def _brings_forward(proposal: Proposal, caller: Caller) -> bool:
    """Whether less is missing with the approval of a caller."""
    approval = _decision(proposal, caller, Kind.APPROVE)
    return _missing(replace(proposal, decisions=(*proposal.decisions, approval)), caller) != _missing(proposal, caller)


def _state(proposal: Proposal, caller: Caller) -> State:
    return standing(proposal, caller.policy.reviews(proposal.module), proposal.newest.judged.releases).state


def _missing(proposal: Proposal, caller: Caller) -> tuple[str, ...]:
    return standing(proposal, caller.policy.reviews(proposal.module), proposal.newest.judged.releases).missing


def _decision(proposal: Proposal, caller: Caller, kind: Kind, of: str = "") -> Decision:
    deciding = Deciding(decision=kind, revision=proposal.newest.number, reason=_REASON, of=of)
    return decision_of(person_of(caller), proposal, deciding)
