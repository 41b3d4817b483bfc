"""The resolved features of a message, enum or service: visibility, and features that affect generated code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2

from fieldstone.schema.features import Features, generated_by, resolve, title

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto

_PREFIX = "go_strip_enum_prefix"
_OF_MESSAGES = ("go_api_level",)
_OF_ENUMS = (_PREFIX, "go_legacy_unmarshal_json_enum", "cpp_enum_name_uses_string_view", "java_large_enum")
_AT_THE_TOP = ("java_nest_in_file_class",)

EXPORT, LOCAL = "export", "local"
"""The visibility of types that every file may import, and of types that only their own file may use."""


def visibility_of(declared: DescriptorProto | EnumDescriptorProto, features: Features, *, top_level: bool) -> str:
    """Whether other files may use a type: by its own keyword, else by `default_symbol_visibility`.

    The visibility of the type around a nested one does not matter, as in buf and protoc.

    Args:
        declared: the type.
        features: its resolved features.
        top_level: whether it is at the top level of its file.
    """
    if declared.visibility == descriptor_pb2.VISIBILITY_EXPORT:
        return EXPORT
    if declared.visibility == descriptor_pb2.VISIBILITY_LOCAL:
        return LOCAL
    default = features["default_symbol_visibility"]
    return EXPORT if default == "EXPORT_ALL" or (default == "EXPORT_TOP_LEVEL" and top_level) else LOCAL


def message_features(features: Features, *, top_level: bool) -> dict[str, str]:
    """The language features that affect a message's generated code, by title."""
    return generated_by(features, (*_OF_MESSAGES, *(_AT_THE_TOP if top_level else ())))


def enum_features(enum: EnumDescriptorProto, features: Features, *, top_level: bool) -> dict[str, str]:
    """The language features that affect an enum's generated code, by title; a value's feature includes its name."""
    found = generated_by(features, (*_OF_ENUMS, *(_AT_THE_TOP if top_level else ())))
    for value in enum.value:
        own = resolve(features, value.options)[_PREFIX] if value.HasField("options") else features[_PREFIX]
        if own != features[_PREFIX]:
            found[f"{title(_PREFIX)} of {value.name}"] = own
    return found


def service_features(features: Features) -> dict[str, str]:
    """The language features that affect a service's generated code, by title."""
    return generated_by(features, _AT_THE_TOP)
