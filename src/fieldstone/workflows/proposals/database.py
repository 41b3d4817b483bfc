"""Proposals in the database of a registry, for a server and for who can reach the database itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from fieldstone.errors import Conflict, FieldstoneError
from fieldstone.project.server_policy import Policy
from fieldstone.proposals.proposal import CLOSING, Kind, Proposal, State
from fieldstone.proposals.review import Standing, standing
from fieldstone.proposals.shown import Shown, Summary, shown, summary_of
from fieldstone.registry.clock import after, now
from fieldstone.registry.sql import SqlStore, audit, open_store, proposals
from fieldstone.registry.sql.tokens import Token
from fieldstone.workflows.proposals.deciding import decision_of, refuse_decision
from fieldstone.workflows.proposals.messages import Deciding, Wish
from fieldstone.workflows.proposals.person import Person
from fieldstone.workflows.proposals.proposing import judge_again, propose
from fieldstone.workflows.proposals.releasing import release_proposal
from fieldstone.workflows.proposals.storing import record
from fieldstone.workflows.server_policy import newest_policy


def administrator() -> Person:
    """The user of the operating system: whoever can write to a database is an admin."""
    actor = audit.operator()
    return Person(Token(actor.credential, actor.who, ("admin",), ("*",), now(), after(1)))


class DatabaseProposals:
    """See `Proposals`.

    Args:
        address: the address of a database registry.
        person: who asks; None for somebody without a token, who can only look.
        may_read: whether they may read a module; by default all.
        store: the registry at that address, if it is open.
        shown: the address of the registry in messages.
    """

    def __init__(
        self,
        address: str,
        person: Person | None,
        *,
        may_read: Callable[[str], bool] = lambda _: True,
        store: SqlStore | None = None,
        shown: str = "",
    ) -> None:
        self._address, self._person, self._may_read, self._shown_address = address, person, may_read, shown
        self._open = store

    @cached_property
    def _store(self) -> SqlStore:
        return self._open or open_store(self._address)

    def every(self, state: State | None = None, module: str = "") -> list[Summary]:
        """The proposals that the person may see, oldest first."""
        policy, found = newest_policy(self._store.database), proposals.every(self._store.database, module)
        listed = [one for one in found if self._may_read(one.module)]
        known = [summary_of(one, self._standing(one, policy)) for one in listed]
        return [one for one in known if state in {None, one.state}]

    def one(self, number: int) -> Shown:
        """The proposal of a number."""
        return self._as_shown(self._readable(number))

    def propose(self, module: str, wish: Wish) -> Shown:
        """Propose a breaking change."""
        return self.one(propose(self._address, module, wish, self._who, self._shown_address))

    def decide(self, number: int, deciding: Deciding) -> Shown:
        """Decide about a revision of a proposal."""
        if self.is_to_be_judged(number, deciding):
            judge_again(self._address, number, self._who, self._shown_address)
        found = self.decide_now(number, deciding)
        if not self.is_to_be_released(found, deciding):
            return found
        try:
            release_proposal(self._address, number, self._who, self._shown_address, automatic=True)
        except FieldstoneError as error:
            return self.unreleased(number, error)
        return self.one(number)

    def unreleased(self, number: int, error: FieldstoneError) -> Shown:
        """A proposal whose last approval was stored, and whose release failed."""
        return self._as_shown(self._readable(number), note=f"it is approved, and was not released: {error}")

    def release(self, number: int) -> Shown:
        """Release an approved proposal."""
        self._readable(number)
        release_proposal(self._address, number, self._who, self._shown_address)
        return self.one(number)

    def is_to_be_judged(self, number: int, deciding: Deciding) -> bool:
        """Whether a proposal must be judged again before a decision: its module has had a release since."""
        proposal = self._readable(number)
        refuse_decision(
            self._who, proposal, decision_of(self._who, proposal, deciding), newest_policy(self._store.database)
        )
        return deciding.decision is Kind.APPROVE and self.one(number).standing.is_stale

    def is_to_be_released(self, found: Shown, deciding: Deciding) -> bool:
        """Whether a decision lets the policy release a proposal."""
        policy, module = newest_policy(self._store.database), found.proposal.module
        is_last = deciding.decision is Kind.APPROVE and found.standing.state is State.APPROVED
        return is_last and policy.releases_when_approved(module)

    def decide_now(self, number: int, deciding: Deciding) -> Shown:
        """Decide about a revision that was judged since the newest release; see `decide`."""
        self._readable(number)
        store, person = self._store, self._who
        with store.database.transaction() as connection:
            proposals.lock(connection, number)
            proposal, policy = proposals.find(store.database, number), newest_policy(store.database)
            decision = decision_of(person, proposal, deciding)
            refuse_decision(person, proposal, decision, policy)
            if decision.kind is Kind.APPROVE and self._standing(proposal, policy).is_stale:
                raise Conflict(f"{proposal.module} was released meanwhile", fix="see the proposal, and decide again")
            decided = proposals.decide(connection, proposal, decision)
            if decision.kind in CLOSING:
                decided = proposals.close(connection, decided, CLOSING[decision.kind])
            store.actor = audit.Actor(person.name, person.credential, policy.number)
            facts = {"decision": decision.kind, "reason": decision.reason}
            facts |= {"of": decision.revoked} if decision.revoked else {}
            state = self._standing(decided, policy).state
            record(store, connection, "decide-proposal", decided, **facts, state=state)
        return self.one(number)

    @property
    def _who(self) -> Person:
        assert self._person is not None  # noqa: S101 - nobody writes without a token
        return self._person

    def _readable(self, number: int) -> Proposal:
        """The proposal of a number.

        Raises:
            NotFound: there is none, or the person may not read its module.
        """
        found = proposals.find(self._store.database, number)
        if not self._may_read(found.module):
            raise proposals.missing(number)
        return found

    def _as_shown(self, proposal: Proposal, note: str = "") -> Shown:
        return shown(proposal, self._standing(proposal, newest_policy(self._store.database)), note)

    def _standing(self, proposal: Proposal, policy: Policy) -> Standing:
        releases = len(self._store.versions(proposal.module)) if proposal.closed is None else 0
        return standing(proposal, policy.reviews(proposal.module), releases)
