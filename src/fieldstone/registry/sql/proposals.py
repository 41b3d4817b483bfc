"""Proposals in the database of a registry. Whoever writes one has its row locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import DecodeError, Struct, json
from msgspec.structs import asdict, replace
from sqlalchemy import text

from fieldstone.errors import Damaged, NotFound
from fieldstone.proposals.proposal import Affected, Author, Break, Decision, Judged, Proposal, Revision, State, label_of
from fieldstone.registry.clock import now
from fieldstone.registry.sql.identities import draft_id

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from fieldstone.registry.sql.database import Database

LARGEST_NUMBER = 2**62
"""A number above this is none of a proposal."""
_COLUMNS = "number, module, closed, version, created_at"
_REVISION = (
    "proposal, number, commit_id, digest, who, credential, files, dependencies, wanted, reason, judged, created_at"
)


def every(database: Database, module: str = "") -> list[Proposal]:
    """The proposals of a module, or of all, oldest first; their judgements are without findings and text.

    Raises:
        Damaged: one cannot be read.
        Unavailable: the database cannot be reached.
    """
    if not module.isprintable():  # PostgreSQL has no NUL in a text
        return []
    condition = "module = :module" if module else "1 = 1"
    return _read(database, condition, {"module": module}, _Brief)


class Headline(Struct, frozen=True):
    """A proposal without its content.

    Attributes:
        number: its number.
        module: the module.
        closed: the final state; None while there is none.
    """

    number: int
    module: str
    closed: State | None


def headlines(database: Database, *, undecided: bool = False) -> list[Headline]:
    """All proposals without their contents, oldest first.

    Args:
        database: the database.
        undecided: only those without a final state.

    Raises:
        Unavailable: the database cannot be reached.
    """
    condition = "WHERE closed = '' " if undecided else ""
    query = f"SELECT number, module, closed FROM proposals {condition}ORDER BY number"  # noqa: S608 - a constant
    with database.reading() as connection:
        rows = connection.execute(text(query))
        return [Headline(row.number, row.module, State(row.closed) if row.closed else None) for row in rows]


def some(database: Database, numbers: Iterable[int]) -> list[Proposal]:
    """The proposals of some numbers, oldest first; their judgements are without findings and text.

    Raises:
        Damaged: one cannot be read.
        Unavailable: the database cannot be reached.
    """
    listed = ", ".join(str(int(number)) for number in numbers)
    return _read(database, f"number IN ({listed})", {}, _Brief) if listed else []


def find(database: Database, number: int) -> Proposal:
    """The proposal of a number.

    Raises:
        NotFound: there is none.
        Damaged: it cannot be read.
        Unavailable: the database cannot be reached.
    """
    found = _read(database, "number = :number", {"number": number}) if 0 < number < LARGEST_NUMBER else []
    if not found:
        raise missing(number)
    return found[0]


def missing(number: int | str) -> NotFound:
    """The error about a number without a proposal."""
    return NotFound(f"no proposal {number} in this registry", fix="`fieldstone proposal list` shows their numbers")


def lock(connection: Connection, number: int) -> None:
    """Lock the row of a proposal until the transaction ends; that of its module is locked before, if it is.

    Args:
        connection: the connection of a transaction.
        number: the number of a proposal.
    """
    connection.execute(text("UPDATE proposals SET closed = closed WHERE number = :number"), {"number": number})


def create(connection: Connection, proposal: Proposal, *, is_sqlite: bool) -> Proposal:
    """Store a new proposal with its first revision; returns it with its number.

    Args:
        connection: the connection of a transaction, in which the contents were stored.
        proposal: the proposal; its number, ids and times are set here.
        is_sqlite: whether the database is SQLite, whose transactions exclude each other.
    """
    if not is_sqlite:
        connection.execute(text("LOCK TABLE proposals IN EXCLUSIVE MODE"))
    number = int(connection.execute(text("SELECT coalesce(max(number), 0) + 1 FROM proposals")).scalar_one())
    row = {"number": number, "module": proposal.module, "now": now()}
    connection.execute(text("INSERT INTO proposals (number, module, created_at) VALUES (:number, :module, :now)"), row)
    created = replace(proposal, number=number, created_at=row["now"], revisions=())
    return add_revision(connection, created, proposal.newest)


def add_revision(connection: Connection, proposal: Proposal, revision: Revision) -> Proposal:
    """Store a revision as the newest one of a proposal; returns the proposal with it.

    Args:
        connection: the connection of a transaction, in which the contents were stored.
        proposal: the proposal, whose row is locked.
        revision: the revision; its number, id and time are set here.
    """
    number = len(proposal.revisions) + 1
    label = f"{label_of(proposal.number)}.{number}"
    commit = draft_id(proposal.module, revision.digest, label)
    added = replace(revision, number=number, commit=commit, created_at=now())
    connection.execute(
        text(
            f"INSERT INTO proposal_revisions ({_REVISION}) VALUES (:proposal, :number, :commit, :digest, :who, "  # noqa: S608 - a constant
            ":credential, :files, :dependencies, :wanted, :reason, :judged, :created_at)"
        ),
        {
            "proposal": proposal.number,
            "number": number,
            "commit": commit,
            "digest": added.digest,
            "who": added.who,
            "credential": added.credential,
            "files": json.encode(dict(sorted(added.files.items()))).decode(),
            "dependencies": json.encode(added.dependencies).decode(),
            "wanted": added.wanted,
            "reason": added.reason,
            "judged": json.encode(added.judged).decode(),
            "created_at": added.created_at,
        },
    )
    with_it = replace(proposal, revisions=(*proposal.revisions, added))
    return add_author(connection, with_it, Author(added.who, added.credential))


def add_author(connection: Connection, proposal: Proposal, author: Author) -> Proposal:
    """Store an author of a proposal; again does no harm. Returns the proposal with it.

    Args:
        connection: the connection of a transaction.
        proposal: the proposal, whose row is locked.
        author: the author.
    """
    connection.execute(
        text("INSERT INTO proposal_authors VALUES (:number, :who, :credential) ON CONFLICT DO NOTHING"),
        {"number": proposal.number, "who": author.who, "credential": author.credential},
    )
    return replace(proposal, authors=tuple(sorted({*proposal.authors, author})))


def judge_again(connection: Connection, number: int, revision: Revision) -> None:
    """Store another judgement of a revision, and the digest that it was judged with.

    Args:
        connection: the connection of a transaction.
        number: the number of the proposal, whose row is locked.
        revision: the revision with the judgement.
    """
    connection.execute(
        text(
            "UPDATE proposal_revisions SET judged = :judged, digest = :digest "
            "WHERE proposal = :proposal AND number = :number"
        ),
        {
            "judged": json.encode(revision.judged).decode(),
            "digest": revision.digest,
            "proposal": number,
            "number": revision.number,
        },
    )


def decide(connection: Connection, proposal: Proposal, decision: Decision) -> Proposal:
    """Store a decision; returns the proposal with it.

    Args:
        connection: the connection of a transaction.
        proposal: the proposal, whose row is locked.
        decision: the decision; its time is set here.
    """
    made = replace(decision, at=now())
    connection.execute(
        text("INSERT INTO proposal_decisions VALUES (:proposal, :number, :decision)"),
        {
            "proposal": proposal.number,
            "number": len(proposal.decisions) + 1,
            "decision": json.encode(made).decode(),
        },
    )
    return replace(proposal, decisions=(*proposal.decisions, made))


def close(connection: Connection, proposal: Proposal, state: State, version: str = "") -> Proposal:
    """Give a proposal its final state; returns the proposal with it.

    Args:
        connection: the connection of a transaction.
        proposal: the proposal, whose row is locked.
        state: the state.
        version: the version that it was released as.
    """
    connection.execute(
        text("UPDATE proposals SET closed = :state, version = :version WHERE number = :number"),
        {"state": state.value, "version": version, "number": proposal.number},
    )
    return replace(proposal, closed=state, version=version)


class _Brief(Struct, frozen=True):
    """A judgement without its findings, of which there may be thousands."""

    compared_with: str
    releases: int
    version: str
    breaks: tuple[Break, ...]
    affected: tuple[Affected, ...]


def _read(
    database: Database, condition: str, values: dict[str, Any], judged: type[Judged | _Brief] = Judged
) -> list[Proposal]:
    inside = f"proposal IN (SELECT number FROM proposals WHERE {condition})"  # noqa: S608 - a constant
    with database.reading() as connection:

        def rows(columns: str, table: str, order: str) -> Mapping[int, Sequence[Row[Any]]]:
            query = f"SELECT {columns} FROM {table} WHERE {inside} ORDER BY proposal, {order}"  # noqa: S608 - constants
            return _by_proposal(connection.execute(text(query), values))

        query = f"SELECT {_COLUMNS} FROM proposals WHERE {condition} ORDER BY number"  # noqa: S608 - constants
        heads = connection.execute(text(query), values).all()
        authors = rows("proposal, who, credential", "proposal_authors", "who, credential")
        revisions = rows(_REVISION, "proposal_revisions", "number")
        decisions = rows("proposal, decision", "proposal_decisions", "number")
    return [
        Proposal(
            number=head.number,
            module=head.module,
            authors=tuple(Author(row.who, row.credential) for row in authors.get(head.number, ())),
            revisions=tuple(_revision(row, judged) for row in revisions.get(head.number, ())),
            decisions=tuple(_decoded(row.decision, Decision) for row in decisions.get(head.number, ())),
            closed=State(head.closed) if head.closed else None,
            version=head.version,
            created_at=head.created_at,
        )
        for head in heads
    ]


def _by_proposal(rows: Iterable[Row[Any]]) -> Mapping[int, Sequence[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.proposal, []).append(row)
    return found


def _revision(row: Row[Any], kind: type[Judged | _Brief]) -> Revision:
    judged = _decoded(row.judged, kind) if row.judged else Judged()
    return Revision(
        number=row.number,
        who=row.who,
        credential=row.credential,
        files=_decoded(row.files, dict[str, str]),
        dependencies=_decoded(row.dependencies, tuple[str, ...]),
        wanted=row.wanted,
        reason=row.reason,
        digest=row.digest,
        commit=row.commit_id,
        judged=judged if isinstance(judged, Judged) else Judged(**asdict(judged)),
        created_at=row.created_at,
    )


def _decoded(stored: str, kind: Any) -> Any:
    try:
        return json.decode(stored, type=kind)
    except DecodeError as error:
        raise Damaged(f"a proposal in the database cannot be read: {error}", fix="restore a backup") from error
