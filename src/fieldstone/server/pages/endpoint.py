"""The endpoints of pages and of their forms: each finds its visitor, and shows errors as a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import json
from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.errors import Denied, FieldstoneError, NotFound
from fieldstone.registry import problem
from fieldstone.registry.problem import Problem
from fieldstone.server.observed import note_caller
from fieldstone.server.pages.forms import form_of
from fieldstone.server.pages.page import TWIN, Page, is_browser
from fieldstone.server.pages.rendering import rendered
from fieldstone.server.pages.visitor import ANONYMOUS, Visitor, visitor_of
from fieldstone.server.refusing import broken, later, refused, without_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from fieldstone.server.access.callers import Caller, Callers

Show = Callable[["Request", Visitor], Awaitable[Page]]
"""Makes a page for a visitor."""
Take = Callable[["Request", Visitor, Mapping[str, str]], Awaitable[Response]]
"""Does what a form of a visitor says, and answers, mostly with a redirection to a page."""
_UNAUTHORIZED, _HALF_SENT, _MISSING = 401, 400, 404
_TITLES = {401: "Sign in first", 403: "Not allowed", 404: "Not found", 429: "Too many requests", 503: "Not now"}


class Pages:
    """Makes the routes of pages.

    Args:
        callers: who calls.
        undecided: the number of undecided proposals that a caller may see, for the frame.
    """

    def __init__(self, callers: Callers, undecided: Callable[[Caller], Awaitable[int]]) -> None:
        self._callers, self._undecided = callers, undecided

    def shows(self, path: str, show: Show) -> list[Route]:
        """The routes of a page and of its JSON twin.

        Args:
            path: the path of the page; its parameters are in `request.path_params`.
            show: makes the page; it may raise a FieldstoneError.
        """

        async def shown(request: Request, visitor: Visitor) -> Response:
            return rendered(request.scope, await show(request, visitor), visitor)

        endpoint = self._answered(shown)
        return [Route(f"{path.rstrip('/') or '/index'}{TWIN}", endpoint), Route(path, endpoint)]

    def answers(self, path: str, answer: Callable[[Request, Visitor], Awaitable[Response]]) -> Route:
        """The route of something else than a page, such as a redirection.

        Args:
            path: its path.
            answer: answers; it may raise a FieldstoneError, which is shown as a page.
        """
        return Route(path, self._answered(answer))

    def takes(self, path: str, take: Take) -> Route:
        """The route of a form.

        Args:
            path: the path that it is sent to.
            take: does what it says; it may raise a FieldstoneError, which is shown as a page.
        """

        async def taken(request: Request, visitor: Visitor) -> Response:
            return await take(request, visitor, await form_of(request, visitor))

        return Route(path, self._answered(taken), methods=["POST"])

    def _answered(
        self, answer: Callable[[Request, Visitor], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            visitor = ANONYMOUS
            try:
                visitor = await visitor_of(request, self._callers)
                note_caller(request.scope, visitor.caller)
                if visitor.is_signed_in:
                    visitor = replace(visitor, undecided=await self._undecided(visitor.caller))
                return await answer(request, visitor)
            except FieldstoneError as error:
                return failure(request.scope, error, visitor)
            except ClientDisconnect:
                return Response(status_code=_HALF_SENT)

        return endpoint


def failure(scope: Scope, error: FieldstoneError, visitor: Visitor = ANONYMOUS) -> Response:
    """An error as a page, or as JSON.

    Args:
        scope: the request.
        error: the error.
        visitor: who sent it.
    """
    status = problem.status_of(error)
    if isinstance(error, Denied) and visitor.caller.token is None:
        status = _UNAUTHORIZED
    told = json.decode(problem.to_json(error), type=Problem)
    title = _TITLES.get(status, "This did not work")
    response = rendered(scope, Page(template="error", title=title, data=told, status=status), visitor)
    response.headers.update(later(error))
    if scope["method"] not in {"GET", "HEAD"}:
        response.headers["Connection"] = "close"  # the rest of the body is not read
    return response


def refused_anywhere(scope: Scope, error: FieldstoneError) -> Response:
    """The answer to a request that a guard refuses: a page for a browser."""
    return failure(scope, error) if is_browser(scope) else refused(error)


def nothing_there(request: Request, error: Exception) -> Response:
    """The answer to a request that has no route: a page for a browser."""
    if is_browser(request.scope) and isinstance(error, HTTPException) and error.status_code == _MISSING:
        return failure(request.scope, NotFound(f"There is no page {request.url.path} in this registry."))
    return without_route(request, error)


def broken_anywhere(request: Request, error: Exception) -> Response:
    """The answer to a request that the server failed on: a page for a browser."""
    if not is_browser(request.scope):
        return broken(request, error)
    found = FieldstoneError("The server failed to answer.", fix="its log says why, by the id of the request")
    return failure(request.scope, found)
