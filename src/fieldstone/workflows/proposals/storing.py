"""Stores what was proposed, judged or decided, each with its row of the audit in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.errors import Conflict
from fieldstone.proposals.proposal import Author, Judged, Proposal, Revision
from fieldstone.proposals.review import closed
from fieldstone.registry.sql import SqlStore, audit, lock_module, proposals

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Submitted(Struct, frozen=True):
    """A breaking change that was judged.

    Attributes:
        proposal: the proposal that it would be: its first revision is the change.
        contents: the sources, path to bytes.
        number: the proposal that it is a revision of; 0 finds that, or makes a new one.
    """

    proposal: Proposal
    contents: Mapping[str, bytes]
    number: int = 0


def submit(store: SqlStore, submitted: Submitted) -> Proposal:
    """Store a breaking change: as a new proposal, as a new revision of its author's, or not at all if it is known.

    Args:
        store: the registry; its `actor` is who proposes.
        submitted: the change.

    Raises:
        NotFound: the module has no proposal of that number.
        Conflict: that is closed, or another release was added since the change was judged.
        Unavailable: the registry cannot be written.
    """
    wanted, database = submitted.proposal, store.database
    store.upload(submitted.contents.values())
    with database.transaction() as connection:
        lock_module(connection, wanted.module)
        _refuse_overtaken(store, wanted.module, wanted.newest.judged)
        store.keep(connection, wanted.module, submitted.contents)
        known = _known(store, submitted)
        if known is None:
            stored = proposals.create(connection, wanted, is_sqlite=database.is_sqlite)
        else:
            proposals.lock(connection, known.number)
            stored = _revised(connection, known, wanted.newest)
        if known != stored:
            record(store, connection, "propose", stored)
    return stored


def note_judgement(store: SqlStore, judged: Proposal, digest: str, judgement: Judged) -> Proposal:
    """Store another judgement of the newest revision of a proposal; other findings make a revision of their own.

    Args:
        store: the registry; its `actor` is who asked for it.
        judged: the proposal as it was judged.
        digest: the digest of the module.
        judgement: the judgement.

    Raises:
        Conflict: the proposal, or its module, has changed since.
        Unavailable: the registry cannot be written.
    """
    with store.database.transaction() as connection:
        lock_module(connection, judged.module)
        proposals.lock(connection, judged.number)
        current = proposals.find(store.database, judged.number)
        if current.closed is not None:
            raise closed(current)
        if current.newest != judged.newest:
            raise Conflict(f"proposal {judged.number} was changed meanwhile", fix="see it again")
        _refuse_overtaken(store, judged.module, judgement)
        stored = _revised(connection, current, replace(current.newest, digest=digest, judged=judgement))
        if stored != current:
            record(store, connection, "judge-proposal", stored)
    return stored


def record(store: SqlStore, connection: Connection, action: str, proposal: Proposal, **facts: Any) -> None:
    """Append a row about a proposal to the audit.

    Args:
        store: the registry; its `actor` is who did it.
        connection: the connection of the transaction.
        action: the action; see `audit.Entry`.
        proposal: the proposal, as it is now.
        facts: further facts, by name.
    """
    newest = proposal.newest
    details = {
        "number": proposal.number,
        "revision": newest.number,
        "commit": newest.commit,
        "digest": newest.digest,
        "compared_with": newest.judged.compared_with,
        "breaks": [f"{one.rule} {one.subject}" for one in newest.judged.breaks],
        "affected": [one.consumer for one in newest.judged.affected],
        **facts,
    }
    audit.append(connection, store.actor.entry(action, proposal.module, details), is_sqlite=store.database.is_sqlite)


def _refuse_overtaken(store: SqlStore, module: str, judged: Judged) -> None:
    if len(store.versions(module)) != judged.releases:
        raise Conflict(f"{module} was released while the proposal was judged", fix="do it again")


def _known(store: SqlStore, submitted: Submitted) -> Proposal | None:
    """The proposal that a change belongs to: the named one, the one with the same content, or its author's newest."""
    wanted, revision = submitted.proposal, submitted.proposal.newest
    if submitted.number:
        found = proposals.find(store.database, submitted.number)
        if found.module != wanted.module:
            raise proposals.missing(f"{found.number} of {wanted.module}")
        if found.closed is not None:
            raise closed(found)
        return found
    waiting = [one for one in proposals.every(store.database, wanted.module) if one.closed is None]
    same = [one for one in waiting if _has_content(one.newest, revision)]
    own = [one for one in waiting if one.is_by(revision.who, revision.credential)]
    chosen = next(reversed([*own, *same]), None)
    return proposals.find(store.database, chosen.number) if chosen else None


def _has_content(one: Revision, other: Revision) -> bool:
    """Whether a revision has the content of another one, and its reason, if that has one."""
    same_reason = other.reason in {"", one.reason}
    return same_reason and (one.digest, one.wanted, one.files) == (other.digest, other.wanted, other.files)


def _revised(connection: Connection, known: Proposal, revision: Revision) -> Proposal:
    """A proposal after a revision came in: the same content with the same findings is no new one."""
    newest = known.newest
    if not (_has_content(newest, revision) and newest.judged.finds_the_same(revision.judged)):
        return proposals.add_revision(connection, known, replace(revision, reason=revision.reason or newest.reason))
    again = replace(newest, judged=revision.judged)
    if again.judged != newest.judged:
        proposals.judge_again(connection, known.number, again)
    known = replace(known, revisions=(*known.revisions[:-1], again))
    return proposals.add_author(connection, known, Author(revision.who, revision.credential))
