"""Who calls: from the token of a request to a caller, and what it may do."""

from __future__ import annotations

import time
from base64 import b64decode
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import Denied
from fieldstone.registry.sql import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldstone.registry.sql.database import Database
    from fieldstone.registry.sql.tokens import Token

_REMEMBERED = 10.0
"""The seconds that a token is remembered: so long may a revoked one still read."""


class Caller(Struct, frozen=True):
    """The sender of a request.

    Attributes:
        name: the name of its token; `anonymous` without one.
        token: the token; None without one.
        anonymous_reads: whether it may read without a token.
        address: the address that it calls this server by.
    """

    name: str = "anonymous"
    token: Token | None = None
    anonymous_reads: bool = False
    address: str = ""

    @property
    def credential(self) -> str:
        """The id of its token, for the audit."""
        return self.token.id if self.token else ""

    def may(self, scope: str, module: str = "") -> bool:
        """Whether it may do something, to a module if one is named."""
        if scope == "read" and self.anonymous_reads:
            return True
        return self.token is not None and self.token.allows(scope, module)

    def require(self, scope: str, module: str = "") -> None:
        """Raise if it may not do something.

        Raises:
            Denied: it may not.
        """
        if self.may(scope, module):
            return
        of = f" {module}" if module else ""
        if self.token is None:
            raise Denied(
                f"{scope}{of} requires a token", fix="log in with `buf registry login`, or set FIELDSTONE_TOKEN"
            )
        raise Denied(
            f"the token {self.name!r} does not allow {scope}{of}",
            fix="ask an admin of the registry for one: `fieldstone registry token create`",
        )


class Callers:
    """Finds the caller of a request.

    Args:
        database: the database with the tokens.
        anonymous_reads: whether requests without a token may read.
    """

    def __init__(self, database: Database, *, anonymous_reads: bool) -> None:
        self._database = database
        self._anonymous_reads = anonymous_reads
        self._known: dict[str, tuple[float, Token]] = {}

    def of(self, headers: Mapping[str, str], address: str = "") -> Caller:
        """The caller of a request.

        Args:
            headers: with `authorization`: Bearer, or Basic with the token as password.
            address: the address that the request came to.

        Raises:
            Denied: it sent a token, and that is unknown, expired or revoked.
            Unavailable: the database cannot be reached.
        """
        secret = secret_of(headers.get("authorization", ""))
        if not secret:
            return Caller(anonymous_reads=self._anonymous_reads, address=address)
        seen, token = self._known.get(secret, (0.0, None))
        if token is None or time.monotonic() - seen > _REMEMBERED or not token.is_alive:
            token = self._looked_up(secret)
        return Caller(token.name, token, self._anonymous_reads, address)

    def _looked_up(self, secret: str) -> Token:
        self._known.pop(secret, None)
        token = tokens.find(self._database, secret)
        if token is None or not token.is_alive:
            state = "is unknown" if token is None else "was revoked" if token.revoked_at else "has expired"
            raise Denied(f"the token {state}", fix="ask an admin of the registry for a new one")
        tokens.note_use(self._database, token)
        if len(self._known) > 10_000:  # noqa: PLR2004 - a bound, so that memory is
            self._known.clear()
        self._known[secret] = time.monotonic(), token
        return token


def secret_of(header: str) -> str:
    """The token in a header `authorization` (RFC 6750, RFC 7617); empty without one."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(value, validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        return ""
