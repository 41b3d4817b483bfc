"""A proposal: a breaking change of a module that waits for its owners' decision, with all that was decided about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from fieldstone.compatibility.finding import Finding


class State(StrEnum):
    """The state of a proposal; the last three are final."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"


class Kind(StrEnum):
    """A kind of decision."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"


CLOSING: Mapping[Kind, State] = {Kind.REJECT: State.REJECTED, Kind.WITHDRAW: State.WITHDRAWN}
"""The final states that decisions lead to."""


class Decision(Struct, frozen=True, kw_only=True):
    """A decision about a revision.

    Attributes:
        kind: its kind.
        revision: the number of the revision.
        who: the name of the token or identity that decided.
        credential: the id of the token, or the subject of the identity.
        names: the names that the policy may know them by: `who`, and the role of an identity.
        is_admin: whether they were an admin.
        reason: why.
        revoked: the name of whose approval is revoked; empty for other kinds.
        at: the time in UTC, as RFC 3339; set when it is stored.
    """

    kind: Kind
    revision: int
    who: str
    credential: str
    names: tuple[str, ...]
    is_admin: bool = False
    reason: str = ""
    revoked: str = ""
    at: str = ""


class Affected(Struct, frozen=True):
    """A consumer that a change may break.

    Attributes:
        consumer: its name.
        owner: the team or address that answers for it.
        verdict: `blocked` if it is known to use what breaks, `unknown` if its evidence cannot rule that out.
        problem: the reason, as a sentence without a full stop.
    """

    consumer: str
    owner: str
    verdict: str
    problem: str


class Break(Struct, frozen=True, order=True):
    """A finding that needs a waiver.

    Attributes:
        rule: the rule's id.
        subject: the full name of the element.
    """

    rule: str
    subject: str


class Judged(Struct, frozen=True, kw_only=True):
    """The judgement of a revision at one time.

    Attributes:
        compared_with: the version of the release that it was compared with; empty if it was not judged.
        releases: the number of releases that the module had.
        version: the version that it earns.
        findings: all findings, each break with the known uses that it concerns.
        breaks: the findings that need a waiver, sorted.
        affected: the consumers that may break, by name.
        text: the findings, for people.
    """

    compared_with: str = ""
    releases: int = 0
    version: str = ""
    findings: tuple[Finding, ...] = ()
    breaks: tuple[Break, ...] = ()
    affected: tuple[Affected, ...] = ()
    text: str = ""

    def finds_the_same(self, other: Judged) -> bool:
        """Whether another judgement has the same findings, so that an approval of one is an approval of the other."""
        return self.breaks == other.breaks and _identities(self.findings) == _identities(other.findings)


def _identities(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    return sorted((one.rule, one.subject, one.fingerprint, one.level, *one.breaks) for one in findings)


class Revision(Struct, frozen=True, kw_only=True):
    """A content of a proposal with its reason and its judgement. An approval is for one revision.

    Attributes:
        number: its number, from 1.
        who: the name of who pushed it.
        credential: see `Decision`.
        files: its sources, path to digest.
        dependencies: the ids of the commits that it was compiled with.
        wanted: the version that it shall have; empty for the one that it earns.
        reason: why; may be empty.
        digest: its b5 digest; empty if it was not judged yet.
        commit: its id as a commit for buf.
        judged: its judgement.
        created_at: the time in UTC, as RFC 3339.
    """

    number: int
    who: str
    credential: str
    files: Mapping[str, str]
    dependencies: tuple[str, ...] = ()
    wanted: str = ""
    reason: str = ""
    digest: str = ""
    commit: str = ""
    judged: Judged = Judged()
    created_at: str = ""


class Author(Struct, frozen=True, order=True):
    """Somebody who pushed a revision, by name and credential; see `Decision`."""

    who: str
    credential: str


class Proposal(Struct, frozen=True, kw_only=True):
    """A proposal.

    Attributes:
        number: its number in the registry, from 1 and without gaps.
        module: the module.
        authors: everybody who pushed one of its revisions, or the same content again.
        revisions: its revisions, oldest first; at least one.
        decisions: all decisions, oldest first.
        closed: the final state; None while there is none.
        version: the version that it was released as; empty if it was not.
        created_at: the time in UTC, as RFC 3339.
    """

    number: int
    module: str
    authors: tuple[Author, ...]
    revisions: tuple[Revision, ...]
    decisions: tuple[Decision, ...] = ()
    closed: State | None = None
    version: str = ""
    created_at: str = ""

    @property
    def newest(self) -> Revision:
        """The revision that decisions are about."""
        return self.revisions[-1]

    @property
    def reason(self) -> str:
        """Why its authors propose it; may be empty."""
        return self.newest.reason

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """The approvals of the newest revision that were not revoked, oldest first."""
        found: dict[str, Decision] = {}
        for decision in self.decisions:
            if decision.kind is Kind.REVOKE:
                found.pop(decision.revoked, None)
            elif decision.kind is Kind.APPROVE and decision.revision == self.newest.number:
                found[decision.who] = decision
        return tuple(found.values())

    def is_by(self, who: str, credential: str) -> bool:
        """Whether somebody is an author: by name, or by credential."""
        return any(who == author.who or (credential and credential == author.credential) for author in self.authors)


def label_of(number: int) -> str:
    """The label that buf fetches a proposal by."""
    return f"proposal-{number}"
