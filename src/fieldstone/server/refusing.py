"""Answers to requests that reach no endpoint, as JSON that clients of both protocols read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from fieldstone.errors import Damaged, Exhausted, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.registry import problem

if TYPE_CHECKING:
    from starlette.requests import Request

_CODES = {404: "not_found", 408: "deadline_exceeded", 413: "invalid_argument", 429: "resource_exhausted"}
_CODES |= {500: "internal", 503: "unavailable"}
"""The code of Connect for a status (https://connectrpc.com/docs/protocol#error-codes)."""
_LATER = 2
"""The seconds after which a client may ask again, unless the error knows better."""
_MISSING = 404


def refused(error: FieldstoneError, status: int = 0) -> Response:
    """The answer for an error: the fields of Connect, and those of `problem.Problem`.

    Args:
        error: the error.
        status: its HTTP status; by default that of its kind.
    """
    status = status or problem.status_of(error)
    code = {"code": _CODES.get(status, "invalid_argument"), "message": str(error)}
    body = json.encode(code | json.decode(problem.to_json(error)))
    return Response(body, status, later(error), "application/json")


def later(error: FieldstoneError) -> dict[str, str]:
    """The header Retry-After for an error, if the same request may succeed later."""
    if not isinstance(error, Unavailable):
        return {}
    return {"Retry-After": str(max(1, math.ceil(error.seconds if isinstance(error, Exhausted) else _LATER)))}


def without_route(request: Request, error: Exception) -> Response:
    """The answer to a request for what is not there, or by a method that it does not have."""
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type: Starlette calls it for no other
    path = request.url.path
    if error.status_code == _MISSING and error.detail == "Not Found":
        found: FieldstoneError = NotFound(f"nothing at {path} in this registry", fix="see its protocol for what is")
    elif error.status_code == _MISSING:
        found = NotFound(error.detail)
    else:
        found = Invalid(f"{request.method} {path}: {error.detail}")
    response = refused(found, error.status_code)
    response.headers.update(error.headers or {})
    return response


def broken(_request: Request, _error: Exception) -> Response:
    """The answer to a request that the server failed on; the error itself is in its log."""
    return refused(Damaged("the server failed to answer", fix="see its log, by the id of the request"))
