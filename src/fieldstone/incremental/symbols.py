"""Symbols that must be unique in an image; a compiler that gets some of the files cannot detect a duplicate.

A full name has one declaration, and a message has one extension per number, in all files of an image
(https://protobuf.com/docs/language-spec#fully-qualified-references, and #extensions).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto


def symbols_of(file: FileDescriptorProto) -> set[str]:
    """The full names that a file declares in its package, and `<extended message> <number>` for each extension.

    An enum value is in the scope that contains its enum.
    """
    scope = f"{file.package}." if file.package else ""
    values = (value for enum in file.enum_type for value in enum.value)
    declared: tuple[Any, ...] = (*file.message_type, *file.enum_type, *values, *file.service, *file.extension)
    numbers = {f"{extension.extendee.removeprefix('.')} {extension.number}" for extension in extensions_of(file)}
    return {scope + element.name for element in declared} | numbers


def packages_of(file: FileDescriptorProto) -> set[str]:
    """The package of a file and its parents: `acme.v1` and `acme`."""
    parts = file.package.split(".") if file.package else []
    return {".".join(parts[:end]) for end in range(1, len(parts) + 1)}


def extensions_of(file: FileDescriptorProto) -> Iterator[Any]:
    """All extensions that a file declares, including those nested in messages, as FieldDescriptorProtos."""
    yield from file.extension
    for message in file.message_type:
        yield from _nested_extensions(message)


def _nested_extensions(message: DescriptorProto) -> Iterator[Any]:
    yield from message.extension
    for nested in message.nested_type:
        yield from _nested_extensions(nested)
