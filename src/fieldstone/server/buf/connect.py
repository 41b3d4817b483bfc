"""Unary calls of the Connect protocol (https://connectrpc.com/docs/protocol#unary-request).

A call is a POST with a message as protobuf or JSON; an error is JSON with a code, under the HTTP status of that code.
Clients of gRPC get its status in the headers: that the method is not there.
"""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Container, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from msgspec import Struct
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from fieldstone.errors import Conflict, Denied, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.server.buf.errors import AlwaysThere, ExistsAlready, NoCommits, PushRefused
from fieldstone.server.buf.messages import Method, methods
from fieldstone.server.observed import note_route

if TYPE_CHECKING:
    from starlette.requests import Request

    from fieldstone.server.callers import Caller
    from fieldstone.server.reads.answers import Answers

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
"""The most bytes of a request, also after decompression."""
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
    return failure(*_CODES.get(type(error), ("internal", 500)), str(error))


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
            body = _plain(await _body(request), request.headers.get("content-encoding", ""))
            return await self._answered(path, kind, body, caller)
        except FieldstoneError as error:
            return failure_of(error, caller)
        except ClientDisconnect:
            return failure("canceled", 499, "the request ended before its body did")

    async def _answered(self, path: str, kind: str, body: bytes, caller: Caller) -> Response:
        async def answer() -> Any:
            return await self._answers[path](_decoded(methods()[path], kind, body), caller)

        async def encoded() -> bytes:
            return _encoded(await answer(), kind)

        if path in self._reading:
            content = await self._kept.of((path, kind, caller.sees), body, encoded)
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


async def _body(request: Request) -> bytes:
    """The body of a request, which is left as soon as it is too large.

    Raises:
        Invalid: it is too large.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise Invalid(f"a request of more than {_LARGEST:,} bytes", fix="push fewer modules at once")
    return bytes(body)


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
        raise Invalid(f"a request of more than {_LARGEST:,} bytes", fix="push fewer modules at once")
    return plain


def _decoded(method: Method, kind: str, body: bytes) -> Any:
    try:
        if kind == _PROTO:
            return method.request.FromString(body)
        return json_format.Parse(body or b"{}", method.request(), ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the request is no {method.request.DESCRIPTOR.full_name}: {error}") from error
