"""The converters of a module's attributes -> their views, for the module that wraps them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from fieldstone.codegen.class_names import record_class
from fieldstone.codegen.scopes import unmarked
from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.annotations import ImportedType
from fieldstone.codegen.storage.application.ready_converters import RUNTIME
from fieldstone.codegen.storage.attribute_views import AttributeConverterView
from fieldstone.codegen.storage.fields import field_conversion
from fieldstone.schema.model import Field, Message, Schema


def converter_views(
    messages: Iterable[Message], schema: Schema, application: Application
) -> Iterator[AttributeConverterView]:
    """The converters of messages that have records.

    Args:
        messages: the messages.
        schema: the schema with all imported files, completed by `with_ready_converters`.
        application: the application's classes and converters.
    """
    for message in messages:
        for field in message.fields.values():
            if field.column.converter:
                yield _view(message, field, schema, application)


def _view(message: Message, field: Field, schema: Schema, application: Application) -> AttributeConverterView:
    conversion = field_conversion(field, schema)
    found = application.converter(field.column.converter)
    known = _type(message, unmarked(conversion.attribute), found.takes, application)
    assert conversion.converter is not None  # noqa: S101 - the field has one
    return AttributeConverterView(
        constant=conversion.converter.constant,
        alias=conversion.converter.type,
        type=known.text,
        record=record_class(message),
        attribute=conversion.attribute,
        reference=field.column.converter,
        expression=found.expression,
        fits=_in_module(ast.parse(conversion.value.limit, mode="eval").body),
        examples=_examples(field.column.converter, conversion.value.limit),
        has_example=found.has_example,
        modules=found.modules,
        type_modules=known.modules,
    )


def _in_module(limit: ast.expr) -> str:
    """A check with the names of `fieldstone_runtime.limits` as attributes; `a` is given a record's class."""
    if isinstance(limit, ast.Call):
        name = _in_module(limit.func)
        return f"{name}({', '.join(map(ast.unparse if name == '_limits.a' else _in_module, limit.args))})"
    return f"_limits.{ast.unparse(limit)}"


def _examples(reference: str, limit: str) -> str:
    """The check whose values a ready converter of JSON values reads."""
    if limit != "json_value":
        return limit
    return _IN_JSON.get(reference, limit)


_IN_JSON = {f"{RUNTIME}:Mappings": "json_object", f"{RUNTIME}:Sequences": "json_list", f"{RUNTIME}:Tuples": "json_list"}


def _type(message: Message, attribute: str, takes: ImportedType, application: Application) -> ImportedType:
    """The attribute's type: that of the application's class, else the one that the converter takes."""
    if message.entity is None or not message.entity.record:
        return takes
    declared = application.record(message.entity.record).attributes[attribute].imported
    return declared if declared.is_known else takes
