"""The arguments and results of proposals, as the server and its clients exchange them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from fieldstone.proposals.proposal import Author, Kind, Proposal, State, label_of
from fieldstone.proposals.review import Standing
from fieldstone.registry.sql.tokens import Token


class Person(Struct, frozen=True):
    """Somebody who proposes, decides or releases.

    Attributes:
        token: their token, or the rights that the role of their identity gives.
        role: the role of their identity; empty for a token.
    """

    token: Token
    role: str = ""

    @property
    def name(self) -> str:
        """The name of their token or identity."""
        return self.token.name

    @property
    def credential(self) -> str:
        """The id of their token, or the subject of their identity."""
        return self.token.id

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a policy may know them by."""
        return tuple(filter(None, (self.name, self.role)))


class Dependency(Struct, frozen=True):
    """A module that a proposed one imports.

    Attributes:
        module: its name.
        digest: its b5 digest: that of one of its releases.
    """

    module: str
    digest: str


class Wish(Struct, frozen=True, kw_only=True):
    """A change to propose.

    Attributes:
        files: the sources of the module, path to bytes.
        dependencies: the modules that it imports.
        reason: why.
        number: the proposal that it is a new revision of; 0 finds that, or makes a new one.
        wanted: the version that it shall have; empty for the one that it earns.
    """

    files: Mapping[str, bytes]
    dependencies: tuple[Dependency, ...] = ()
    reason: str = ""
    number: int = 0
    wanted: str = ""


class Deciding(Struct, frozen=True, kw_only=True):
    """A decision to take.

    Attributes:
        decision: its kind.
        revision: the number of the revision that it is about.
        reason: why.
        of: for `revoke`, whose approval is revoked; by default the own one.
    """

    decision: Kind
    revision: int
    reason: str = ""
    of: str = ""


class Shown(Struct, frozen=True):
    """A proposal with its standing.

    Attributes:
        proposal: the proposal.
        standing: its standing under the policy in force.
        label: the label that buf fetches it by.
        note: what did not happen although it was decided; empty otherwise.
    """

    proposal: Proposal
    standing: Standing
    label: str = ""
    note: str = ""


class Summary(Struct, frozen=True, kw_only=True):
    """A proposal in a list.

    Attributes:
        number: its number.
        module: the module.
        state: its state.
        reason: why its authors propose it.
        authors: the names of its authors.
        revision: the number of its newest revision.
        breaks: the number of findings that need a waiver.
        affected: the names of the consumers that may break.
        compared_with: the version that it was compared with.
        earns: the version that it earns.
        approved_by: the names of those whose approval counts.
        missing: what is missing until it is approved.
        is_stale: whether the module has had a release since it was judged.
        version: the version that it was released as; empty if it was not.
        created_at: the time in UTC, as RFC 3339.
    """

    number: int
    module: str
    state: State
    reason: str
    authors: tuple[str, ...]
    revision: int
    breaks: int
    affected: tuple[str, ...]
    compared_with: str
    earns: str
    approved_by: tuple[str, ...]
    missing: tuple[str, ...]
    is_stale: bool
    version: str
    created_at: str


def shown(proposal: Proposal, standing: Standing, note: str = "") -> Shown:
    """A proposal with its standing."""
    return Shown(proposal, standing, label_of(proposal.number), note)


def summary_of(proposal: Proposal, standing: Standing) -> Summary:
    """A proposal for a list."""
    judged = proposal.newest.judged
    return Summary(
        number=proposal.number,
        module=proposal.module,
        state=standing.state,
        reason=proposal.reason,
        authors=names_of(proposal.authors),
        revision=proposal.newest.number,
        breaks=len(judged.breaks),
        affected=tuple(one.consumer for one in judged.affected),
        compared_with=judged.compared_with,
        earns=judged.version,
        approved_by=tuple(one.who for one in standing.approvals),
        missing=standing.missing,
        is_stale=standing.is_stale,
        version=proposal.version,
        created_at=proposal.created_at,
    )


def names_of(authors: tuple[Author, ...]) -> tuple[str, ...]:
    """The names of authors, each once."""
    return tuple(dict.fromkeys(author.who for author in authors))
