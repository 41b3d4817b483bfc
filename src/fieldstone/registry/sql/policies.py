"""The policies of a registry: the newest one holds, and older ones stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from sqlalchemy import text

from fieldstone.errors import Conflict
from fieldstone.registry.clock import now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database


class StoredPolicy(Struct, frozen=True):
    """A version of the policy.

    Attributes:
        number: its number, from 1; 0 before there is one.
        content: the text of its file.
        created_at: see `clock`.
    """

    number: int = 0
    content: str = ""
    created_at: str = ""


def newest(database: Database) -> StoredPolicy:
    """The policy that holds.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text("SELECT number, content, created_at FROM policies ORDER BY number DESC LIMIT 1")
        row = connection.execute(query).one_or_none()
    return StoredPolicy(*row) if row else StoredPolicy()


def add(connection: Connection, content: str, after: int) -> StoredPolicy:
    """Store a policy as the newest one.

    Args:
        connection: the connection of a transaction.
        content: the text of its file, which was validated.
        after: the number of the policy that it replaces.

    Raises:
        Conflict: that is not the newest one any more.
    """
    added = StoredPolicy(after + 1, content, now())
    current = connection.execute(text("SELECT coalesce(max(number), 0) FROM policies")).scalar_one()
    query = text("INSERT INTO policies VALUES (:number, :content, :now) ON CONFLICT (number) DO NOTHING")
    values = {"number": added.number, "content": content, "now": added.created_at}
    if current != after or not connection.execute(query, values).rowcount:
        raise Conflict(
            f"policy {after} was changed meanwhile: the newest is {max(current, after + 1)}",
            fix="see it with `fieldstone registry policy show`, and set yours again",
        )
    return added
