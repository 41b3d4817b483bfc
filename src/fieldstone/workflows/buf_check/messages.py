"""The messages between buf and a check plugin, declared in code.

Names and numbers are those of https://github.com/pluginrpc/pluginrpc (pluginrpc.v1) and of
https://github.com/bufbuild/bufplugin (buf.plugin.check.v1, buf.plugin.descriptor.v1, buf.plugin.option.v1). Only fields
that Fieldstone reads or writes are declared; the protocol is additive.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

_Fields = Mapping[str, tuple[int, str]]

_PACKAGES: Mapping[str, Mapping[str, _Fields]] = {
    "pluginrpc.v1": {
        "Procedure": {"path": (1, "string")},
        "Spec": {"procedures": (1, "repeated pluginrpc.v1.Procedure")},
        "Request": {"value": (1, "google.protobuf.Any")},
        "Error": {"code": (1, "int32"), "message": (2, "string")},
        "Response": {"value": (1, "google.protobuf.Any"), "error": (2, "pluginrpc.v1.Error")},
    },
    "buf.plugin.descriptor.v1": {
        "FileDescriptor": {
            "file_descriptor_proto": (1, "google.protobuf.FileDescriptorProto"),
            "is_import": (2, "bool"),
        },
        "FileLocation": {"file_name": (1, "string"), "source_path": (2, "repeated int32")},
    },
    "buf.plugin.option.v1": {
        "ListValue": {"values": (1, "repeated buf.plugin.option.v1.Value")},
        "Value": {
            "bool_value": (1, "bool"),
            "int64_value": (2, "int64"),
            "double_value": (3, "double"),
            "string_value": (4, "string"),
            "bytes_value": (5, "bytes"),
            "list_value": (6, "buf.plugin.option.v1.ListValue"),
        },
        "Option": {"key": (1, "string"), "value": (2, "buf.plugin.option.v1.Value")},
    },
    "buf.plugin.check.v1": {
        "CheckRequest": {
            "file_descriptors": (1, "repeated buf.plugin.descriptor.v1.FileDescriptor"),
            "against_file_descriptors": (2, "repeated buf.plugin.descriptor.v1.FileDescriptor"),
            "options": (3, "repeated buf.plugin.option.v1.Option"),
            "rule_ids": (4, "repeated string"),
        },
        "Annotation": {
            "rule_id": (1, "string"),
            "message": (2, "string"),
            "file_location": (3, "buf.plugin.descriptor.v1.FileLocation"),
            "against_file_location": (4, "buf.plugin.descriptor.v1.FileLocation"),
        },
        "CheckResponse": {"annotations": (1, "repeated buf.plugin.check.v1.Annotation")},
        "Rule": {
            "id": (1, "string"),
            "category_ids": (2, "repeated string"),
            "default": (3, "bool"),
            "purpose": (4, "string"),
            "type": (5, "int32"),
        },
        "Category": {"id": (1, "string"), "purpose": (2, "string")},
        "ListRulesRequest": {},
        "ListRulesResponse": {"rules": (2, "repeated buf.plugin.check.v1.Rule")},
        "ListCategoriesRequest": {},
        "ListCategoriesResponse": {"categories": (2, "repeated buf.plugin.check.v1.Category")},
    },
}
"""Package -> message -> field -> its number and type. Enums are written as their numbers, which is the same wire."""


def message(name: str, **fields: Any) -> Any:
    """A new message of the protocol.

    Args:
        name: its full name: `pluginrpc.v1.Spec`.
        fields: the values of its fields.
    """
    return _class(name)(**fields)


def packed(value: Any) -> any_pb2.Any:
    """A message as an Any."""
    found = any_pb2.Any()
    found.Pack(value)
    return found


@cache
def _class(name: str) -> type[Any]:
    found: type[Any] = message_factory.GetMessageClass(_pool().FindMessageTypeByName(name))
    return found


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    """protobuf's own pool with the packages of the protocol added, so that JSON finds the types in an Any."""
    pool = descriptor_pool.Default()
    files = [any_pb2.DESCRIPTOR.name, descriptor_pb2.DESCRIPTOR.name]
    for package, messages in _PACKAGES.items():
        file = descriptor_pb2.FileDescriptorProto(name=f"fieldstone/{package}.proto", package=package, syntax="proto3")
        file.dependency.extend(files)
        for name, fields in messages.items():
            declared = file.message_type.add(name=name)
            for field, (number, type_) in fields.items():
                declared.field.append(_field(field, number, type_))
        pool.AddSerializedFile(file.SerializeToString())
        files.append(file.name)
    return pool


def _field(name: str, number: int, type_: str) -> descriptor_pb2.FieldDescriptorProto:
    kinds = descriptor_pb2.FieldDescriptorProto
    element = type_.removeprefix("repeated ")
    field = kinds(name=name, number=number)
    field.label = kinds.LABEL_REPEATED if element != type_ else kinds.LABEL_OPTIONAL
    if "." in element:
        field.type, field.type_name = kinds.TYPE_MESSAGE, f".{element}"
    else:
        field.type = kinds.Type.Value(f"TYPE_{element.upper()}")
    return field
