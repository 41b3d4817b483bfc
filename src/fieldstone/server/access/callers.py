"""Callers: from the token of a request to a caller and its rights."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import Denied, Unavailable
from fieldstone.project.server_policy import Policy
from fieldstone.registry.sql import sessions, tokens
from fieldstone.registry.sql.tokens import Token
from fieldstone.server.access.credentials import secret_of
from fieldstone.server.access.people import SLASH, person_of
from fieldstone.server.running import is_loopback
from fieldstone.workflows.server_policy import newest_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fieldstone.project.server_policy import Identity
    from fieldstone.registry.sql.database import Database
    from fieldstone.server.reads.heads import Heads

REMEMBERED = 10.0
"""The seconds after which a caller is looked up again although nothing was written."""
_DOTS_OF_JWT = 2
"""A token of an issuer has three parts (RFC 7515), and none of ours has a dot."""
_MOST = 10_000
"""The most callers that are known."""
_SESSION = "session\n"
"""The beginning of what a session is known by. No header has a line end, so none can name a session."""
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
        """The names that a policy may know it by: of a person, that of the identity, and never a name of their own."""
        own = self.name.partition(SLASH)[0]
        return tuple(name for name in (own, self.role) if name and self.token)

    @property
    def is_admin(self) -> bool:
        """Whether it is an admin of all modules."""
        return self.token is not None and self.token.allows("admin") and "*" in self.token.modules

    @property
    def sees(self) -> tuple[str | int | bool, ...]:
        """All that an answer may depend on in who asks: a token keeps its rights, but for what the policy says."""
        return self.credential, self.name, self.role, self.address, self.anonymous_reads, self.policy.number

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

    def require_own(self, scope: str, module: str) -> None:
        """Raise if its own token may not do something, whatever anybody may.

        Raises:
            Denied: it may not.
        """
        replace(self, anonymous_reads=False).require(scope, module)

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


class _Known(Struct, frozen=True):
    """A caller that was looked up.

    Attributes:
        caller: the caller, without its address.
        at: when, by the monotonic clock.
        by_request: whether each request says if it may read without a token; the caller may not by itself.
    """

    caller: Caller
    at: float
    by_request: bool


class Callers:
    """Finds the caller of a request.

    A caller that was looked up is known until the head of the audit is another one, which is asked for each second.

    Args:
        database: the database with the tokens and the policy.
        heads: the head of its audit.
        anonymous_reads: whether requests without a token may read, if the policy says nothing; None for those that come
            straight from this machine.
    """

    def __init__(self, database: Database, heads: Heads, *, anonymous_reads: bool | None) -> None:
        self._database, self._heads = database, heads
        self._anonymous_reads = anonymous_reads
        self._head = ""
        self._known: dict[str, _Known] = {}

    def known(self, authorization: str) -> Caller | None:
        """The caller with a header `authorization`, without its address, if it need not be looked up.

        It may do what it may do with any request.
        """
        found = self._recent(authorization)
        return found.caller if found else None

    async def of(self, headers: Mapping[str, str], address: str = "") -> Caller:
        """The caller of a request.

        Args:
            headers: with `authorization`: Bearer, or Basic with the token as password.
            address: the address that the request came to.

        Raises:
            Denied: it sent a token, and that is unknown, expired or revoked.
            Unavailable: the database cannot be reached.
        """
        return await self._of(headers.get("authorization", ""), headers, address)

    async def of_session(self, secret: str, headers: Mapping[str, str], address: str) -> Caller:
        """The caller whose session a browser has.

        Args:
            secret: the secret of the session.
            headers: those of the request.
            address: the address that it came to.

        Raises:
            Denied: the session has ended, or what it rests on has.
            Unavailable: the database cannot be reached.
        """
        return await self._of(_SESSION + secret, headers, address)

    async def _of(self, authorization: str, headers: Mapping[str, str], address: str) -> Caller:
        found = self._recent(authorization) or await self._asked(authorization)
        anonymous_reads = found.caller.anonymous_reads or (found.by_request and _is_direct(headers, address))
        return replace(found.caller, address=address, anonymous_reads=anonymous_reads)

    def forget(self) -> None:
        """Look up tokens and policy again at the next request, because this server changed them."""
        self._heads.outdate()

    def _recent(self, authorization: str) -> _Known | None:
        """The caller that was looked up, unless something was written since, or its time is over."""
        if not self._heads.is_recent or self._heads.last != self._head:
            return None
        found = self._known.get(authorization)
        if found is None or time.monotonic() - found.at > REMEMBERED:
            return None
        token = found.caller.token
        return found if token is None or token.is_alive else None

    async def _asked(self, authorization: str) -> _Known:
        head = await self._heads.recent()
        if head != self._head or len(self._known) > _MOST:
            self._known.clear()
            self._head = head
        known = self._recent(authorization)
        if known is not None:
            return known
        self._known.pop(authorization, None)
        found = await run_in_threadpool(self._looked_up, authorization)
        if self._head == head:  # else it may have been revoked while it was looked up
            self._known[authorization] = found
        return found

    def _looked_up(self, authorization: str) -> _Known:
        at = time.monotonic()
        policy = newest_policy(self._database)
        said = self._anonymous_reads if policy.anonymous_reads is None else policy.anonymous_reads
        if authorization.startswith(_SESSION):
            token, role = self._of_session(authorization.removeprefix(_SESSION), policy)
            return _Known(Caller(token.name, token, bool(said), policy=policy, role=role), at, said is None)
        secret = secret_of(authorization)
        if not secret:
            return _Known(Caller(anonymous_reads=bool(said), policy=policy), at, said is None)
        if secret.count(".") == _DOTS_OF_JWT:
            token, role = self._identify(secret, policy.identities)
        else:
            token, role = self._stored(secret), ""
        return _Known(Caller(token.name, token, bool(said), policy=policy, role=role), at, said is None)

    @cached_property
    def _identify(self) -> Callable[[str, Sequence[Identity]], tuple[Token, str]]:
        """Identifies pipelines; what that takes is imported for the first of them."""
        from fieldstone.server.access.identities import identify
        from fieldstone.server.access.issuers import IssuerKeys

        return partial(identify, keys=IssuerKeys())

    def _of_session(self, secret: str, policy: Policy) -> tuple[Token, str]:
        """The rights of a session, no longer than it lasts, and the name of its role."""
        session = sessions.find(self._database, secret)
        if session is None:
            raise Denied("the session has ended", fix="sign in again")
        if session.token:
            token, role = tokens.of_id(self._database, session.token), ""
        else:
            token, role = person_of(session, policy.identities)
        if token is None or not token.is_alive:
            raise Denied("what the session was begun with is not valid any more", fix="sign in again")
        return replace(token, expires_at=min(token.expires_at, session.expires_at)), role

    def _stored(self, secret: str) -> Token:
        token = tokens.find(self._database, secret)
        if token is None or not token.is_alive:
            state = "is unknown" if token is None else "was revoked" if token.revoked_at else "has expired"
            raise Denied(f"the token {state}", fix="ask an admin of the registry for a new one")
        with suppress(Unavailable):  # a database that takes no writes may still be read
            tokens.note_use(self._database, token)
        return token


def _is_direct(headers: Mapping[str, str], address: str) -> bool:
    """Whether a request to a server on loopback names this machine and passed no proxy.

    A proxy on this machine forwards what others ask, and a page in a browser can ask by a name that leads here.
    """
    return is_loopback(urlsplit(address).hostname or "") and not any(name in headers for name in _OF_PROXIES)
