"""Releases an approved proposal with exactly the waivers that were approved, judged again at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import Conflict, Invalid
from fieldstone.project.server_policy import Policy
from fieldstone.proposals.proposal import Decision, Judged, Proposal, State
from fieldstone.proposals.review import Standing, closed, standing
from fieldstone.proposals.shown import names_of
from fieldstone.registry.buffered import BufferedStore
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.sql import SqlStore, audit, lock_module, open_store, proposals
from fieldstone.registry.sql.catalog import Catalog
from fieldstone.workflows.proposals.deciding import refuse_release
from fieldstone.workflows.proposals.judging import Workspace, judged_of, workspace
from fieldstone.workflows.proposals.person import Person
from fieldstone.workflows.proposals.storing import note_judgement, record
from fieldstone.workflows.pushing.names import claim
from fieldstone.workflows.release import release
from fieldstone.workflows.server_policy import newest_policy

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ATTEMPTS = 3
"""The most times that a proposal is judged because another write was faster."""
_VALID = timedelta(days=365)
"""The time that a recorded waiver is valid: so long, a copy of the release can be judged as a new one."""


def release_proposal(address: str, number: int, person: Person, shown: str = "", *, automatic: bool = False) -> str:
    """Release an approved proposal; returns the version.

    Args:
        address: the address of a database registry; see `open_registry`.
        number: the number of the proposal.
        person: who releases it: an author, one who approved it, or an admin; with the scope `push`.
        shown: the address of the registry in messages.
        automatic: whether the policy releases it with the last approval, whatever the approver may do.

    Raises:
        NotFound: there is no such proposal.
        Denied: the person may not release it.
        Conflict: it is not approved or closed; or its findings are others than those that were approved.
        Invalid: it cannot be released.
        FieldstoneError: the registry cannot be read or written.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _Releasing(open_store(address, existing=True), number, person, shown, automatic=automatic).done()
        except _Overtaken as error:
            overtaken = error
    raise Conflict(overtaken.problem, fix=overtaken.fix)


class _Overtaken(Conflict):
    """Another write was faster, and the next attempt may succeed."""


class _Releasing:
    """One attempt."""

    def __init__(self, store: SqlStore, number: int, person: Person, shown: str, *, automatic: bool) -> None:
        self.store, self.person, self.automatic = store, person, automatic
        self.policy = newest_policy(store.database)
        store.actor = audit.Actor(person.name, person.credential, self.policy.number)
        self.buffer = BufferedStore(store, shown)
        self.proposal = proposals.find(store.database, number)

    def done(self) -> str:
        if not self.automatic:
            refuse_release(self.person, self.proposal, self.policy)
        standing_ = self._approved(self.proposal)
        refuse_signed(self.policy, self.proposal.module)
        made = datetime.now(UTC)
        waivers = waivers_of(self.proposal, standing_.approvals, made)
        with workspace(Catalog(self.store), self.buffer, self.policy, self.proposal, waivers=waivers) as space:
            judged = self._released(space, waivers, made)
        return self._write(judged)

    def _released(self, space: Workspace, waivers: Sequence[Waiver], made: datetime) -> Judged:
        """The judgement of the release, which is in the buffer now.

        Raises:
            Conflict: it has other findings than those that were approved; they are stored, to be approved.
            Invalid: it cannot be released.
        """
        name, newest = self.proposal.module, self.proposal.newest
        releases = len(self.buffer.versions(name))
        outcome = release(space.project, name, version=newest.wanted, start=space.root, style=False, now=made)
        judged = judged_of(self.store, space.project, outcome.report, space.root, waivers)
        judged = replace(judged, releases=releases)
        if not newest.judged.finds_the_same(judged):
            stored = note_judgement(self.store, self.proposal, space.digest, judged)
            raise Conflict(
                f"proposal {stored.number} is judged differently now than when it was approved; revision "
                f"{stored.newest.number} has the findings, and needs approval",
                fix=f"see `fieldstone proposal show {stored.number}`",
            )
        if judged.affected != newest.judged.affected:
            note_judgement(self.store, self.proposal, space.digest, judged)
            raise _Overtaken(f"other consumers of {name} may break now than when it was judged", fix="do it again")
        if outcome.refused or outcome.release is None:
            why = outcome.refused or f"nothing changed since {outcome.report.compared_with}"
            raise Invalid(f"proposal {self.proposal.number} cannot be released: {why}", fix="propose it anew")
        return judged

    def _write(self, judged: Judged) -> str:
        store, name = self.store, self.proposal.module
        ((_, version),) = self.buffer.added
        store.upload(self.buffer.contents)
        with store.database.transaction() as connection:
            lock_module(connection, name)
            proposals.lock(connection, self.proposal.number)
            self._refuse_changed(judged)
            self._add(connection)
            stored = proposals.close(connection, self.proposal, State.RELEASED, version)
            approved_by = [one.who for one in self.proposal.approvals]
            facts = {"version": version, "approved_by": approved_by, "automatic": self.automatic}
            record(store, connection, "release-proposal", stored, **facts)
        return version

    def _refuse_changed(self, judged: Judged) -> None:
        """Raise unless what was judged is what is approved now; the row of the proposal is locked.

        Raises:
            Conflict: it was closed, changed, or is not approved any more.
        """
        current = proposals.find(self.store.database, self.proposal.number)
        if current.closed is not None:
            raise closed(current)
        if newest_policy(self.store.database).number != self.policy.number or current.newest != self.proposal.newest:
            raise _Overtaken("the proposal or the policy was changed meanwhile", fix="do it again")
        if len(self.store.versions(current.module)) != judged.releases:
            raise _Overtaken(f"{current.module} was released meanwhile", fix="do it again")
        as_judged = replace(current, revisions=(*current.revisions[:-1], replace(current.newest, judged=judged)))
        self._approved(as_judged)
        if current.approvals != self.proposal.approvals:
            raise _Overtaken("approvals of the proposal were changed meanwhile", fix="do it again")

    def _add(self, connection: Connection) -> None:
        """Add the release, and claim its names."""
        self.buffer.write()
        registry = FetchedRegistry(self.store)
        for name, version in self.buffer.added:
            claim(connection, registry, registry.release(name, version))

    def _approved(self, proposal: Proposal) -> Standing:
        """The standing of a proposal that is approved.

        Raises:
            Conflict: it is closed, or not approved.
        """
        found = standing(proposal, self.policy.reviews(proposal.module), proposal.newest.judged.releases)
        if proposal.closed is not None:
            raise closed(proposal)
        if found.missing:
            raise Conflict(
                f"proposal {proposal.number} is not approved; missing: {'; '.join(found.missing)}",
                fix=f"`fieldstone proposal approve {proposal.number}` by those",
            )
        return found


def refuse_signed(policy: Policy, module: str) -> None:
    """Raise if releases of a module must be signed: a server has no key to sign with.

    Raises:
        Invalid: they must.
    """
    if policy.demands_signature(module):
        raise Invalid(
            f"releases of {module} must be signed, and a proposal is released by the server, which signs nothing",
            fix=f"add waivers to the policy, then `fieldstone release {module} --sign KEY`",
        )


def waivers_of(proposal: Proposal, approvals: Sequence[Decision], made: datetime) -> tuple[Waiver, ...]:
    """The waivers that approvals give: one for each break, by those who approved.

    Args:
        proposal: the proposal.
        approvals: the approvals that count.
        made: the time of the release in UTC.
    """
    authors, reason = ", ".join(names_of(proposal.authors)), f": {proposal.reason}" if proposal.reason else ""
    approved = "; ".join(f"{one.who}: {one.reason}" for one in approvals)
    until = (made + _VALID).date().isoformat()
    return tuple(
        Waiver(
            rule=one.rule,
            subject=one.subject,
            reason=f"proposal {proposal.number} of {authors}{reason}; approved by {approved}",
            owner=", ".join(one.who for one in approvals),
            until=until,
            module=proposal.module,
        )
        for one in proposal.newest.judged.breaks
    )
