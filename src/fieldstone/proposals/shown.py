"""Proposals as they are shown, with their standing: one with everything, or many in a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.proposals.proposal import Author, Decision, Proposal, Revision, State, label_of
from fieldstone.proposals.review import Standing

_Signed = TypeVar("_Signed", Author, Decision, Revision)


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


def without_credentials(found: Shown) -> Shown:
    """The same for whoever may read the module: the ids of tokens and the subjects of identities are for the audit."""
    proposal = replace(
        found.proposal,
        authors=_unsigned(found.proposal.authors),
        revisions=_unsigned(found.proposal.revisions),
        decisions=_unsigned(found.proposal.decisions),
    )
    standing = replace(found.standing, approvals=_unsigned(found.standing.approvals))
    return replace(found, proposal=proposal, standing=standing)


def _unsigned(signed: Iterable[_Signed]) -> tuple[_Signed, ...]:
    return tuple(replace(one, credential="") for one in signed)


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


def names_of(authors: Iterable[Author]) -> tuple[str, ...]:
    """The names of authors, each once."""
    return tuple(dict.fromkeys(author.who for author in authors))
