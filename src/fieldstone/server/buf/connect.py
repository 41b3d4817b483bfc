"""Unary calls of the Connect protocol (https://connectrpc.com/docs/protocol#unary-request).

A call is a POST with a message as protobuf or JSON; an error is JSON with a code, under the HTTP status of that code.
Clients of gRPC get its status in the headers: that the method is not there.
"""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Container, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fieldstone.errors import (
    Conflict,
    Denied,
    Exhausted,
    FieldstoneError,
    Invalid,
    NotFound,
    TooLarge,
    TooSlow,
    Unavailable,
)
from fieldstone.server.buf.errors import AlwaysThere, ExistsAlready, NoCommits, PushRefused
from fieldstone.server.buf.messages import Method, methods
from fieldstone.server.guards.limits import LARGEST_QUESTION, LARGEST_REQUEST
from fieldstone.server.observed import note_caller, note_route
from fieldstone.server.refusing import later

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.server.access.callers import Caller, Callers
    from fieldstone.server.reads.answers import Answers

Answer = Callable[[Any, "Caller"], Awaitable[Any]]
"""Answers the request message of a method with its response message."""

_PROTO, _JSON = "application/proto", "application/json"
_CODES: dict[type[FieldstoneError], tuple[str, int]] = {
    NotFound: ("not_found", 404),
    Conflict: ("aborted", 409),
    TooLarge: ("invalid_argument", 413),
    Invalid: ("invalid_argument", 400),
    TooSlow: ("deadline_exceeded", 408),
    Exhausted: ("resource_exhausted", 429),
    Unavailable: ("unavailable", 503),
}
"""The code and the HTTP status of each kind of error, the first that fits; other kinds are internal ones."""
_SMALL = 64 * 2**10
"""The most bytes of a message that is decoded on the event loop."""
_GRPC = "application/grpc"
_GRPC_UNIMPLEMENTED = "12"
_LONGEST_WARNING = 3_000
"""The most bytes of a warning: proxies allow 4 KiB for a header."""


class Warned(Struct, frozen=True):
    """A response with a warning, which buf shows to the person at the terminal."""

    message: Any
    warning: str


def failure(code: str, status: int, text: str) -> Response:
    """An error of the protocol."""
    return JSONResponse({"code": code, "message": text}, status)


def failure_of(error: FieldstoneError, caller: Caller | None) -> Response:
    """The error of the protocol for one of Fieldstone's."""
    if isinstance(error, PushRefused):
        return failure("failed_precondition", 412, error.problem)
    if isinstance(error, ExistsAlready):
        return failure("already_exists", 409, str(error))
    if isinstance(error, (NoCommits, AlwaysThere)):
        return failure("failed_precondition", 412, str(error))
    if isinstance(error, Denied):
        signed_in = caller is not None and caller.token is not None
        return failure(*(("permission_denied", 403) if signed_in else ("unauthenticated", 401)), str(error))
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), ("internal", 500))
    response = failure(*code, str(error))
    response.headers.update(later(error))
    return response


def routes(answered: Calls, callers: Callers) -> list[Route]:
    """The routes of the protocol.

    Args:
        answered: answers the calls.
        callers: who calls.
    """
    methods()  # the messages are made now, and not by the first request

    async def buf(request: Request) -> Response:
        try:
            caller = await callers.of(request.headers, str(request.base_url).rstrip("/"))
        except FieldstoneError as error:
            return failure_of(error, None)
        note_caller(request.scope, caller)
        return await answered.call(request, caller)

    return [
        Route("/{service}/{method}", buf, methods=["POST"]),
        Route("/buf.{service}/{method}", buf, methods=["GET"]),
    ]


class Calls:
    """Answers the calls of all methods.

    Args:
        answers: the answers by path of the method.
        reading: the paths of the methods that change nothing, whose answers may be kept.
        kept: the answers that are kept.
    """

    def __init__(self, answers: Mapping[str, Answer], reading: Container[str], kept: Answers) -> None:
        self._answers, self._reading, self._kept = answers, reading, kept

    async def call(self, request: Request, caller: Caller) -> Response:
        """Answer a call.

        Args:
            request: the request.
            caller: who calls.
        """
        path, kind = request.scope["path"], request.headers.get("content-type", "").partition(";")[0].strip()
        if path not in self._answers or kind.startswith(_GRPC):
            return _unimplemented(path, kind)
        note_route(request.scope, path)
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        if kind not in {_PROTO, _JSON}:
            return Response(status_code=415, headers={"Accept-Post": f"{_PROTO}, {_JSON}"})
        try:
            body = await _body(request, LARGEST_REQUEST if caller.may("push") else LARGEST_QUESTION)
            return await self._answered(path, kind, request.headers.get("content-encoding", ""), body, caller)
        except FieldstoneError as error:
            return failure_of(error, caller)
        except ClientDisconnect:
            return failure("canceled", 499, "the request ended before its body did")

    async def _answered(self, path: str, kind: str, encoding: str, body: bytes, caller: Caller) -> Response:
        async def answer() -> Any:
            reading = partial(_message, methods()[path], kind, body, encoding)
            question = reading() if len(body) <= _SMALL and not encoding else await run_in_threadpool(reading)
            return await self._answers[path](question, caller)

        async def encoded() -> bytes:
            return _encoded(await answer(), kind)

        if path in self._reading:
            content = await self._kept.of((path, kind, encoding, caller.sees), body, encoded)
            return Response(content, media_type=kind)
        said, headers = await answer(), {}
        if isinstance(said, Warned):
            headers["buf-warning-bin"] = b64encode(_shortened(said.warning)).decode()
            said = said.message
        return Response(_encoded(said, kind), media_type=kind, headers=headers)


def _unimplemented(path: str, kind: str) -> Response:
    """The answer that a method is not there, as clients of Connect, of gRPC and of gRPC-Web expect it."""
    text = f"this registry has no {path[1:]}" + (" for gRPC" if kind.startswith(_GRPC) else "")
    if not kind.startswith(_GRPC):
        return failure("unimplemented", 501, text)
    headers = {"grpc-status": _GRPC_UNIMPLEMENTED, "grpc-message": quote(text, safe=" /")}
    return Response(status_code=200, headers=headers, media_type=kind)


def _encoded(answer: Any, kind: str) -> bytes:
    encoded: bytes = answer.SerializeToString() if kind == _PROTO else json_format.MessageToJson(answer).encode()
    return encoded


def _shortened(warning: str) -> bytes:
    """A warning that fits a header: whole lines, with the number of those that were left out."""
    lines = warning.rstrip().split("\n")
    kept: list[str] = []
    for line in lines:
        if sum(len(other.encode()) + 1 for other in [*kept, line]) > _LONGEST_WARNING:
            return "\n".join([*kept, f"... and {len(lines) - len(kept)} more lines"]).encode()
        kept.append(line)
    return "\n".join(kept).encode()


async def _body(request: Request, most: int) -> bytes:
    """The body of a request, which is left as soon as it is too large.

    Raises:
        TooLarge: it has more than `most` bytes.
        TooSlow: it does not arrive in time.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise TooLarge(f"a request of more than {most:,} bytes", fix="log in to push, and push less at once")
    return bytes(body)


def _message(method: Method, kind: str, body: bytes, encoding: str) -> Any:
    """The message of a request.

    Raises:
        Invalid: it cannot be read.
    """
    return _decoded(method, kind, _plain(body, encoding))


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
        plain = unpack.decompress(body, LARGEST_REQUEST)
    except (zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(f"a request in gzip cannot be read: {error}") from error
    if unpack.unconsumed_tail:
        raise TooLarge(f"a request of more than {LARGEST_REQUEST:,} bytes", fix="push fewer modules at once")
    return plain


def _decoded(method: Method, kind: str, body: bytes) -> Any:
    try:
        if kind == _PROTO:
            return method.request.FromString(body)
        return json_format.Parse(body or b"{}", method.request(), ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the request is no {method.request.DESCRIPTOR.full_name}: {error}") from error
