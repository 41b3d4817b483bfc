"""The endpoints of the protocol: each finds its caller, and answers errors as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from fieldstone.errors import Denied, FieldstoneError
from fieldstone.registry import problem
from fieldstone.server.observed import note_caller
from fieldstone.server.refusing import later

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from fieldstone.server.access.callers import Caller, Callers

_JSON = "application/json"
_UNAUTHORIZED, _HALF_SENT = 401, 400


def endpoint(
    callers: Callers, answer: Callable[[Request, Caller], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a route.

    Args:
        callers: who calls.
        answer: the answer to a request of a caller; it may raise a FieldstoneError.
    """

    async def answered(request: Request) -> Response:
        caller = None
        try:
            address = str(request.base_url).rstrip("/")
            caller = await callers.of(request.headers, address)
            note_caller(request.scope, caller)
            return await answer(request, caller)
        except FieldstoneError as error:
            failure = _failure(error, caller)
            if request.method in {"POST", "PUT"}:
                failure.headers["Connection"] = "close"  # the rest of the body is not read
            return failure
        except ClientDisconnect:
            return Response(status_code=_HALF_SENT)

    return answered


def _failure(error: FieldstoneError, caller: Caller | None) -> Response:
    status = problem.status_of(error)
    if isinstance(error, Denied) and (caller is None or caller.token is None):
        status = _UNAUTHORIZED
    headers = {"WWW-Authenticate": 'Bearer realm="fieldstone"'} if status == _UNAUTHORIZED else later(error)
    return Response(problem.to_json(error), status, headers, _JSON)
