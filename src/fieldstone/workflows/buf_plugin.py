"""The buf check plugin: answers the calls of `buf breaking`, and judges both sides as `fieldstone check` does.

The protocol is https://github.com/pluginrpc/pluginrpc: an argument names the procedure, a request is on standard input,
the response goes to standard output.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError, Message

from fieldstone.errors import Conflict, Damaged, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.printed import printable_line
from fieldstone.workflows.buf_check.calls import CHECK, LISTS
from fieldstone.workflows.buf_check.messages import message, packed
from fieldstone.workflows.buf_check.request import CheckRequest, decode

_BINARY, _JSON = "binary", "json"

_CODES = {Invalid: 3, NotFound: 5, Conflict: 9, Unavailable: 14, Damaged: 15}
"""Kind of error -> pluginrpc.v1.Code."""

_INTERNAL = 13
"""`CODE_INTERNAL` of pluginrpc.v1.Code."""


def respond(
    arguments: list[str], standard_input: Callable[[], bytes], folder: Path, note: Callable[[str], None]
) -> bytes:
    """Answer one call of buf.

    If the files cannot be judged, the response has the error, which buf prints.

    Args:
        arguments: the arguments of the plugin.
        standard_input: reads the encoded request.
        folder: buf's working directory.
        note: called with each remark for the user, a sentence.

    Raises:
        FieldstoneError: the arguments are not those of the protocol.
    """
    words, format_ = _parsed(arguments)
    if words == ["--protocol"]:
        return b"1\n"
    if words != [CHECK]:
        from fieldstone.workflows.buf_check.answers import FIXED

        return _encoded(FIXED[words[0]](), format_)
    response = message("pluginrpc.v1.Response")
    try:
        request = decode(_decoded(standard_input(), format_))
        found = [] if request.is_unchanged else _check(request, folder, note)
        response.value.CopyFrom(packed(message("buf.plugin.check.v1.CheckResponse", annotations=found)))
    except FieldstoneError as error:
        response.error.code = _CODES.get(type(error), _INTERNAL)
        response.error.message = printable_line(str(error))
    return _encoded(response, format_)


def _check(request: CheckRequest, folder: Path, note: Callable[[str], None]) -> list[Any]:
    from fieldstone.workflows.buf_check.judging import refusals

    return refusals(request, folder, note)


def _parsed(arguments: list[str]) -> tuple[list[str], str]:
    """The words of the call, and the format: `binary` or `json`."""
    words, format_ = [*arguments], _BINARY
    if "--format" in words[:-1]:
        place = words.index("--format")
        format_ = words[place + 1]
        words[place : place + 2] = []
    known = [["--protocol"], ["--spec"], [CHECK], *([path] for path in LISTS)]
    if words not in known or format_ not in {_BINARY, _JSON}:
        raise Invalid(
            f"the plugin does not know the call {' '.join(arguments) or 'without arguments'}",
            fix="name it in buf.yaml below `plugins`, and run `buf breaking`",
        )
    return words, format_


def _encoded(value: Message, format_: str) -> bytes:
    if format_ == _JSON:
        from google.protobuf.json_format import MessageToJson

        return MessageToJson(value, preserving_proto_field_name=True).encode()
    encoded: bytes = value.SerializeToString(deterministic=True)
    return encoded


def _decoded(request: bytes, format_: str) -> Any:
    found = message("pluginrpc.v1.Request")
    try:
        return _from_json(request, found) if format_ == _JSON else _from_binary(request, found)
    except ValueError as error:
        raise Invalid("standard input holds no pluginrpc.v1.Request", fix="`buf breaking` runs this plugin") from error


def _from_binary(request: bytes, into: Message) -> Message:
    try:
        into.ParseFromString(request)
    except DecodeError as error:
        raise ValueError(str(error)) from error
    return into


def _from_json(request: bytes, into: Message) -> Message:
    from google.protobuf.json_format import Parse, ParseError

    try:
        return Parse(request or b"{}", into)
    except ParseError as error:
        raise ValueError(str(error)) from error
