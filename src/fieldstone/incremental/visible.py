"""The part of a compiled file that importers depend on. If it is unchanged, so are they.

An importer's descriptor depends on the names and kinds of imported types, on enum values (for defaults),
on extensions, and on the files of `import public`. The fields of a message matter only to an importer that
sets an option of that type.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from fieldstone.incremental.image_index import CompiledFile
from fieldstone.incremental.symbols import extensions_of
from fieldstone.schema.image import plain_copy


def exported(compiled: CompiledFile, *, with_fields: bool) -> bytes:
    """A digest of the part of a file that importers depend on.

    Args:
        compiled: the file.
        with_fields: whether the fields of messages count, because an importer may set an option of such a type.
    """
    file = compiled.proto if with_fields else _skeleton(compiled)
    return hashlib.sha256(plain_copy(file).SerializeToString(deterministic=True)).digest()


def _skeleton(compiled: CompiledFile) -> FileDescriptorProto:
    """The part of a file for importers that set no option of its types: types without fields and rpcs."""
    file = FileDescriptorProto.FromString(compiled.bare)
    for message in file.message_type:
        _without_fields(message)
    for service in file.service:
        service.ClearField("method")
        service.ClearField("options")
    return file


def outline(compiled: CompiledFile) -> bytes:
    """The part of a file that importers depend on, encoded, with all of its imports."""
    return plain_copy(_skeleton(compiled)).SerializeToString()


def linkable(compiled: CompiledFile) -> bytes:
    """The part of a file that importers are linked with, encoded: its outline, without unused imports."""
    file = _skeleton(compiled)
    if not next(extensions_of(file), None):
        passed_on = [file.dependency[number] for number in file.public_dependency]
        for part in ("dependency", "public_dependency", "weak_dependency", "option_dependency"):
            file.ClearField(part)
        file.dependency.extend(passed_on)
        file.public_dependency.extend(range(len(passed_on)))
    return plain_copy(file).SerializeToString()


def with_names_of(compiled: CompiledFile, messages: Collection[str]) -> CompiledFile:
    """The file with some top-level messages reduced to their names and nested types.

    Args:
        compiled: the file.
        messages: the names of those messages; enums and services of the same names are not changed.
    """
    file = FileDescriptorProto.FromString(compiled.content)
    bared = [message for message in file.message_type if message.name in messages]
    for message in bared:
        _without_fields(message)
    return CompiledFile(file.SerializeToString()) if bared else compiled


def _without_fields(message: Any) -> None:
    """Reduce a message to its name, nested types, extensions and extension ranges."""
    for part in ("field", "oneof_decl", "reserved_range", "reserved_name"):
        message.ClearField(part)
    if not message.options.map_entry and not message.options.message_set_wire_format:
        message.ClearField("options")
    for nested in message.nested_type:
        _without_fields(nested)
    entries = [nested for nested in message.nested_type if nested.options.map_entry]
    for entry in entries:
        message.nested_type.remove(entry)
