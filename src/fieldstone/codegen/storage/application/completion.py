"""A schema with what the application's classes say beyond it: ready converters for types like UUID and tuple."""

from __future__ import annotations

from msgspec.structs import replace

from fieldstone.codegen.scopes import unmarked
from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.ready_converters import ready_for
from fieldstone.codegen.storage.fields import field_conversion
from fieldstone.errors import FieldstoneError
from fieldstone.schema.entity import ColumnOptions
from fieldstone.schema.model import Field, Message, Schema


def with_ready_converters(schema: Schema, application: Application) -> Schema:
    """The schema, in which attributes of the application's classes have the converters that their types take.

    A converted JSON value whose attribute cannot be None is required. Classes that are not found change nothing.

    Args:
        schema: the schema with all imported files.
        application: the application's classes.
    """
    changed = {
        name: completed
        for name, message in schema.messages.items()
        if (completed := _completed(message, schema, application)) is not message
    }
    return replace(schema, messages={**schema.messages, **changed}) if changed else schema


def _completed(message: Message, schema: Schema, application: Application) -> Message:
    if message.entity is None or not message.entity.record:
        return message
    try:
        attributes = application.record(message.entity.record).attributes
    except FieldstoneError:
        return message  # a refusal says so
    fields = dict(message.fields)
    for number, field in fields.items():
        attribute = attributes.get(field.column.attribute or field.name)
        if attribute is None:
            continue
        plain = unmarked(field_conversion(field, schema).value.annotation)
        converter = field.column.converter or ready_for(attribute, plain, application.sources)
        required = bool(converter) and plain == "Any" and not attribute.may_be_none
        fields[number] = _with(field, converter, required=field.column.required or required)
    return replace(message, fields=fields) if fields != message.fields or _differ(fields, message) else message


def _differ(fields: dict[int, Field], message: Message) -> bool:
    """Whether some field has other options; fields compare without them."""
    return any(field.column != message.fields[number].column for number, field in fields.items())


def _with(field: Field, converter: str, *, required: bool) -> Field:
    column: ColumnOptions = replace(field.column, converter=converter, required=required)
    return replace(field, column=column)
