"""The resolved features of a message, an enum or a service: visibility, and what generated code follows."""

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
"""The keywords of what every file may import, and of what its own file alone may use."""


def visibility_of(declared: DescriptorProto | EnumDescriptorProto, features: Features, *, top_level: bool) -> str:
    """Whether other files may use a type: by its own keyword, else by `default_symbol_visibility`.

    A nested type is visible or not whatever holds it is, as in buf and protoc.

    Args:
        declared: the type.
        features: its resolved features.
        top_level: whether it stands directly in its file.
    """
    if declared.visibility == descriptor_pb2.VISIBILITY_EXPORT:
        return EXPORT
    if declared.visibility == descriptor_pb2.VISIBILITY_LOCAL:
        return LOCAL
    default = features["default_symbol_visibility"]
    return EXPORT if default == "EXPORT_ALL" or (default == "EXPORT_TOP_LEVEL" and top_level) else LOCAL


def message_features(features: Features, *, top_level: bool) -> dict[str, str]:
    """The language features that the code of a message follows, by their titles."""
    return generated_by(features, (*_OF_MESSAGES, *(_AT_THE_TOP if top_level else ())))


def enum_features(enum: EnumDescriptorProto, features: Features, *, top_level: bool) -> dict[str, str]:
    """The language features that the code of an enum follows, by their titles; those of values with their names."""
    found = generated_by(features, (*_OF_ENUMS, *(_AT_THE_TOP if top_level else ())))
    for value in enum.value:
        own = resolve(features, value.options)[_PREFIX] if value.HasField("options") else features[_PREFIX]
        if own != features[_PREFIX]:
            found[f"{title(_PREFIX)} of {value.name}"] = own
    return found


def service_features(features: Features) -> dict[str, str]:
    """The language features that the code of a service follows, by their titles."""
    return generated_by(features, _AT_THE_TOP)
