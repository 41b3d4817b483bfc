"""The unchanged declarations of changed files: equal to the byte, with the same features from their file.

The bytes of a message, enum or service contain everything except inherited features and, for a field with an enum type,
the value of an unsent field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto


def unaltered(
    old: Iterable[FileDescriptorProto], new: Iterable[FileDescriptorProto], *, besides: Collection[str] = ()
) -> dict[str, frozenset[str]]:
    """Path to the names of the unchanged top-level messages, enums and services of a file.

    Args:
        old: the changed files of one side.
        new: those of the other.
        besides: the paths of files in which everything counts as changed: those that define custom options, and those
            that import them.
    """
    before, after = ({file.name: file for file in side} for side in (old, new))
    paired = after.keys() & before.keys() - {*besides}
    same = {path: _equal(before[path], file) if path in paired else set() for path, file in after.items()}
    enums = [dict(enum for file in side.values() for enum in _enums(file)) for side in (before, after)]
    altered = {name for name in enums[0].keys() | enums[1].keys() if enums[0].get(name) != enums[1].get(name)}
    if altered:
        for path, file in after.items():
            same[path] -= {message.name for message in file.message_type if _holds(message, altered)}
    return {path: frozenset(names) for path, names in same.items()}


def _equal(old: FileDescriptorProto, new: FileDescriptorProto) -> set[str]:
    if _header(old) != _header(new):
        return set()
    before, after = ({(type(part), part.name): _encoded(part) for part in _declared(side)} for side in (old, new))
    return {key[1] for key, content in after.items() if before.get(key) == content}


def _header(file: FileDescriptorProto) -> tuple[Any, ...]:
    """The properties of a file that all its declarations inherit."""
    return file.package, file.syntax, file.edition, _encoded(file.options)


def _declared(file: FileDescriptorProto) -> Iterator[Any]:
    yield from file.message_type
    yield from file.enum_type
    yield from file.service


def _enums(file: FileDescriptorProto) -> Iterator[tuple[str, bytes]]:
    """Every enum of a file, under the name that fields use (`.acme.v1.Color`), with all its contents."""
    scope = f".{file.package}" if file.package else ""
    around = repr(_header(file)).encode()
    yield from (
        (f"{scope}.{enum.name}", around + enum.SerializeToString(deterministic=True)) for enum in file.enum_type
    )
    for message in file.message_type:
        yield from _nested_enums(message, scope, around)


def _nested_enums(message: DescriptorProto, scope: str, around: bytes) -> Iterator[tuple[str, bytes]]:
    if not message.enum_type and not message.nested_type:
        return
    name = f"{scope}.{message.name}"
    around += _encoded(message.options)
    yield from (
        (f"{name}.{enum.name}", around + enum.SerializeToString(deterministic=True)) for enum in message.enum_type
    )
    for nested in message.nested_type:
        yield from _nested_enums(nested, name, around)


def _holds(message: DescriptorProto, types: Collection[str]) -> bool:
    """Whether a field of a message, or of a message nested in it, has one of these types."""
    fields = (*message.field, *message.extension)
    return any(field.type_name in types for field in fields) or any(_holds(m, types) for m in message.nested_type)


def _encoded(part: Any) -> bytes:
    content: bytes = part.SerializeToString(deterministic=True)
    return content
