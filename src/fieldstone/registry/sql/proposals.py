"""Proposals: refused pushes that are kept for the decision of a module's owners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec import Struct, json
from sqlalchemy import text

from fieldstone.registry.sql.clock import now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database


class Proposal(Struct, frozen=True, kw_only=True):
    """A refused push of one module.

    Attributes:
        module: the module.
        who: the name of who pushed it.
        why: the findings and the summary, for people.
        files: its sources, path to digest; the contents are stored.
        dependencies: the ids of the commits that it was compiled with.
        id: its id; set when it is stored.
        created_at: see `clock`; set when it is stored.
    """

    module: str
    who: str
    why: str
    files: Mapping[str, str]
    dependencies: tuple[str, ...] = ()
    id: str = ""
    created_at: str = ""


def save(connection: Connection, proposal: Proposal) -> str:
    """Store a proposal in place of an earlier one with the same files; returns its id.

    Args:
        connection: the connection of a transaction, in which its contents were stored.
        proposal: the proposal.
    """
    row = {
        "id": uuid4().hex,
        "module": proposal.module,
        "who": proposal.who,
        "why": proposal.why,
        "files": json.encode(dict(sorted(proposal.files.items()))).decode(),
        "dependencies": json.encode(proposal.dependencies).decode(),
        "now": now(),
    }
    connection.execute(text("DELETE FROM proposals WHERE module = :module AND files = :files"), row)
    connection.execute(
        text("INSERT INTO proposals VALUES (:id, :module, :who, :why, :files, :dependencies, :now)"), row
    )
    return str(row["id"])


def every(database: Database) -> list[Proposal]:
    """All proposals, oldest first.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text(
            "SELECT id, module, who, why, files, dependencies, created_at FROM proposals ORDER BY created_at, id"
        )
        return [
            Proposal(
                id=row.id,
                module=row.module,
                who=row.who,
                why=row.why,
                files=json.decode(row.files),
                dependencies=tuple(json.decode(row.dependencies)),
                created_at=row.created_at,
            )
            for row in connection.execute(query)
        ]
