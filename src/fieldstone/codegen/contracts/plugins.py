"""Plugins of protoc, run without protoc: a request on standard input, a response on standard output.

The protocol is that of google/protobuf/compiler/plugin.proto.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.compiler import plugin_pb2

from fieldstone.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

_Response = plugin_pb2.CodeGeneratorResponse


def run_plugin(
    command: Sequence[str], image: FileDescriptorSet, files: Sequence[str], parameter: str
) -> dict[str, str]:
    """Generate code with a plugin.

    Args:
        command: the plugin's program and its arguments; the last one names the plugin in errors.
        image: the files and all that they import, each after those that it imports.
        files: the import paths of those to generate code from.
        parameter: what `--<name>_opt` of protoc would give the plugin.

    Returns:
        the path of each file that the plugin wrote, to its text.

    Raises:
        FieldstoneError: the plugin cannot be started, fails, or does not know what a file is written in.
    """
    name = Path(command[-1]).name
    request = plugin_pb2.CodeGeneratorRequest(
        file_to_generate=sorted(files), parameter=parameter, proto_file=_with_imports(image, files)
    )
    response = _ask(name, command, request.SerializeToString())
    if response.error:
        raise Invalid(f"{name} cannot generate code: {_first_line(response.error)}")
    wanted = set(files)
    _refuse_what_it_does_not_know(name, response, [file for file in image.file if file.name in wanted])
    return _texts(response.file)


def fix_of_old(name: str, said: str) -> str:
    """The fix for a compiler or plugin that does not know an edition, by its output; else empty.

    Those from before there were editions say that "editions" is no syntax.
    """
    return f"install a newer {name}, which knows editions" if "editions" in said else ""


def _with_imports(image: FileDescriptorSet, files: Iterable[str]) -> list[FileDescriptorProto]:
    """The files and all that they import, in the image's order: of any other a plugin may ask what it lacks."""
    wanted = set(files)
    for file in reversed(image.file):
        if file.name in wanted:
            wanted |= set(file.dependency)
    return [file for file in image.file if file.name in wanted]


def _ask(name: str, command: Sequence[str], request: bytes) -> plugin_pb2.CodeGeneratorResponse:
    from google.protobuf.message import DecodeError

    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            command, input=request, capture_output=True, check=False
        )
    except OSError as error:
        raise Unavailable(f"cannot start {name}: {error.strerror}") from error
    if done.returncode:
        said = _first_line(done.stderr.decode("utf-8", "replace")) or f"it ended with {done.returncode}"
        raise Invalid(f"{name} cannot generate code: {said.removeprefix(f'{name}: ')}", fix=fix_of_old(name, said))
    try:
        return _Response.FromString(done.stdout)
    except DecodeError as error:
        raise Invalid(f"{name} is no plugin of protoc: its answer is no CodeGeneratorResponse") from error


def _refuse_what_it_does_not_know(
    name: str, response: plugin_pb2.CodeGeneratorResponse, files: Iterable[FileDescriptorProto]
) -> None:
    """As protoc does: a plugin that does not say that it knows a feature would generate wrong code."""
    for file in files:
        what = ""
        if file.syntax == "editions" and not _knows_edition(response, file.edition):
            what = f"the edition that {file.name} is written in"
        elif _has_optional(file) and not response.supported_features & _Response.FEATURE_PROTO3_OPTIONAL:
            what = f"`optional` of proto3, which {file.name} has"
        if what:
            raise Invalid(f"{name} does not know {what}", fix=f"install a newer {name}")


def _knows_edition(response: plugin_pb2.CodeGeneratorResponse, edition: int) -> bool:
    supports = bool(response.supported_features & _Response.FEATURE_SUPPORTS_EDITIONS)
    return supports and response.minimum_edition <= edition <= response.maximum_edition


def _has_optional(file: FileDescriptorProto) -> bool:
    return any(map(_is_with_optional, file.message_type)) or any(field.proto3_optional for field in file.extension)


def _is_with_optional(message: DescriptorProto) -> bool:
    return any(field.proto3_optional for field in message.field) or any(map(_is_with_optional, message.nested_type))


def _texts(files: Iterable[plugin_pb2.CodeGeneratorResponse.File]) -> dict[str, str]:
    """One without a name goes on with the one before: so a plugin sends what is large."""
    texts: dict[str, str] = {}
    name = ""
    for file in files:
        name = file.name or name
        texts[name] = texts.get(name, "") + file.content
    return texts


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
