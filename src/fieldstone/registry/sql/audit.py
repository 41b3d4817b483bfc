"""The audit of a registry: every write, in rows that are chained by a hash.

A row's hash is the SHA-256 of the hash before it and of its own text, a line each. A row that was changed or removed
later breaks the chain, and so does one that was put in between.
"""

from __future__ import annotations

import getpass
import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import DecodeError, Struct, json
from msgspec.structs import replace
from sqlalchemy import text

from fieldstone.errors import Damaged
from fieldstone.registry.clock import now
from fieldstone.registry.sql.database import at_end

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database

_PAGE = 1_000
"""The rows of one query."""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One write.

    Attributes:
        action: what was done: `release`, `copy`, `refuse`, `draft`, `create-module`, `create-token`, `revoke-token`,
            `set-policy`, `publish-uses`, `retire-consumer`, `deployed`, `released`, `ended`, `propose`,
            `judge-proposal`, `decide-proposal`, `release-proposal`, `sign-in`, `sign-out`, `create-webhook`,
            `remove-webhook`, `enable-webhook`, `disable-webhook`, `redeliver`.
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


class Actor(Struct, frozen=True):
    """The author of writes.

    Attributes:
        who: the name of the token or of the identity.
        credential: see `Entry`.
        policy: the number of the policy that judges the writes; 0 without one.
    """

    who: str
    credential: str = ""
    policy: int = 0

    def entry(self, action: str, module: str, details: dict[str, Any]) -> Entry:
        """An entry about one of the writes; its details have the number of the policy, too."""
        known = {**details, "policy": self.policy} if self.policy else details
        return Entry(action, self.who, self.credential, module, known)


def operator() -> Actor:
    """The author of writes that go to the database without a server: the user of the operating system."""
    try:
        return Actor(getpass.getuser(), "database")
    except (OSError, KeyError):  # a user id without a name
        return Actor("unknown", "database")


class Row(Struct, frozen=True):
    """An entry in the chain.

    Attributes:
        number: its number, from 1 and without a gap.
        line: the entry as JSON, to the byte.
        hash: 64 hexadecimal digits.
    """

    number: int
    line: str
    hash: str

    @property
    def entry(self) -> Entry:
        """The entry.

        Raises:
            Damaged: the text is none.
        """
        try:
            return json.decode(self.line, type=Entry)
        except DecodeError as error:
            raise Damaged(f"row {self.number} of the audit is no entry: {error}") from error


def append(connection: Connection, entry: Entry, *, is_sqlite: bool) -> None:
    """Write an entry in the transaction of what it tells, at its end: so the chain is locked for a moment only.

    Args:
        connection: the connection of the transaction.
        entry: the entry; its time is set when it is written.
        is_sqlite: whether the database is SQLite, whose transactions exclude each other.
    """
    at_end(connection, partial(_write, entry=entry, is_sqlite=is_sqlite))


def _write(connection: Connection, *, entry: Entry, is_sqlite: bool) -> None:
    if not is_sqlite:
        connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    last = newest(connection)
    number, before = (last.number + 1, last.hash) if last else (1, "")
    at = max(now(), last.entry.at) if last else now()  # the clock of this machine may be behind another one's
    line = json.encode(replace(entry, at=at)).decode()
    connection.execute(
        text("INSERT INTO audit VALUES (:number, :entry, :hash)"),
        {"number": number, "entry": line, "hash": _hash(before, line)},
    )


def newest(connection: Connection) -> Row | None:
    """The newest row; None if there is none."""
    query = text("SELECT number, entry, hash FROM audit ORDER BY number DESC LIMIT 1")
    found = connection.execute(query).one_or_none()
    return Row(*found) if found else None


def rows(database: Database, since: int = 0) -> Iterator[Row]:
    """The rows after a number, oldest first.

    Raises:
        Unavailable: the database cannot be reached.
    """
    while found := page(database, since):
        yield from found
        since = found[-1].number


def head(database: Database) -> str:
    """The hash of the newest row, which stands for all that was ever written; empty before there is one.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        found = connection.execute(text("SELECT hash FROM audit ORDER BY number DESC LIMIT 1")).scalar_one_or_none()
    return found or ""


def page(database: Database, since: int) -> list[Row]:
    """The first rows after a number, at most 1,000.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text("SELECT number, entry, hash FROM audit WHERE number > :since ORDER BY number LIMIT :page")
        return [Row(*row) for row in connection.execute(query, {"since": since, "page": _PAGE})]


def breaks(found: Iterable[Row]) -> Iterator[str]:
    """The places where the chain does not hold, as sentences without a full stop.

    Args:
        found: all rows, oldest first.
    """
    before, last = "", 0
    for row in found:
        if row.number != last + 1:
            yield f"row {last + 1} of the audit is missing"
        elif _hash(before, row.line) != row.hash:
            yield f"row {row.number} of the audit is not the one that was written"
        before, last = row.hash, row.number


def _hash(before: str, line: str) -> str:
    return hashlib.sha256(f"{before}\n{line}".encode()).hexdigest()
