"""Properties of a field after resolving features: type, presence, options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2

from fieldstone.schema.features import Features, generated_by, resolve

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto

_PACKABLE = frozenset(
    "double float int64 uint64 int32 fixed64 fixed32 bool uint32 sfixed32 sfixed64 sint32 sint64".split()
)
_MESSAGES = frozenset(
    {descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE, descriptor_pb2.FieldDescriptorProto.TYPE_GROUP}
)
_CLOSED = ("cpp_legacy_closed_enum", "java_legacy_closed_enum")
_REPEATED = ("cpp_repeated_type",)
_ZEROS = {"bool": "false", "string": "", "bytes": ""}
_LONG_INTEGERS = frozenset("int64 uint64 sint64 fixed64 sfixed64".split())


def type_of(field: FieldDescriptorProto) -> str:
    """The keyword of a scalar, or the full name of a message or enum."""
    if field.type_name:
        return field.type_name.removeprefix(".")
    return descriptor_pb2.FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def map_type(entry: DescriptorProto) -> str:
    """The type of a map field, `map<K, V>`, from its generated entry message."""
    key, value = sorted(entry.field, key=lambda field: field.number)
    return f"map<{type_of(key)}, {type_of(value)}>"


def composite_of(field: FieldDescriptorProto, entry: DescriptorProto | None) -> str:
    """The kind of a field's type, or of a map's value type: `message`, `enum`, or empty for a scalar."""
    if entry is not None:
        field = max(entry.field, key=lambda part: part.number)
    if field.type in _MESSAGES:
        return "message"
    return "enum" if field.type == descriptor_pb2.FieldDescriptorProto.TYPE_ENUM else ""


def cardinality_of(field: FieldDescriptorProto, features: Features, *, is_map: bool) -> str:
    """The cardinality of a field, as in `Field.cardinality`."""
    if is_map:
        return "map"
    if field.label == descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED:
        return "repeated"
    required = field.label == descriptor_pb2.FieldDescriptorProto.LABEL_REQUIRED
    return "required" if required or features["field_presence"] == "LEGACY_REQUIRED" else "singular"


def presence_of(field: FieldDescriptorProto, features: Features, cardinality: str) -> str:
    """The presence of a field, as in `Field.presence`."""
    if cardinality in {"map", "repeated"}:
        return "none"
    if cardinality == "required":
        return "required"
    explicit = (
        field.type in _MESSAGES
        or field.HasField("oneof_index")
        or bool(field.extendee)
        or features["field_presence"] == "EXPLICIT"
    )
    return "explicit" if explicit else "implicit"


def is_group(field: FieldDescriptorProto, features: Features) -> bool:
    """Whether the message in the field is encoded with an end tag instead of a length."""
    kind = field.type
    delimited = features["message_encoding"] == "DELIMITED"
    return kind == descriptor_pb2.FieldDescriptorProto.TYPE_GROUP or (
        kind == descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE and delimited
    )


def field_options(field: FieldDescriptorProto, features: Features, cardinality: str) -> dict[str, str]:
    """The resolved options that apply to the field's type."""
    options, kind = field.options, type_of(field)
    found: dict[str, str] = {}
    if kind in _LONG_INTEGERS:
        found["jstype"] = descriptor_pb2.FieldOptions.JSType.Name(options.jstype)
    if cardinality == "repeated" and (kind in _PACKABLE or field.type == descriptor_pb2.FieldDescriptorProto.TYPE_ENUM):
        packed = options.packed if options.HasField("packed") else features["repeated_field_encoding"] == "PACKED"
        found["packed"] = str(packed).lower()
    if kind in {"string", "bytes"}:
        ctype = descriptor_pb2.FieldOptions.CType.Name(options.ctype)
        found["C++ string type"] = ctype if options.HasField("ctype") else features["cpp_string_type"]
    if kind == "string":
        found |= _text_options(features)
    is_enum = field.type == descriptor_pb2.FieldDescriptorProto.TYPE_ENUM
    names = (*(_CLOSED if is_enum else ()), *(_REPEATED if cardinality == "repeated" else ()))
    return found | generated_by(features, names)


def map_options(entry: DescriptorProto, features: Features) -> dict[str, str]:
    """The options of the keys and values of a map."""
    found: dict[str, str] = {}
    for part in entry.field:
        if type_of(part) == "string":
            options = _text_options(resolve(features, part.options))
            found |= {f"{option} of the {part.name}s": value for option, value in options.items()}
    is_of_enums = composite_of(entry.field[0], entry) == "enum"
    return found | generated_by(features, _CLOSED if is_of_enums else ())


def _text_options(features: Features) -> dict[str, str]:
    utf8 = features["utf8_validation"]
    java = "VERIFY" if features["java_utf8_validation"] == "VERIFY" else utf8
    return {"utf8_validation": utf8, "Java utf8_validation": java}


def unset_value(field: FieldDescriptorProto, cardinality: str, enums: Mapping[str, EnumDescriptorProto]) -> str:
    """The value that a reader gets for an unsent field; empty if there is none."""
    if cardinality in {"map", "repeated"} or field.type in _MESSAGES:
        return ""
    if field.type == descriptor_pb2.FieldDescriptorProto.TYPE_ENUM:
        enum = enums.get(field.type_name.removeprefix("."))  # absent in an image without its imports
        values = list(enum.value) if enum else []
        chosen = [value for value in values if value.name == field.default_value] or values
        return str(chosen[0].number) if chosen else ""
    default = field.default_value or _ZEROS.get(type_of(field), "0")
    return "0" if default == "-0" else default
