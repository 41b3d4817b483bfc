"""Signing in by a token, and out: the browser keeps a session, never the token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import Denied
from fieldstone.registry.sql import sessions
from fieldstone.registry.sql.audit import Actor
from fieldstone.registry.sql.sessions import HOURS, Session
from fieldstone.server.pages.page import Page
from fieldstone.server.pages.rendering import rendered
from fieldstone.server.pages.visitor import Visitor, keep

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from fieldstone.registry.sql.database import Database
    from fieldstone.server.callers import Caller, Callers
    from fieldstone.server.pages.endpoint import Pages

SEE_OTHER = 303
_SECONDS = HOURS * 3600
_LONGEST = 16 * 2**10
_DENIED = 403


class SignIn(Struct, frozen=True):
    """The data of the page.

    Attributes:
        next: the path that follows.
        problem: why the last attempt failed; empty before one.
    """

    next: str
    problem: str = ""


def sign_in(pages: Pages, database: Database, callers: Callers) -> list[Route]:
    """The routes.

    Args:
        pages: makes routes.
        database: the database of the registry.
        callers: who calls.
    """
    answers = _SignIn(database, callers)
    return [
        *pages.shows("/sign-in", answers.show),
        pages.takes("/sign-in", answers.take),
        pages.takes("/sign-out", answers.end),
    ]


def local(path: str) -> str:
    """A path of this server to go on to; another text gives the first page."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if is_path else "/"


class _SignIn:
    """The answers."""

    def __init__(self, database: Database, callers: Callers) -> None:
        self._database, self._callers = database, callers

    async def show(self, request: Request, _visitor: Visitor) -> Page:
        """The form."""
        return _page(SignIn(local(request.query_params.get("next", "/"))))

    async def take(self, request: Request, visitor: Visitor, form: Mapping[str, str]) -> Response:
        """Begin a session with the token of the form."""
        then = local(form.get("next", "/"))
        try:
            caller = await self._holder(form.get("token", "").strip())
        except Denied as error:
            return rendered(request.scope, _page(SignIn(then, f"{error}."), _DENIED), visitor)
        session, actor = Session(token=caller.credential), Actor(caller.name, caller.credential)
        return await self.begun(request, session, actor, then)

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

    async def begun(self, request: Request, session: Session, actor: Actor, then: str) -> Response:
        """The answer to who signed in: a cookie, and a redirection."""
        secret = await run_in_threadpool(sessions.begin, self._database, session, actor)
        answer = RedirectResponse(then, SEE_OTHER)
        keep(request, answer, secret, _SECONDS)
        return answer

    async def end(self, request: Request, visitor: Visitor, _form: Mapping[str, str]) -> Response:
        """End the session."""
        if visitor.is_signed_in:
            actor = Actor(visitor.caller.name, visitor.caller.credential)
            await run_in_threadpool(sessions.end, self._database, visitor.session, actor)
            self._callers.forget()
        answer = RedirectResponse("/", SEE_OTHER)
        keep(request, answer, "", 0)
        return answer


def _page(data: SignIn, status: int = 200) -> Page:
    return Page(template="sign_in", title="Sign in", data=data, status=status)
