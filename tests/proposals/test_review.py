"""Reviews of proposals: whose approval counts, what is missing, and who may not decide."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from fieldstone.errors import Conflict, Denied, FieldstoneError, Invalid
from fieldstone.proposals.proposal import (
    Affected,
    Author,
    Break,
    Decision,
    Judged,
    Kind,
    Proposal,
    Revision,
    State,
)
from fieldstone.proposals.review import ReviewRules, check_decision, standing

BLOCKED = Affected("billing", "team-billing", "blocked", "billing 1.0 uses shop.v1.Order.total")
JUDGED = Judged(compared_with="1.0.0", releases=1, breaks=(Break("field-removed", "shop.v1.Order.total"),))
ONE = Revision(number=1, who="carol", credential="t-carol", files={}, judged=JUDGED)
OPEN = Proposal(number=7, module="shop", authors=(Author("carol", "t-carol"),), revisions=(ONE,))
OWNERS = ReviewRules(approvers=frozenset({"alice", "bob", "carol", "shop-role"}))


def by(who: str, kind: Kind = Kind.APPROVE, **changed: Any) -> Decision:
    decision = Decision(kind=kind, revision=1, who=who, credential=f"t-{who}", names=(who,), reason="because")
    return replace(decision, **changed)


def after(*decisions: Decision, **changed: Any) -> Proposal:
    return replace(OPEN, decisions=decisions, **changed)


TWO = after(by("alice"), revisions=(ONE, replace(ONE, number=2)))


@pytest.mark.parametrize(
    ("proposal", "rules", "missing"),
    [
        (OPEN, OWNERS, "1 approval for the owners of shop by alice, bob, carol, shop-role"),
        (after(by("alice")), OWNERS, ""),
        (after(by("dave")), OWNERS, "1 approval"),
        (after(by("dave", names=("dave", "shop-role"))), OWNERS, ""),
        (after(by("root", is_admin=True)), OWNERS, ""),
        (after(by("dave")), ReviewRules(), ""),
        (after(by("alice")), replace(OWNERS, required=2), "1 approval"),
        (after(by("alice"), by("alice", credential="t-other")), replace(OWNERS, required=2), "1 approval"),
        (after(by("alice"), by("bob")), replace(OWNERS, required=2), ""),
        (after(by("alice"), by("alice", Kind.REVOKE, revoked="alice")), OWNERS, "1 approval"),
        (after(by("alice"), by("root", Kind.REVOKE, revoked="alice"), by("alice")), OWNERS, ""),
        (after(by("carol")), OWNERS, "1 approval"),
        (after(by("alice", credential="t-carol")), OWNERS, "1 approval"),
        (after(by("alice"), authors=(Author("carol", "t-carol"), Author("alice", "t-alice"))), OWNERS, "1 approval"),
        (TWO, OWNERS, "1 approval"),
        (replace(OPEN, revisions=(replace(ONE, judged=Judged()),)), OWNERS, "a judgement by this registry"),
    ],
)
def test_what_is_missing_follows_from_the_rules(proposal: Proposal, rules: ReviewRules, missing: str) -> None:
    found = standing(proposal, rules, 1)

    assert found.state is (State.OPEN if missing else State.APPROVED)
    assert "; ".join(found.missing).startswith(missing)


def test_the_owner_of_each_affected_consumer_is_asked_if_the_policy_says_so() -> None:
    rules = replace(OWNERS, asks_consumers=True)
    affected = replace(ONE, judged=replace(JUDGED, affected=(BLOCKED,)))
    proposal = after(by("alice"), revisions=(affected,))
    teams = replace(rules, teams={"team-billing": ("erin",)})

    assert standing(proposal, OWNERS, 1).missing == ()
    wanted = "an approval for team-billing, the owner of billing, by "
    assert standing(proposal, rules, 1).missing == (f"{wanted}team-billing",)
    assert standing(proposal, teams, 1).missing == (f"{wanted}erin",)
    both = replace(proposal, decisions=(by("alice"), by("erin")))
    assert standing(both, teams, 1).missing == ()
    assert standing(replace(proposal, decisions=(by("erin"),)), teams, 1).missing[0].startswith("1 approval for the")
    check_decision(proposal, by("erin"), teams, may_decide=True)
    with pytest.raises(Denied, match="does not let 'erin' approve"):
        check_decision(proposal, by("erin"), rules, may_decide=True)


def test_a_release_in_between_makes_it_stale() -> None:
    assert not standing(OPEN, OWNERS, 1).is_stale
    assert standing(OPEN, OWNERS, 2).is_stale
    assert not standing(replace(OPEN, closed=State.RELEASED), OWNERS, 2).is_stale


@pytest.mark.parametrize(
    ("proposal", "decision", "error", "said"),
    [
        (OPEN, by("carol"), Denied, "carol is an author of proposal 7, and somebody else must approve it"),
        (OPEN, by("bob", credential="t-carol"), Denied, "bob is an author"),
        (OPEN, by("carol", credential="t-2"), Denied, "carol is an author"),
        (OPEN, by("carol", is_admin=True), Denied, "carol is an author"),
        (OPEN, by("carol", Kind.REJECT), Denied, "carol is an author"),
        (OPEN, by("dave"), Denied, "the policy of this registry does not let 'dave' approve"),
        (OPEN, by("alice", reason=" "), Invalid, "--reason is missing"),
        (OPEN, by("alice", reason="a\nb"), Invalid, "is no reason"),
        (OPEN, by("alice", reason="x" * 2_001), Invalid, "is no reason"),
        (OPEN, by("alice", revision=2), Invalid, "has no revision 2; its newest is 1"),
        (OPEN, by("alice", revision=0), Invalid, "has no revision 0"),
        (TWO, by("alice", revision=1), Conflict, "revision 1 of proposal 7 is not the newest: that is 2"),
        (after(by("alice")), by("alice"), Conflict, "alice has approved revision 1 of proposal 7 already"),
        (OPEN, by("alice", Kind.WITHDRAW), Denied, r"only an author of proposal 7 \(carol\) or an admin"),
        (OPEN, by("alice", Kind.REVOKE, revoked="alice"), Conflict, "alice has not approved revision 1"),
        (after(by("alice")), by("bob", Kind.REVOKE, revoked="alice"), Denied, "only alice or an admin revokes"),
        (after(by("alice", Kind.REJECT), closed=State.REJECTED), by("bob"), Conflict, "is rejected by alice, which is"),
        (after(closed=State.RELEASED, version="2.0.0"), by("alice"), Conflict, "is released as shop 2.0.0, which is"),
    ],
)
def test_decisions_that_are_refused(
    proposal: Proposal, decision: Decision, error: type[FieldstoneError], said: str
) -> None:
    with pytest.raises(error, match=said):
        check_decision(proposal, decision, OWNERS, may_decide=True)


def test_a_decision_takes_the_scope_of_the_token() -> None:
    with pytest.raises(Denied, match="the token 'alice' does not allow approve shop"):
        check_decision(OPEN, by("alice"), OWNERS, may_decide=False)
    with pytest.raises(Denied, match="does not allow push shop"):
        check_decision(OPEN, by("carol", Kind.WITHDRAW), OWNERS, may_decide=False)
