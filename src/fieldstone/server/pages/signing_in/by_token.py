"""Signing in by a token, and out: the browser keeps a session, never the token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import Denied
from fieldstone.registry.sql.audit import Actor
from fieldstone.registry.sql.sessions import Session
from fieldstone.server.pages.page import Page
from fieldstone.server.pages.rendering import rendered
from fieldstone.server.pages.signing_in.paths import local
from fieldstone.server.pages.visitor import Visitor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from fieldstone.server.access.callers import Caller, Callers
    from fieldstone.server.pages.endpoint import Pages
    from fieldstone.server.pages.signing_in.sessions import Sessions

_LONGEST = 16 * 2**10
_DENIED = 403


class Way(Struct, frozen=True):
    """An issuer to sign in by: its name in the policy, and its words for people."""

    name: str
    title: str


class SignIn(Struct, frozen=True):
    """The data of the page.

    Attributes:
        next: the path that follows.
        ways: the issuers of the policy.
        problem: why the last attempt failed; empty before one.
    """

    next: str
    ways: tuple[Way, ...]
    problem: str = ""


def by_token(pages: Pages, begins: Sessions, callers: Callers) -> list[Route]:
    """The routes.

    Args:
        pages: makes routes.
        begins: begins sessions.
        callers: who calls.
    """
    answers = _ByToken(begins, callers)
    return [
        *pages.shows("/sign-in", answers.show),
        pages.takes("/sign-in", answers.take),
        pages.takes("/sign-out", answers.end),
    ]


class _ByToken:
    """The answers."""

    def __init__(self, begins: Sessions, callers: Callers) -> None:
        self._begins, self._callers = begins, callers

    async def show(self, request: Request, visitor: Visitor) -> Page:
        """The form."""
        return _page(visitor, local(request.query_params.get("next", "/")))

    async def take(self, request: Request, visitor: Visitor, form: Mapping[str, str]) -> Response:
        """Begin a session with the token of the form."""
        then = local(form.get("next", "/"))
        try:
            caller = await self._holder(form.get("token", "").strip())
        except Denied as error:
            return rendered(request.scope, _page(visitor, then, f"{error}."), visitor)
        session, actor = Session(token=caller.credential), Actor(caller.name, caller.credential)
        return await self._begins.begun(request, session, actor, then)

    async def end(self, request: Request, visitor: Visitor, _form: Mapping[str, str]) -> Response:
        """End the session."""
        return await self._begins.ended(request, visitor)

    async def _holder(self, token: str) -> Caller:
        """The caller with a token.

        Raises:
            Denied: it is no token of a person, or not valid.
        """
        if not token.isascii() or not token.isprintable() or not 0 < len(token) <= _LONGEST:
            raise Denied("this is no token")
        caller = await self._callers.of({"authorization": f"Bearer {token}"})
        if caller.token is None or caller.role:
            raise Denied("this is no token for people", fix="use one that an admin of the registry made for you")
        return caller


def _page(visitor: Visitor, then: str, problem: str = "") -> Page:
    ways = tuple(Way(one.name, one.title) for one in visitor.caller.policy.sign_ins)
    data = SignIn(then, ways, problem)
    return Page(template="sign_in", title="Sign in", data=data, status=_DENIED if problem else 200)
