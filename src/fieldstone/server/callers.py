"""Who calls: from the token of a request to a caller, and what it may do."""

from __future__ import annotations

import time
from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from fieldstone.errors import Denied
from fieldstone.project.server_policy import Policy
from fieldstone.registry.sql import tokens
from fieldstone.registry.sql.tokens import Token
from fieldstone.server.identities import IssuerKeys, identify, is_jwt
from fieldstone.server.policies import REMEMBERED, Policies
from fieldstone.server.running import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldstone.registry.sql.database import Database


_OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""The headers that proxies add (RFC 7239, RFC 9110)."""


class Caller(Struct, frozen=True):
    """The sender of a request.

    Attributes:
        name: the name of its token or identity; `anonymous` without one.
        token: its token, or what the role of its identity gives it; None without one.
        anonymous_reads: whether it may read without a token.
        address: the address that it calls this server by.
        policy: the policy of the registry.
        role: the role of its identity; empty for a token.
    """

    name: str = "anonymous"
    token: Token | None = None
    anonymous_reads: bool = False
    address: str = ""
    policy: Policy = Policy()
    role: str = ""

    @property
    def credential(self) -> str:
        """The id of its token, for the audit."""
        return self.token.id if self.token else ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a policy may know it by."""
        return tuple(name for name in (self.name, self.role) if name and self.token)

    @property
    def is_admin(self) -> bool:
        """Whether it is an admin of all modules."""
        return self.token is not None and self.token.allows("admin") and "*" in self.token.modules

    def may(self, scope: str, module: str = "") -> bool:
        """Whether it may do something, to a module if one is named."""
        if scope == "read" and self.anonymous_reads:
            return True
        if self.token is None or not self.token.allows(scope, module):
            return False
        return not module or "admin" in self.token.scopes or self.policy.permits(scope, module, self.names)

    def may_waive(self) -> bool:
        """Whether it is an admin, or the policy lets it change the waivers of some module."""
        return self.is_admin or any(
            not {*module.get("waive", ())}.isdisjoint(self.names)
            for module in self.policy.values.get("modules", {}).values()
        )

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
        if self.token.allows(scope, module):
            raise Denied(
                f"the policy of this registry does not let {self.name!r} {scope}{of}",
                fix=f"ask an admin of the registry to add it to `{scope}` in the policy",
            )
        raise Denied(
            f"the token {self.name!r} does not allow {scope}{of}",
            fix="ask an admin of the registry for one: `fieldstone registry token create`",
        )

    def require_admin(self) -> None:
        """Raise unless it is an admin of all modules.

        Raises:
            Denied: it is not.
        """
        self.require("admin")
        if not self.is_admin:
            raise Denied(
                f"the token {self.name!r} is for some modules only", fix="use the token of an admin of all modules"
            )


class Callers:
    """Finds the caller of a request.

    Args:
        database: the database with the tokens.
        anonymous_reads: whether requests without a token may read, if the policy says nothing; None for those that come
            straight from this machine.

    Attributes:
        policies: the policy of the registry.
    """

    def __init__(self, database: Database, *, anonymous_reads: bool | None) -> None:
        self._database = database
        self._anonymous_reads = anonymous_reads
        self._known: dict[str, tuple[float, Token, str]] = {}
        self._keys = IssuerKeys()
        self.policies = Policies(database)

    def of(self, headers: Mapping[str, str], address: str = "") -> Caller:
        """The caller of a request.

        Args:
            headers: with `authorization`: Bearer, or Basic with the token as password.
            address: the address that the request came to.

        Raises:
            Denied: it sent a token, and that is unknown, expired or revoked.
            Unavailable: the database cannot be reached.
        """
        policy = self.policies.newest()
        said = self._anonymous_reads if policy.anonymous_reads is None else policy.anonymous_reads
        anonymous_reads = _is_direct(headers, address) if said is None else said
        secret = secret_of(headers.get("authorization", ""))
        if not secret:
            return Caller(anonymous_reads=anonymous_reads, address=address, policy=policy)
        seen, token, role = self._known.get(secret, (0.0, None, ""))
        if token is None or time.monotonic() - seen > REMEMBERED or not token.is_alive:
            token, role = self._looked_up(secret, policy)
        return Caller(token.name, token, anonymous_reads, address, policy, role)

    def forget(self) -> None:
        """Look up tokens and policy again at the next request, because they changed."""
        self._known.clear()
        self.policies.renewed()

    def _looked_up(self, secret: str, policy: Policy) -> tuple[Token, str]:
        """The token of a secret, or of a pipeline's identity, and the role of the latter."""
        self._known.pop(secret, None)
        if is_jwt(secret):
            token, role = identify(secret, policy.identities, self._keys)
        else:
            token, role = self._stored(secret), ""
        if len(self._known) > 10_000:  # noqa: PLR2004 - a bound, so that memory is
            self._known.clear()
        self._known[secret] = time.monotonic(), token, role
        return token, role

    def _stored(self, secret: str) -> Token:
        token = tokens.find(self._database, secret)
        if token is None or not token.is_alive:
            state = "is unknown" if token is None else "was revoked" if token.revoked_at else "has expired"
            raise Denied(f"the token {state}", fix="ask an admin of the registry for a new one")
        tokens.note_use(self._database, token)
        return token


def _is_direct(headers: Mapping[str, str], address: str) -> bool:
    """Whether a request to a server on loopback names this machine and passed no proxy.

    A proxy on this machine forwards what others ask, and a page in a browser can ask by a name that leads here.
    """
    return is_loopback(urlsplit(address).hostname or "") and not any(name in headers for name in _OF_PROXIES)


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
