"""The rights to decide about a proposal, and to release it: one place for the commands, the protocol and the pages."""

from __future__ import annotations

from fieldstone.errors import Denied
from fieldstone.project.server_policy import Policy
from fieldstone.proposals.proposal import Decision, Kind, Proposal
from fieldstone.proposals.review import check_decision
from fieldstone.proposals.shown import names_of
from fieldstone.workflows.proposals.messages import Deciding
from fieldstone.workflows.proposals.person import Person


def decision_of(person: Person, proposal: Proposal, deciding: Deciding) -> Decision:
    """The decision that somebody wants to take about a proposal."""
    return Decision(
        kind=deciding.decision,
        revision=deciding.revision,
        who=person.name,
        credential=person.credential,
        names=person.names,
        is_admin=person.token.allows("admin", proposal.module),
        reason=deciding.reason.strip(),
        revoked=(deciding.of or person.name) if deciding.decision is Kind.REVOKE else "",
    )


def refuse_decision(person: Person, proposal: Proposal, decision: Decision, policy: Policy) -> None:
    """Raise if somebody may not take a decision; see `check_decision` for the errors."""
    scope = "push" if decision.kind is Kind.WITHDRAW else "approve"
    may_decide = person.token.is_alive and person.token.allows(scope, proposal.module)
    check_decision(proposal, decision, policy.reviews(proposal.module), may_decide=may_decide)


def refuse_release(person: Person, proposal: Proposal, policy: Policy) -> None:
    """Raise if somebody may not release a proposal that is approved.

    Raises:
        Denied: they may not push the module, or neither proposed nor approved it, and are no admin.
    """
    token, module = person.token, proposal.module
    is_admin = token.allows("admin", module)
    if not token.allows("push", module) or not (is_admin or policy.permits("push", module, person.names)):
        raise Denied(
            f"{person.name!r} may not push {module}, and a release takes that",
            fix="ask an author of the proposal to release it",
        )
    involved = {*names_of(proposal.authors), *(one.who for one in proposal.approvals)}
    if not is_admin and person.name not in involved:
        raise Denied(
            f"{person.name!r} neither proposed nor approved proposal {proposal.number}",
            fix=f"ask one of {', '.join(sorted(involved))} to release it",
        )
