"""The application's own classes: that they are there and hold what the fields give."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fieldstone.codegen.scopes import unmarked
from fieldstone.codegen.storage.application.attributes import RecordAttribute
from fieldstone.codegen.storage.application.record_classes import RecordClass
from fieldstone.codegen.storage.application.record_kinds import PYDANTIC
from fieldstone.codegen.storage.application.record_types import Type, fits
from fieldstone.codegen.storage.fields import FieldConversion, field_conversion
from fieldstone.codegen.storage.refusals.classes import attribute_name
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.errors import FieldstoneError
from fieldstone.schema.model import Field, Message
from fieldstone.schema.storage import annotation_location
from fieldstone.suggestions import did_you_mean


def classes(subject: Subject) -> Iterator[Refusal]:
    """A record class is there, and fits the message's fields."""
    for message, entity in subject.entities:
        if not entity.record or subject.application is None:
            continue
        try:
            record = subject.application.record(entity.record)
        except FieldstoneError as error:
            yield Refusal(annotation_location(message), f"the record of {message.name}: {error.problem}", error.fix)
            continue
        for field in message.fields.values():
            yield from _attribute(subject, record, message, field)
        yield from _not_filled(record, message)


def _attribute(subject: Subject, record: RecordClass, message: Message, field: Field) -> Iterator[Refusal]:
    """A field has an attribute of the record that holds what it gives."""
    name = attribute_name(field)
    attribute = record.attributes.get(name)
    if attribute is None or attribute.init_only:
        known = [a.name for a in record.attributes.values() if not a.init_only]
        unread = f" (the source of its base {record.unread[0]} was not found)" if record.unread else ""
        what = f"{record.name} at {record.path}:{record.line} has no attribute {name} for {message.name}.{field.name}"
        fix = did_you_mean(name, known) or "add it, or name another with attribute"
        yield Refusal(field.location, what + unread, fix)
    elif not attribute.keyword.isidentifier():
        what = f"{_origin(record, attribute)} cannot be given: {attribute.not_given or 'its argument has no name'}"
        yield Refusal(field.location, what, _WAYS_TO_GIVE.get(record.kind, _LEAVE_OUT))
    else:
        yield from _type(subject, record, attribute, field)


_LEAVE_OUT = "leave out init=False, or name another with attribute"
_WAYS_TO_GIVE = {PYDANTIC: "set populate_by_name=True in its model_config, or name another with attribute"}


def _type(subject: Subject, record: RecordClass, attribute: RecordAttribute, field: Field) -> Iterator[Refusal]:
    conversion = field_conversion(field, subject.schema)
    if conversion.converter is not None:
        if conversion.may_be_none and not attribute.may_be_none:
            what = f"{_origin(record, attribute)} is of type {attribute.annotation}, and {field.name} may be absent"
            yield Refusal(field.location, what, f"annotate it as {attribute.annotation} | None, {_always(conversion)}")
        elif attribute.holds_none and not conversion.may_be_none:
            what = f"{_origin(record, attribute)} is of type {attribute.annotation}, and {field.name} is never absent"
            yield Refusal(field.location, what, "leave None out, or make the field optional")
        return
    wanted = _expected(subject, field)
    if not fits(attribute.types, wanted):
        what = f"{_origin(record, attribute)} is of type {attribute.annotation}, and {field.name} gives {wanted}"
        yield Refusal(field.location, what, f"annotate it as {wanted}, {_way_out(subject, attribute, field)}")
    elif Type("None") in attribute.types and not wanted.endswith(("None", "Any")):
        what = f"{_origin(record, attribute)} is of type {attribute.annotation}, and {field.name} is never absent"
        yield Refusal(field.location, what, f"annotate it as {wanted}, or make the field optional")


def _way_out(subject: Subject, attribute: RecordAttribute, field: Field) -> str:
    conversion = field_conversion(field, subject.schema)
    plain = re.sub(r"\w+ \| int\b", "int", unmarked(conversion.value.annotation))
    if conversion.optional and fits(attribute.types, plain):
        return _always(conversion)
    return "or name a converter"


def _always(conversion: FieldConversion) -> str:
    """The way to make a field one that is always there."""
    if conversion.field.composite == "message" and not conversion.field.oneof:
        return "or set required: true"
    return "or make the field one that is always there"


def _expected(subject: Subject, field: Field) -> str:
    """The annotation that an attribute of the application's own record needs; an enum's value is a number there."""
    wanted = unmarked(field_conversion(field, subject.schema).annotation)
    return re.sub(r"\w+ \| int\b", "int", wanted) if field.composite == "enum" else wanted


def _not_filled(record: RecordClass, message: Message) -> Iterator[Refusal]:
    """Every attribute without a default has a field."""
    filled = {attribute_name(field) for field in message.fields.values()}
    for attribute in record.attributes.values():
        if attribute.keyword and not attribute.has_default and attribute.name not in filled:
            what = f"{_origin(record, attribute)} has no default, and no field of {message.name} fills it"
            yield Refusal(
                annotation_location(message), what, "give it a default, or name it as the attribute of a field"
            )


def _origin(record: RecordClass, attribute: RecordAttribute) -> str:
    return f"{record.name}.{attribute.name} at {record.path}:{attribute.line}"


CHECKS = (classes,)
"""Every check of the topic."""
