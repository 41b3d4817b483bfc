"""The audit of a registry: every write, in rows that are chained by a hash.

A row's hash is the SHA-256 of the hash before it and of its own text, a line each. A row that was changed or removed
later breaks the chain, and so does one that was put in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, json
from sqlalchemy import text

from fieldstone.registry.sql.clock import now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database

_PAGE = 1_000
"""The rows of one query."""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One write.

    Attributes:
        action: what was done: `release`, `refuse`, `draft`, `create-module`, `create-token`, ...
        who: the name of the token or of the identity.
        credential: the id of the token, or the subject of the identity.
        module: the module, if it is about one.
        details: facts of the action, by name.
        at: the time in UTC, as RFC 3339; set when it is written.
    """

    action: str
    who: str
    credential: str = ""
    module: str = ""
    details: dict[str, Any] = {}
    at: str = ""


class Row(Struct, frozen=True):
    """An entry in the chain."""

    number: int
    entry: Entry
    hash: str


def append(connection: Connection, entry: Entry, *, is_sqlite: bool) -> Row:
    """Write an entry in the transaction of what it tells.

    Args:
        connection: the connection of the transaction.
        entry: the entry; its time is set here.
        is_sqlite: whether the database is SQLite, whose transactions exclude each other.
    """
    if not is_sqlite:
        connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    last = connection.execute(text("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")).one_or_none()
    number, before = (last[0] + 1, last[1]) if last else (1, "")
    written = Entry(entry.action, entry.who, entry.credential, entry.module, entry.details, now())
    line = json.encode(written).decode()
    row = Row(number, written, _hash(before, line))
    connection.execute(
        text("INSERT INTO audit VALUES (:number, :entry, :hash)"), {"number": number, "entry": line, "hash": row.hash}
    )
    return row


def rows(database: Database, since: int = 0) -> Iterator[Row]:
    """The rows after a number, oldest first.

    Raises:
        Unavailable: the database cannot be reached.
    """
    while found := _page(database, since):
        for number, line, digest in found:
            yield Row(number, json.decode(line, type=Entry), digest)
        since = found[-1][0]


def breaks(database: Database) -> Iterator[str]:
    """The places where the chain does not hold, as sentences without a full stop.

    Raises:
        Unavailable: the database cannot be reached.
    """
    before, last = "", 0
    while found := _page(database, last):
        for number, line, digest in found:
            if number != last + 1:
                yield f"row {last + 1} of the audit is missing"
            elif _hash(before, line) != digest:
                yield f"row {number} of the audit is not the one that was written"
            before, last = digest, number


def _page(database: Database, since: int) -> list[tuple[int, str, str]]:
    with database.reading() as connection:
        query = text("SELECT number, entry, hash FROM audit WHERE number > :since ORDER BY number LIMIT :page")
        found = connection.execute(query, {"since": since, "page": _PAGE})
        return [(number, line, digest) for number, line, digest in found]


def _hash(before: str, line: str) -> str:
    return hashlib.sha256(f"{before}\n{line}".encode()).hexdigest()
