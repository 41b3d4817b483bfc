"""JSON bodies of requests and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import DecodeError, json
from starlette.responses import Response

from fieldstone.errors import Denied, Invalid

if TYPE_CHECKING:
    from starlette.requests import Request

_Body = TypeVar("_Body")


async def decoded(request: Request, kind: type[_Body], largest: int) -> _Body:
    """The body of a request.

    Args:
        request: the request.
        kind: the type of its body.
        largest: the most bytes that it may have.

    Raises:
        Denied: the request has no token; its body is not read.
        Invalid: it is too large, or not the JSON that is expected.
    """
    if not request.headers.get("authorization"):
        raise Denied("this requires a token", fix="set FIELDSTONE_TOKEN")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise Invalid(f"a body of more than {largest:,} bytes")
    try:
        return json.decode(body, type=kind)
    except (DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is not what is expected here: {error}") from error


def as_json(answer: object, status: int = 200) -> Response:
    """An answer, which nobody may keep."""
    headers = {"Cache-Control": "no-store"}
    return Response(json.encode(answer), status, headers, "application/json")
