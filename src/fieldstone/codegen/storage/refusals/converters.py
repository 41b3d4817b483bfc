"""Converters, and values that are always there: that each object fits its field, and has a name of its own."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.class_names import nested_name, record_class
from fieldstone.codegen.scopes import unmarked
from fieldstone.codegen.storage.application.record_types import may_give
from fieldstone.codegen.storage.fields import FieldConversion, field_conversion
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.errors import FieldstoneError
from fieldstone.schema.model import Field, Message


def converters(subject: Subject) -> Iterator[Refusal]:
    """A converter is an object of the application whose functions fit the field."""
    for message, field in subject.own_fields():
        if not field.column.converter or subject.application is None:
            continue
        try:
            found = subject.application.converter(field.column.converter)
        except FieldstoneError as error:
            yield Refusal(field.location, f"the converter of {_name(message, field)}: {error.problem}", error.fix)
            continue
        wanted = unmarked(field_conversion(field, subject.schema).value.annotation)
        if found.gives is not None and not may_give(found.gives, wanted):
            given = " | ".join(sorted(one.name for one in found.gives))
            what = (
                f"to_dto of {field.column.converter} at {found.origin} gives {given}, and {field.name} holds {wanted}"
            )
            yield Refusal(field.location, what, f"let it give {wanted}")


def converters_of_no_record(subject: Subject) -> Iterator[Refusal]:
    """Only a message with a record has attributes to convert."""
    recorded = {message.full_name for message in subject.messages}
    for message, field in subject.own_fields():
        if field.column.converter and message.full_name not in recorded:
            what = f"{_name(message, field)} has a converter, and {message.name} has no record"
            yield Refusal(field.location, what, "leave it out, or store the message")


def converters_not_stored(subject: Subject) -> Iterator[Refusal]:
    """A field without a column has a value when it is read back: none, or one that is not converted."""
    for message, field in subject.own_fields():
        converted = bool(field.column.converter) and not field_conversion(field, subject.schema).may_be_none
        if field.column.not_stored and (converted or field.column.required):
            what = f"{_name(message, field)} is not stored, and a record that is read back needs a value of it"
            yield Refusal(field.location, what, "make it optional, or leave out not_stored")


def names_alike(subject: Subject) -> Iterator[Refusal]:
    """No two converters, and no converter's type and a class, have one name in generated code."""
    seen = {record_class(message): message.full_name for message in subject.messages}
    seen |= {nested_name(enum): enum.full_name for enum in subject.enums}
    for message in subject.messages:
        for field in message.fields.values():
            names = field_conversion(field, subject.schema).converter
            if names is None:
                continue
            for name in map(unmarked, (names.constant, names.type)):
                other = seen.setdefault(name, field.full_name)
                if other != field.full_name and subject.is_own(message):
                    what = f"the converter of {_name(message, field)} is called {name} in generated code, as is {other}"
                    yield Refusal(field.location, what, "give the field another attribute")


def required(subject: Subject) -> Iterator[Refusal]:
    """Only a message or a JSON value can be absent where the schema does not say so."""
    for message, field in subject.own_fields():
        if field.column.required and (problem := _not_required(field, field_conversion(field, subject.schema))):
            yield Refusal(field.location, f"{_name(message, field)} has required: true, {problem[0]}", problem[1])


def _not_required(field: Field, conversion: FieldConversion) -> tuple[str, str] | None:
    if field.oneof:
        return f"and is in the oneof {field.oneof}, of which one member at most is there", "take it out of the oneof"
    if field.cardinality in {"repeated", "map"}:
        return "and a list or map is always there", "leave it out"
    if field.composite == "message" or conversion.value.annotation == "Any":
        return None
    return f"and is a {field.type}", "leave out `optional` where it has it: such a field is always there"


def _name(message: Message, field: Field) -> str:
    return f"{message.name}.{field.name}"


CHECKS = (converters, converters_of_no_record, converters_not_stored, names_alike, required)
"""Every check of the topic."""
