"""The visitor of a page: the caller, and the session that a cookie names."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from fieldstone.errors import Denied
from fieldstone.server.access.callers import Caller

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from fieldstone.server.access.callers import Callers


class Cookie(Struct, frozen=True):
    """A cookie that no script reads; over https, one that a browser takes from this very host only (RFC 6265bis).

    Attributes:
        name: its name over http.
        same_site: `strict`, so that no request which another site causes carries it; or `lax`.
    """

    name: str
    same_site: Literal["strict", "lax"]

    def of(self, request: Request) -> str:
        """Its value in a request; empty without it."""
        return request.cookies.get(self._name(request), "")

    def keep(self, request: Request, response: Response, value: str, seconds: int) -> None:
        """Have the browser keep a value.

        Args:
            request: the request.
            response: its answer.
            value: the value.
            seconds: its lifetime.
        """
        response.set_cookie(
            self._name(request),
            value,
            max_age=seconds,
            path="/",
            secure=_is_encrypted(request),
            httponly=True,
            samesite=self.same_site,
        )

    def forget(self, request: Request, response: Response) -> None:
        """Have the browser forget it."""
        self.keep(request, response, "", 0)

    def _name(self, request: Request) -> str:
        return f"__Host-{self.name}" if _is_encrypted(request) else self.name


def _is_encrypted(request: Request) -> bool:
    return request.url.scheme == "https"


SESSION = Cookie("fieldstone-session", same_site="strict")
"""The cookie with the secret of the session."""


class Visitor(Struct, frozen=True):
    """A visitor.

    Attributes:
        caller: what it may do.
        session: the secret of its session; empty without one.
        undecided: the number of undecided proposals that it may see; 0 without a session.
    """

    caller: Caller = Caller()
    session: str = ""
    undecided: int = 0

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
    secret = SESSION.of(request)
    if secret and "authorization" not in request.headers:
        try:
            return Visitor(await callers.of_session(secret, request.headers, address), secret)
        except Denied:
            pass
    return Visitor(await callers.of(request.headers, address))
