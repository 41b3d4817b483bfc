"""Tokens: secrets that give a name, scopes and modules. Only their SHA-256 is stored.

A secret has 256 random bits, so a plain hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from msgspec import Struct
from sqlalchemy import text

from fieldstone.errors import Invalid, NotFound
from fieldstone.registry.clock import after, now
from fieldstone.registry.scopes import SCOPES

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from fieldstone.registry.sql.database import Database

_PREFIX = "fst_"
"""The beginning of every secret, so that scanners of repositories can find them."""
_NAME = re.compile("[a-z]([a-z0-9-]{0,62}[a-z0-9])?")
"""A name is the login in a netrc file, which ends it at a space."""
_COLUMNS = "id, name, scopes, modules, created_at, expires_at, revoked_at, used_at"


class Token(Struct, frozen=True):
    """A token without its secret.

    Attributes:
        id: its public id.
        name: whom or what it was given to.
        scopes: some of `SCOPES`.
        modules: patterns of module names, as of a shell.
        created_at: see `clock`.
        expires_at: when it ends.
        revoked_at: when it was revoked; empty if it was not.
        used_at: the day of its last use; empty if it was never used.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    modules: tuple[str, ...]
    created_at: str
    expires_at: str
    revoked_at: str = ""
    used_at: str = ""

    def allows(self, scope: str, module: str = "") -> bool:
        """Whether it gives a scope, for a module if one is named."""
        given = scope in self.scopes or "admin" in self.scopes or (scope == "read" and bool(self.scopes))
        return given and (not module or any(fnmatchcase(module, pattern) for pattern in self.modules))

    @property
    def is_alive(self) -> bool:
        """Whether it is neither expired nor revoked."""
        return not self.revoked_at and now() < self.expires_at


def create(
    connection: Connection, name: str, scopes: tuple[str, ...], modules: tuple[str, ...], days: float
) -> tuple[Token, str]:
    """A new token and its secret, which is never shown again.

    Args:
        connection: the connection of a transaction.
        name: whom or what it is for.
        scopes: some of `SCOPES`.
        modules: patterns of module names; `("*",)` for all.
        days: its lifetime.

    Raises:
        Invalid: there is no such scope, no name, or no lifetime.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise Invalid(f"no scope {', '.join(unknown) or 'given'}", fix=f"give some of {', '.join(SCOPES)}")
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r} is no name of a token", fix="use at most 64 lower-case letters, digits and `-`, a letter first"
        )
    if not modules or any(not pattern or " " in pattern for pattern in modules) or days <= 0:
        raise Invalid("a token needs patterns of modules, and a lifetime in days")
    secret = _PREFIX + secrets.token_urlsafe(32)
    token = Token(uuid4().hex, name, scopes, modules, now(), after(days))
    connection.execute(
        text(
            "INSERT INTO tokens (id, secret, name, scopes, modules, created_at, expires_at) "
            "VALUES (:id, :secret, :name, :scopes, :modules, :created_at, :expires_at)"
        ),
        {
            "id": token.id,
            "secret": _hash(secret),
            "name": name,
            "scopes": " ".join(scopes),
            "modules": " ".join(modules),
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        },
    )
    return token, secret


def find(database: Database, secret: str) -> Token | None:
    """The token of a secret, also an expired or revoked one; None if there is none.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text(f"SELECT {_COLUMNS} FROM tokens WHERE secret = :secret")  # noqa: S608 - a constant
        row = connection.execute(query, {"secret": _hash(secret)}).one_or_none()
    return _token(row) if row else None


def of_id(database: Database, id_: str) -> Token | None:
    """The token of an id, also an expired or revoked one; None if there is none.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text(f"SELECT {_COLUMNS} FROM tokens WHERE id = :id")  # noqa: S608 - a constant
        row = connection.execute(query, {"id": id_}).one_or_none()
    return _token(row) if row else None


def note_use(database: Database, token: Token) -> None:
    """Store the day of a token's last use; once a day, so that reading stays reading.

    Raises:
        Unavailable: the database cannot be reached.
    """
    today = now()[:10]
    if token.used_at == today:
        return
    with database.transaction() as connection:
        connection.execute(text("UPDATE tokens SET used_at = :day WHERE id = :id"), {"day": today, "id": token.id})


def every(database: Database) -> list[Token]:
    """All tokens, oldest first.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text(f"SELECT {_COLUMNS} FROM tokens ORDER BY created_at, id")  # noqa: S608 - a constant
        return [_token(row) for row in connection.execute(query)]


def revoke(connection: Connection, id_: str) -> None:
    """Revoke a token; again does no harm.

    Raises:
        NotFound: there is no token of that id.
    """
    query = text("UPDATE tokens SET revoked_at = :now WHERE id = :id AND revoked_at = ''")
    changed = connection.execute(query, {"now": now(), "id": id_}).rowcount
    exists = connection.execute(text("SELECT 1 FROM tokens WHERE id = :id"), {"id": id_}).one_or_none()
    if not changed and exists is None:
        raise NotFound(f"no token {id_}", fix="`fieldstone registry token list` shows the ids")


def _token(row: Row[*tuple[Any, ...]]) -> Token:
    id_, name, scopes, modules, *times = row
    return Token(id_, name, tuple(scopes.split()), tuple(modules.split()), *times)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
