"""Reviews: whose approval a proposal needs by the policy, what is missing, and which decisions are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from fieldstone.errors import Conflict, Denied, FieldstoneError, Invalid
from fieldstone.proposals.proposal import Decision, Kind, Proposal, State

_LONGEST_REASON = 2_000


class ReviewRules(Struct, frozen=True, kw_only=True):
    """The rules of a module for reviews.

    Attributes:
        approvers: the names of those that approve for its owners; None for everybody with the scope.
        required: the number of approvals for its owners.
        asks_consumers: whether the owner of each affected consumer must approve, too.
        teams: owner of a consumer -> the names of those that decide for it; by default the one of the same name.
    """

    approvers: frozenset[str] | None = None
    required: int = 1
    asks_consumers: bool = False
    teams: Mapping[str, tuple[str, ...]] = {}

    def owns(self, decision: Decision) -> bool:
        """Whether somebody decides for the owners of the module."""
        return decision.is_admin or self.approvers is None or not self.approvers.isdisjoint(decision.names)

    def answers_for(self, owner: str, decision: Decision) -> bool:
        """Whether somebody decides for the owner of a consumer."""
        return not {*self.teams.get(owner, (owner,))}.isdisjoint(decision.names)


class Standing(Struct, frozen=True):
    """The standing of a proposal under the rules of a policy.

    Attributes:
        state: its state.
        approvals: the approvals of its newest revision that count.
        missing: what is missing until it is approved, as sentences without a full stop.
        is_stale: whether the module has had a release since it was judged.
    """

    state: State
    approvals: tuple[Decision, ...]
    missing: tuple[str, ...]
    is_stale: bool = False


def standing(proposal: Proposal, rules: ReviewRules, releases: int) -> Standing:
    """The standing of a proposal.

    Args:
        proposal: the proposal.
        rules: the rules of its module.
        releases: the number of releases of its module.
    """
    counting = tuple(one for one in proposal.approvals if not proposal.is_by(one.who, one.credential))
    if proposal.closed is not None:
        return Standing(proposal.closed, counting, ())
    missing = tuple(_missing(proposal, rules, counting))
    state = State.OPEN if missing else State.APPROVED
    return Standing(state, counting, missing, is_stale=releases != proposal.newest.judged.releases)


def _missing(proposal: Proposal, rules: ReviewRules, approvals: tuple[Decision, ...]) -> Iterator[str]:
    if not proposal.newest.judged.compared_with:
        yield "a judgement by this registry"
    lacking = rules.required - len({one.who for one in approvals if rules.owns(one)})
    if lacking > 0:
        by = f" by {', '.join(sorted(rules.approvers))}" if rules.approvers is not None else ""
        yield f"{lacking} approval{'' if lacking == 1 else 's'} for the owners of {proposal.module}{by}"
    for owner, consumers in _owners(proposal, rules).items():
        if not any(rules.answers_for(owner, one) for one in approvals):
            by = ", ".join(rules.teams.get(owner, (owner,)))
            yield f"an approval for {owner}, the owner of {', '.join(consumers)}, by {by}"


def _owners(proposal: Proposal, rules: ReviewRules) -> dict[str, list[str]]:
    """The owners that must be asked, with their affected consumers."""
    found: dict[str, list[str]] = {}
    for affected in proposal.newest.judged.affected if rules.asks_consumers else ():
        found.setdefault(affected.owner, []).append(affected.consumer)
    return found


def check_decision(proposal: Proposal, decision: Decision, rules: ReviewRules, *, may_decide: bool) -> None:
    """Raise if a decision cannot be taken.

    Args:
        proposal: the proposal.
        decision: the decision.
        rules: the rules of its module.
        may_decide: whether the token has the scope that the decision takes, for the module.

    Raises:
        Denied: who decides may not.
        Conflict: the proposal is closed, or has a newer revision; or the decision was taken already.
        Invalid: there is no such revision, or the reason is missing.
    """
    number = proposal.number
    if proposal.closed is not None:
        raise closed(proposal)
    if decision.revision != proposal.newest.number:
        _refuse_revision(proposal, decision.revision)
    check_reason(decision.reason, f"--reason is missing: {decision.kind.value} says why")
    if not may_decide:
        scope = "push" if decision.kind is Kind.WITHDRAW else "approve"
        raise Denied(
            f"the token {decision.who!r} does not allow {scope} {proposal.module}",
            fix="ask an admin of the registry for one: `fieldstone registry token create`",
        )
    _CHECKS[decision.kind](proposal, decision, rules)
    approved = any(one.who == decision.who for one in proposal.approvals)
    if decision.kind is Kind.APPROVE and approved:
        raise Conflict(f"{decision.who} has approved revision {decision.revision} of proposal {number} already")


def closed(proposal: Proposal) -> FieldstoneError:
    """The error about a proposal that is closed."""
    state = proposal.closed.value if proposal.closed else "open"
    as_ = f" as {proposal.module} {proposal.version}" if proposal.version else ""
    last = proposal.decisions[-1] if proposal.decisions else None
    by = f" by {last.who}" if last and last.kind in {Kind.REJECT, Kind.WITHDRAW} else ""
    return Conflict(
        f"proposal {proposal.number} is {state}{as_}{by}, which is final",
        fix="" if as_ else "propose the change again: that is a proposal of its own",
    )


def check_reason(reason: str, missing: str) -> None:
    """Raise if a text is no reason.

    Args:
        reason: the text.
        missing: the problem if it is empty.

    Raises:
        Invalid: it is empty or too long, or has control characters.
    """
    if not reason.strip():
        raise Invalid(missing, fix='write --reason "..."')
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise Invalid(f"{reason[:40]!r} is no reason", fix=f"write one line of at most {_LONGEST_REASON:,} characters")


def _refuse_revision(proposal: Proposal, revision: int) -> None:
    newest = proposal.newest.number
    if not 1 <= revision <= newest:
        raise Invalid(
            f"proposal {proposal.number} has no revision {revision}; its newest is {newest}",
            fix=f"see `fieldstone proposal show {proposal.number}`",
        )
    raise Conflict(
        f"revision {revision} of proposal {proposal.number} is not the newest: that is {newest}",
        fix=f"see `fieldstone proposal show {proposal.number}`, then decide about --revision {newest}",
    )


def _check_review(proposal: Proposal, decision: Decision, rules: ReviewRules) -> None:
    """Raise if somebody may not approve or reject.

    Raises:
        Denied: they are an author, or answer neither for the module nor for an affected consumer.
    """
    number = proposal.number
    if proposal.is_by(decision.who, decision.credential):
        raise Denied(
            f"{decision.who} is an author of proposal {number}, and somebody else must {decision.kind.value} it",
            fix=f"ask another reviewer, or withdraw it: `fieldstone proposal withdraw {number}`",
        )
    if rules.owns(decision) or any(rules.answers_for(owner, decision) for owner in _owners(proposal, rules)):
        return
    raise Denied(
        f"the policy of this registry does not let {decision.who!r} {decision.kind.value} proposals of "
        f"{proposal.module}",
        fix="ask an admin of the registry to add it to `approve` in the policy",
    )


def _check_withdrawal(proposal: Proposal, decision: Decision, _rules: ReviewRules) -> None:
    if not decision.is_admin and decision.who not in {author.who for author in proposal.authors}:
        authors = ", ".join(sorted({author.who for author in proposal.authors}))
        raise Denied(
            f"only an author of proposal {proposal.number} ({authors}) or an admin withdraws it",
            fix=f"reject it: `fieldstone proposal reject {proposal.number}`",
        )


def _check_revocation(proposal: Proposal, decision: Decision, _rules: ReviewRules) -> None:
    if not decision.is_admin and decision.revoked != decision.who:
        raise Denied(
            f"only {decision.revoked} or an admin revokes the approval of {decision.revoked}",
            fix=f"ask them, or reject it: `fieldstone proposal reject {proposal.number}`",
        )
    given = [one.who for one in proposal.approvals]
    if decision.revoked not in given:
        raise Conflict(
            f"{decision.revoked} has not approved revision {decision.revision} of proposal {proposal.number}",
            fix=f"it is approved by {', '.join(given)}" if given else "nobody has",
        )


_CHECKS = {
    Kind.APPROVE: _check_review,
    Kind.REJECT: _check_review,
    Kind.WITHDRAW: _check_withdrawal,
    Kind.REVOKE: _check_revocation,
}
