"""The visitor of a page: the caller, and the session that a cookie names."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import Denied
from fieldstone.server.callers import Caller

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from fieldstone.server.callers import Callers

_COOKIE = "fieldstone-session"


class Visitor(Struct, frozen=True):
    """A visitor.

    Attributes:
        caller: what it may do.
        session: the secret of its session; empty without one.
    """

    caller: Caller = Caller()
    session: str = ""

    @property
    def is_signed_in(self) -> bool:
        """Whether it has a session."""
        return bool(self.session)

    @property
    def word(self) -> str:
        """The word against forgery that its forms carry: it follows from the session, and does not give it away."""
        return hmac.new(self.session.encode(), b"form", hashlib.sha256).hexdigest() if self.session else ""


ANONYMOUS = Visitor()


async def visitor_of(request: Request, callers: Callers) -> Visitor:
    """The visitor of a request; one whose session has ended is anonymous.

    Raises:
        Denied: it sent a token, and that is unknown, expired or revoked.
        Unavailable: the database cannot be reached.
    """
    address = str(request.base_url).rstrip("/")
    secret = request.cookies.get(_name(request), "")
    if secret and "authorization" not in request.headers:
        try:
            return Visitor(await callers.of_session(secret, request.headers, address), secret)
        except Denied:
            pass
    return Visitor(await callers.of(request.headers, address))


def keep(request: Request, response: Response, secret: str, seconds: int) -> None:
    """Have the browser keep a session: no script reads it, and requests from other sites do not carry it.

    Args:
        request: the request that signed in.
        response: its answer.
        secret: the secret of the session; empty to forget it.
        seconds: its lifetime.
    """
    response.set_cookie(
        _name(request),
        secret,
        max_age=seconds if secret else 0,
        path="/",
        secure=_is_encrypted(request),
        httponly=True,
        samesite="strict",
    )


def _name(request: Request) -> str:
    """The name of the cookie: over https, one that a browser takes from this very host only (RFC 6265bis, 4.1.3)."""
    return f"__Host-{_COOKIE}" if _is_encrypted(request) else _COOKIE


def _is_encrypted(request: Request) -> bool:
    return request.url.scheme == "https"
