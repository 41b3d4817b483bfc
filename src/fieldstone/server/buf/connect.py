"""Unary calls of the Connect protocol (https://connectrpc.com/docs/protocol#unary-request).

A call is a POST with a message as protobuf or JSON; an error is JSON with a code, under the HTTP status of that code.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from starlette.responses import JSONResponse, Response

from fieldstone.errors import Conflict, Denied, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.server.buf.errors import NoCommits, PushRefused
from fieldstone.server.buf.messages import Method, methods

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.server.callers import Caller

Answer = Callable[[Any, "Caller"], Awaitable[Any]]
"""Answers the request message of a method with its response message."""

_PROTO, _JSON = "application/proto", "application/json"
_CODES: dict[type[FieldstoneError], tuple[str, int]] = {
    NotFound: ("not_found", 404),
    Conflict: ("aborted", 409),
    Invalid: ("invalid_argument", 400),
    Unavailable: ("unavailable", 503),
}
"""The code and the HTTP status of each kind of error; other kinds are internal ones."""
_LARGEST = 64 * 2**20
"""The most bytes of a request after decompression."""


def failure(code: str, status: int, text: str) -> Response:
    """An error of the protocol."""
    return JSONResponse({"code": code, "message": text}, status)


def failure_of(error: FieldstoneError, caller: Caller | None) -> Response:
    """The error of the protocol for one of Fieldstone's."""
    if isinstance(error, PushRefused):
        return failure("failed_precondition", 412, error.problem)
    if isinstance(error, NoCommits):
        return failure("failed_precondition", 412, str(error))
    if isinstance(error, Denied):
        signed_in = caller is not None and caller.token is not None
        return failure(*(("permission_denied", 403) if signed_in else ("unauthenticated", 401)), str(error))
    return failure(*_CODES.get(type(error), ("internal", 500)), str(error))


async def call(request: Request, answers: dict[str, Answer], caller: Caller) -> Response:
    """Answer a call.

    Args:
        request: the request.
        answers: the answers by path of the method.
        caller: who calls.
    """
    path = request.url.path
    if path not in answers:
        return failure("unimplemented", 501, f"this registry has no {path[1:]}")
    method, kind = methods()[path], request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in {_PROTO, _JSON}:
        return Response(status_code=415, headers={"Accept-Post": f"{_PROTO}, {_JSON}"})
    try:
        message = _decoded(method, kind, _plain(await request.body(), request.headers.get("content-encoding", "")))
        answer = await answers[path](message, caller)
    except FieldstoneError as error:
        return failure_of(error, caller)
    if kind == _JSON:
        return Response(json_format.MessageToJson(answer), media_type=_JSON)
    return Response(answer.SerializeToString(), media_type=_PROTO)


def _plain(body: bytes, encoding: str) -> bytes:
    """The body without its compression.

    Raises:
        Invalid: the compression is unknown, broken, or hides too much.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise Invalid(f"a request in {encoding} cannot be read", fix="send it plain, or with gzip")
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unpack.decompress(body, _LARGEST)
    except (zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(f"a request in gzip cannot be read: {error}") from error
    if unpack.unconsumed_tail:
        raise Invalid(f"a request of more than {_LARGEST} bytes")
    return plain


def _decoded(method: Method, kind: str, body: bytes) -> Any:
    try:
        if kind == _PROTO:
            return method.request.FromString(body)
        return json_format.Parse(body or b"{}", method.request(), ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the request is no {method.request.DESCRIPTOR.full_name}: {error}") from error
