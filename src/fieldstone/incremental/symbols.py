"""What no two files of an image may both declare: a compiler that is given some of the files cannot see it.

A full name stands for one thing, whatever it is, and a message has one extension of a number, wherever in an image
these are declared (https://protobuf.com/docs/language-spec#fully-qualified-references, and #extensions).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto


def symbols_of(file: FileDescriptorProto) -> set[str]:
    """The full names that a file declares in its package, and its extensions' numbers, each behind what it extends.

    The values of an enum are named beside it, not below it.
    """
    scope = f"{file.package}." if file.package else ""
    values = (value for enum in file.enum_type for value in enum.value)
    declared: tuple[Any, ...] = (*file.message_type, *file.enum_type, *values, *file.service, *file.extension)
    numbers = {f"{extension.extendee.removeprefix('.')} {extension.number}" for extension in extensions_of(file)}
    return {scope + element.name for element in declared} | numbers


def packages_of(file: FileDescriptorProto) -> set[str]:
    """The package of a file, and all that its name begins with: `acme.v1`, and `acme`."""
    parts = file.package.split(".") if file.package else []
    return {".".join(parts[:end]) for end in range(1, len(parts) + 1)}


def extensions_of(file: FileDescriptorProto) -> Iterator[Any]:
    """All extensions that a file declares, those in its messages too: FieldDescriptorProtos."""
    yield from file.extension
    for message in file.message_type:
        yield from _nested_extensions(message)


def _nested_extensions(message: DescriptorProto) -> Iterator[Any]:
    yield from message.extension
    for nested in message.nested_type:
        yield from _nested_extensions(nested)
