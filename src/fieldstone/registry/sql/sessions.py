"""Sessions of people in a browser, which every replica knows. Only the SHA-256 of their secrets is stored.

A session gives no rights of its own: those of its token, or of the identity that the policy has for its subject.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins
from sqlalchemy import text

from fieldstone.registry.clock import after, now
from fieldstone.registry.sql import audit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database

HOURS = 12
"""The lifetime of a session."""
_COLUMNS = "token, issuer, audience, subject, person, created_at, expires_at"


class Session(Struct, frozen=True, kw_only=True):
    """A session without its secret.

    Attributes:
        token: the id of the token that signed in; empty for an identity.
        issuer: the issuer that confirmed an identity; empty for a token.
        audience: whom the issuer confirmed it to.
        subject: the subject of the identity.
        person: the name of the person, for people.
        created_at: see `clock`.
        expires_at: when it ends.
    """

    token: str = ""
    issuer: str = ""
    audience: str = ""
    subject: str = ""
    person: str = ""
    created_at: str = ""
    expires_at: str = ""


def begin(database: Database, session: Session, actor: audit.Actor) -> str:
    """Store a new session; gives its secret, which is known to the browser alone.

    Args:
        database: the database.
        session: who signed in; its times are set here.
        actor: the same, for the audit.

    Raises:
        Unavailable: the database cannot be reached.
    """
    secret = secrets.token_urlsafe(32)
    row = {**to_builtins(session), "secret": _hash(secret), "created_at": now(), "expires_at": after(HOURS / 24)}
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM sessions WHERE expires_at < :now"), {"now": now()})
        connection.execute(
            text(
                f"INSERT INTO sessions (secret, {_COLUMNS}) VALUES "  # noqa: S608 - a constant
                "(:secret, :token, :issuer, :audience, :subject, :person, :created_at, :expires_at)"
            ),
            row,
        )
        _audit(connection, database, actor, "sign-in", {"session": row["secret"][:16]})
    return secret


def end(database: Database, secret: str, actor: audit.Actor) -> None:
    """End a session; again does no harm.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.transaction() as connection:
        query = text("DELETE FROM sessions WHERE secret = :secret")
        if connection.execute(query, {"secret": _hash(secret)}).rowcount:
            _audit(connection, database, actor, "sign-out", {"session": _hash(secret)[:16]})


def find(database: Database, secret: str) -> Session | None:
    """The session of a secret; None if there is none, or it has expired.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text(f"SELECT {_COLUMNS} FROM sessions WHERE secret = :secret AND expires_at > :now")  # noqa: S608
        row = connection.execute(query, {"secret": _hash(secret), "now": now()}).one_or_none()
    return Session(**row._asdict()) if row else None


def _audit(
    connection: Connection, database: Database, actor: audit.Actor, action: str, details: dict[str, Any]
) -> None:
    """Write the row of the audit, by which replicas learn of the change, too."""
    audit.append(connection, actor.entry(action, "", details), is_sqlite=database.is_sqlite)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
