"""What a compiled file lets its importers see: where that is as it was, they compile to what they were.

An importer's descriptor takes from an imported file the names of its types, with their kinds, the values of
its enums (for defaults), its extensions, and what it passes on by `import public`. The fields of a message
matter only to an importer that sets an option of that type.
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
    """A digest of what a file's importers see of it.

    Args:
        compiled: the file.
        with_fields: whether a message's fields count: where an importer may set an option of its type.
    """
    file = compiled.proto if with_fields else _skeleton(compiled)
    return hashlib.sha256(plain_copy(file).SerializeToString(deterministic=True)).digest()


def _skeleton(compiled: CompiledFile) -> FileDescriptorProto:
    """What importers see of a file that set no option of a type in it: its types, but neither fields nor rpcs."""
    file = FileDescriptorProto.FromString(compiled.bare)
    for message in file.message_type:
        _without_fields(message)
    for service in file.service:
        service.ClearField("method")
        service.ClearField("options")
    return file


def outline(compiled: CompiledFile) -> bytes:
    """An encoded file with what importers see of it, and all of its imports."""
    return plain_copy(_skeleton(compiled)).SerializeToString()


def linkable(compiled: CompiledFile) -> bytes:
    """An encoded file with what an importer is linked against: its outline, without the imports that nothing needs."""
    file = _skeleton(compiled)
    if not next(extensions_of(file), None):
        passed_on = [file.dependency[number] for number in file.public_dependency]
        for part in ("dependency", "public_dependency", "weak_dependency", "option_dependency"):
            file.ClearField(part)
        file.dependency.extend(passed_on)
        file.public_dependency.extend(range(len(passed_on)))
    return plain_copy(file).SerializeToString()


def with_names_of(compiled: CompiledFile, messages: Collection[str]) -> CompiledFile:
    """A file that has of some messages at its top no more than their names and what they hold by name.

    Args:
        compiled: the file.
        messages: the names of those messages; what else is named so stays as it is.
    """
    file = FileDescriptorProto.FromString(compiled.content)
    bared = [message for message in file.message_type if message.name in messages]
    for message in bared:
        _without_fields(message)
    return CompiledFile(file.SerializeToString()) if bared else compiled


def _without_fields(message: Any) -> None:
    """Leave of a message its name, its types, its extensions and the ranges for those of others."""
    for part in ("field", "oneof_decl", "reserved_range", "reserved_name"):
        message.ClearField(part)
    if not message.options.map_entry and not message.options.message_set_wire_format:
        message.ClearField("options")
    for nested in message.nested_type:
        _without_fields(nested)
    entries = [nested for nested in message.nested_type if nested.options.map_entry]
    for entry in entries:
        message.nested_type.remove(entry)
