"""Begins and ends the session of a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from fieldstone.registry.sql import sessions
from fieldstone.registry.sql.audit import Actor
from fieldstone.registry.sql.sessions import HOURS, Session
from fieldstone.server.pages.page import Page
from fieldstone.server.pages.rendering import rendered
from fieldstone.server.pages.visitor import SESSION, Visitor

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.registry.sql.database import Database
    from fieldstone.server.access.callers import Callers

SEE_OTHER = 303
_SECONDS = HOURS * 3600


class Sessions:
    """The sessions of browsers.

    Args:
        database: the database of the registry.
        callers: who calls.
    """

    def __init__(self, database: Database, callers: Callers) -> None:
        self._database, self._callers = database, callers

    async def begun(self, request: Request, session: Session, actor: Actor, then: Page | str) -> Response:
        """The answer to who signed in: a cookie; and a page, or a redirection to a path."""
        secret = await run_in_threadpool(sessions.begin, self._database, session, actor)
        answer = RedirectResponse(then, SEE_OTHER) if isinstance(then, str) else rendered(request.scope, then)
        SESSION.keep(request, answer, secret, _SECONDS)
        return answer

    async def ended(self, request: Request, visitor: Visitor) -> Response:
        """The answer to who signs out."""
        if visitor.is_signed_in:
            actor = Actor(visitor.caller.name, visitor.caller.credential)
            await run_in_threadpool(sessions.end, self._database, visitor.session, actor)
            self._callers.forget()
        answer = RedirectResponse("/", SEE_OTHER)
        SESSION.forget(request, answer)
        return answer
