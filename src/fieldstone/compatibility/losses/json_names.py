"""The JSON names of a field: the one that is written, and those that are accepted.

A field is written under its JSON name. Parsers accept that name and the field's source name; if two fields claim a
name, the JSON name wins (https://protobuf.dev/programming-guides/json/#json-options). An extension is written as
`[acme.v1.note]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import Losses

if TYPE_CHECKING:
    from fieldstone.schema.model import Field, Message


def written(field: Field) -> str:
    """The JSON name that a field is written under."""
    return field.json_name if field.extendee is None else f"[{field.full_name}]"


def accepted(field: Field) -> frozenset[str]:
    """The JSON names that a parser accepts for a field, if no other field is written under one of them."""
    return frozenset({written(field)} if field.extendee is not None else {field.json_name, field.name})


def taken_for(name: str, message: Message) -> Field | None:
    """The field that a parser assigns a JSON name to.

    Args:
        name: a name in the JSON of the message.
        message: the message as the parser knows it.
    """
    return message.by_json_name.get(name) or message.fields.get(message.numbers.get(name, 0))


def counterpart(field: Field, old: Message, new: Message) -> Field | None:
    """The field of a newer message that reads the JSON of an older field, or else whose JSON the older field reads.

    Args:
        field: the field of the older message.
        old: the older message.
        new: the newer message.
    """
    read = taken_for(written(field), new)
    return read or next((other for other in new.fields.values() if taken_for(written(other), old) == field), None)


def losses(old_field: Field, old_message: Message, new_field: Field, new_message: Message) -> Losses:
    """The JSON losses from a change of a field's names; the values themselves are not compared.

    Args:
        old_field: the field before.
        old_message: its message.
        new_field: the same field now, under any number.
        new_message: its message.

    Returns:
        for whom JSON breaks: readers of old data if the new parser ignores the old name or assigns it to another field,
        old readers in the opposite case.
    """
    by_new, by_old = taken_for(written(old_field), new_message), taken_for(written(new_field), old_message)
    found = {
        Direction.READING_OLD: by_new is None or by_new.number != new_field.number,
        Direction.READ_BY_OLD: by_old is None
        or by_old.number != old_field.number
        or _is_taken_by_new(old_field, old_message, new_field, new_message),
    }
    return frozenset((Surface.JSON, direction) for direction, is_lost in found.items() if is_lost)


def _is_taken_by_new(old_field: Field, old_message: Message, new_field: Field, new_message: Message) -> bool:
    """Whether the newer message writes a new field under a name that old code reads the field from."""
    names = (name for name in accepted(old_field) if taken_for(name, old_message) == old_field)
    others = (new_message.by_json_name.get(name) for name in names)
    return any(o is not None and o.number != new_field.number and o.number not in old_message.fields for o in others)
