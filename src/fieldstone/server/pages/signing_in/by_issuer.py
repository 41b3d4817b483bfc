"""Signing in by an OpenID Connect issuer of the policy.

The way back from the issuer ends in a page that goes on by itself: a browser does not send a `SameSite=Strict` cookie
with a request that another site has caused, also not after a redirection.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import Denied, NotFound
from fieldstone.registry.sql.audit import Actor
from fieldstone.registry.sql.sessions import Session
from fieldstone.server.access.people import person_of
from fieldstone.server.pages.page import Page
from fieldstone.server.pages.signing_in.attempt import begun, kept
from fieldstone.server.pages.signing_in.paths import local
from fieldstone.server.pages.visitor import Cookie, Visitor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.project.server_policy import SignIn
    from fieldstone.server.access.issuers import IssuerKeys
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.signing_in.sessions import Sessions

_ATTEMPT = Cookie("fieldstone-sign-in", same_site="lax")  # it comes back from the issuer
_SECONDS = 600
_FOUND = 302


class SignedIn(Struct, frozen=True):
    """The data of the page after signing in: the path that follows."""

    next: str


def by_issuer(pages: Pages, begins: Sessions) -> list[Route]:
    """The routes.

    Args:
        pages: makes routes.
        begins: begins sessions.
    """
    answers = _ByIssuer(begins)
    return [pages.answers("/sign-in/{name}", answers.leave), pages.answers("/sign-in/{name}/done", answers.come_back)]


class _ByIssuer:
    """The answers."""

    def __init__(self, begins: Sessions) -> None:
        self._begins = begins

    @cached_property
    def _keys(self) -> IssuerKeys:
        """The keys of issuers; what that takes is imported for the first who signs in."""
        from fieldstone.server.access.issuers import IssuerKeys

        return IssuerKeys()

    async def leave(self, request: Request, visitor: Visitor) -> Response:
        """Send the browser to the issuer."""
        from fieldstone.server.pages.signing_in.openid import address

        at = _named(request, visitor)
        attempt = begun(at.name, local(request.query_params.get("next", "/")))
        answer = RedirectResponse(await run_in_threadpool(address, at, attempt, _back(request)), _FOUND)
        _ATTEMPT.keep(request, answer, str(attempt), _SECONDS)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def come_back(self, request: Request, visitor: Visitor) -> Response:
        """Begin a session for whom the issuer confirmed."""
        from fieldstone.server.pages.signing_in.openid import person

        at, attempt = _named(request, visitor), kept(_ATTEMPT.of(request))
        told = request.query_params
        attempt.require_state(told.get("state", ""))
        if attempt.name != at.name or told.get("iss", at.issuer) != at.issuer:
            raise Denied("the answer comes from another issuer", fix="sign in again")
        if "code" not in told:
            raise Denied(f"{at.title} did not confirm who you are: {told.get('error', 'no reason given')[:200]}")
        found = await run_in_threadpool(person, at, attempt, told["code"], _back(request), self._keys)
        session = Session(issuer=at.issuer, audience=at.client_id, subject=found.subject, person=found.name)
        token, _ = person_of(session, visitor.caller.policy.identities)
        page = Page(template="signed_in", title="Signed in", data=SignedIn(attempt.next))
        answer = await self._begins.begun(request, session, Actor(token.name, token.id), page)
        _ATTEMPT.forget(request, answer)
        return answer


def _named(request: Request, visitor: Visitor) -> SignIn:
    """The issuer that a request names.

    Raises:
        NotFound: the policy has none of that name.
    """
    name = request.path_params["name"]
    for one in visitor.caller.policy.sign_ins:
        if one.name == name:
            return one
    raise NotFound(f"The policy of this registry has no [sign-in.{name}].")


def _back(request: Request) -> str:
    """The address that the issuer sends the browser back to; the issuer knows it, and takes no other."""
    return f"{str(request.base_url).rstrip('/')}/sign-in/{request.path_params['name']}/done"
