"""What a compiled file lets its importers see: where that is as it was, they compile to what they were.

An importer's descriptor takes from an imported file the names of its types, with their kinds, the values of
its enums (for defaults), its extensions, and what it passes on by `import public`. The fields of a message
matter only to an importer that sets an option of that type.
"""

from __future__ import annotations

import hashlib
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto


def exported(content: bytes, *, with_fields: bool) -> bytes:
    """A digest of what a file's importers see of it.

    Args:
        content: the file, an encoded FileDescriptorProto.
        with_fields: whether a message's fields count: where an importer may set an option of its type.
    """
    file = _without_places(content) if with_fields else skeleton(content)
    return hashlib.sha256(_as_compiled(file).SerializeToString(deterministic=True)).digest()


def _as_compiled(file: FileDescriptorProto) -> FileDescriptorProto:
    """The file without what buf says of it: whether it is an import, and which of its own imports it does not use."""
    bare = FileDescriptorProto()
    for field, value in file.ListFields():
        if field.is_repeated:
            getattr(bare, field.name).extend(value)
        elif field.message_type:
            getattr(bare, field.name).CopyFrom(value)
        else:
            setattr(bare, field.name, value)
    return bare


def skeleton(content: bytes) -> FileDescriptorProto:
    """What importers see of a file that set no option of a type in it: its types, but neither fields nor rpcs."""
    file = _without_places(content)
    for message in file.message_type:
        _without_fields(message)
    for service in file.service:
        service.ClearField("method")
        service.ClearField("options")
    return file


def _without_places(content: bytes) -> FileDescriptorProto:
    file = FileDescriptorProto.FromString(content)
    file.ClearField("source_code_info")
    return file


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
