"""The names of a field in ProtoJSON: the one that it is written under, and those that it is read from.

A field is written under its JSON name. Parsers accept that and the name of the field in the source; where
two fields have a claim to a name, the JSON name goes first
(https://protobuf.dev/programming-guides/json/#json-options). An extension is called `[acme.v1.note]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import Losses

if TYPE_CHECKING:
    from fieldstone.schema.model import Field, Message


def written(field: Field) -> str:
    """The name that a field is written under."""
    return field.json_name if field.extendee is None else f"[{field.full_name}]"


def accepted(field: Field) -> frozenset[str]:
    """The names that a parser takes for a field, if no other field of the message is written under one of them."""
    return frozenset({written(field)} if field.extendee is not None else {field.json_name, field.name})


def taken_for(name: str, message: Message) -> Field | None:
    """The field that a parser takes a name for.

    Args:
        name: a name in the JSON of the message.
        message: the message as the parser knows it.
    """
    return message.by_json_name.get(name) or message.fields.get(message.numbers.get(name, 0))


def counterpart(field: Field, old: Message, new: Message) -> Field | None:
    """The field of a newer message that takes the JSON of an older one's, or else is taken for it.

    Args:
        field: the field of the older message.
        old: that message.
        new: the newer one.
    """
    read = taken_for(written(field), new)
    return read or next((other for other in new.fields.values() if taken_for(written(other), old) == field), None)


def losses(old_field: Field, old_message: Message, new_field: Field, new_message: Message) -> Losses:
    """The losses of JSON because of a field's names; whether the values can be read is not asked.

    Args:
        old_field: the field as it was.
        old_message: the message that has it.
        new_field: the field that it became, under whatever number.
        new_message: the message that has it.

    Returns:
        for whom JSON breaks: who reads old data where the new parser takes the old name for nothing or for another
        field, who is read by old code in the opposite case.
    """
    read, is_read = taken_for(written(old_field), new_message), taken_for(written(new_field), old_message)
    found = {
        Direction.READING_OLD: read is None or read.number != new_field.number,
        Direction.READ_BY_OLD: is_read is None or is_read.number != old_field.number,
    }
    return frozenset((Surface.JSON, direction) for direction, is_lost in found.items() if is_lost)
