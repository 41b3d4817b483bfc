"""The Python type of a DTO's field where a function takes its value."""

from __future__ import annotations

from fieldstone.codegen.class_names import DtoNames
from fieldstone.codegen.storage.fields import map_types
from fieldstone.schema.model import Enum, Field, Message, Schema

_PYTHON_TYPES = {"bool": "bool", "double": "float", "float": "float", "string": "str", "bytes": "bytes"}


def value_type(field: Field, schema: Schema, names: DtoNames) -> str:
    """The type of a field's value when it is there: "int", "Sequence[str]", "Mapping[str, telemetry_v1_pb2.Step]"."""
    if field.cardinality == "map":
        key, value = map_types(field)
        return f"Mapping[{_scalar(key)}, {_plain(value, field, schema, names)}]"
    plain = _plain(field.type, field, schema, names)
    return f"Sequence[{plain}]" if field.cardinality == "repeated" else plain


def _plain(type_name: str, field: Field, schema: Schema, names: DtoNames) -> str:
    element: Message | Enum | None = schema.messages.get(type_name) or schema.enums.get(type_name)
    return names.of(element) if field.composite and element else _scalar(type_name)


def _scalar(type_name: str) -> str:
    return _PYTHON_TYPES.get(type_name, "int")


def element_of(field: Field, schema: Schema) -> Message | Enum | None:
    """The message or enum that the type of a field names."""
    name = map_types(field)[1] if field.cardinality == "map" else field.type
    return schema.messages.get(name) or schema.enums.get(name)
