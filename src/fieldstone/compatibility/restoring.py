"""Texts by which a field is as released again: following a fix must not lead to the next refusal."""

from __future__ import annotations

import re
from typing import Any

from fieldstone.compatibility.pairing import Change
from fieldstone.schema.model import Field, Message, Schema

_PRESENCE = {"explicit": "EXPLICIT", "implicit": "IMPLICIT", "required": "LEGACY_REQUIRED"}
"""The values of `features.field_presence` (https://protobuf.dev/editions/features/#field_presence)."""


def as_released(change: Change, old_schema: Schema, new_schema: Schema) -> str:
    """The released declaration in backticks, and whatever else the released element had and the new one lacks.

    Args:
        change: a change with a released element.
        old_schema: the released schema.
        new_schema: the current schema.
    """
    old, new = change.sides
    if old is None:
        return ""
    if not isinstance(old, Field):
        return f"`{old.declaration}`"
    now = new if isinstance(new, Field) else None
    file = new_schema.files.get(change.location.path) or old_schema.files.get(old.location.path)
    is_edition = file is not None and file.syntax.startswith("edition")
    return f"`{_declaration(old, now, is_edition=is_edition)}`{_around(change, old, now)}"


def _declaration(old: Field, new: Field | None, *, is_edition: bool) -> str:
    options = dict[str, Any]()
    if old.default is not None:
        options["default"] = old.default
    if old.json_name != derived_json_name(old.name) and (new is None or new.json_name != old.json_name):
        options["json_name"] = f'"{old.json_name}"'
    if is_edition and old.presence in _PRESENCE and (new is None or new.presence != old.presence) and not old.oneof:
        options["features.field_presence"] = _PRESENCE[old.presence]
    if is_edition and old.group and not (new and new.group):
        options["features.message_encoding"] = "DELIMITED"
    label = "" if is_edition and old.label != "repeated " else old.label
    listed = ", ".join(f"{name} = {value}" for name, value in options.items())
    return f"{label}{old.type} {old.name} = {old.number}{f' [{listed}]' if listed else ''};"


def _around(change: Change, old: Field, new: Field | None) -> str:
    """The place of the declaration where that is another one than now, and what else names the field."""
    words = []
    if old.oneof and (new is None or new.oneof != old.oneof):
        words.append(f" in oneof `{old.oneof}`")
    elif new is not None and new.oneof and not old.oneof:
        words.append(f" outside of oneof `{new.oneof}`")
    if old.extendee and (new is None or new.extendee != old.extendee):
        words.append(f" in `extend {old.extendee}`")
    if new is not None and old.declaration == new.declaration and old.composite != new.composite:
        words.append(f" and {old.composite} `{old.holds}`")
    if new is not None and old.unset != new.unset and old.composite == "enum" and old.default == new.default:
        words.append(f" and the first value of `{old.holds}`")
    message = change.within.new if change.within else None
    if new is not None and old.name != new.name and isinstance(message, Message) and message.entity is not None:
        words.append(f" and its name in the annotation of `{message.name}`")
    return "".join(words)


def derived_json_name(name: str) -> str:
    """The JSON name that protoc derives from a field's name."""
    return re.sub(r"_+(.?)", lambda found: found[1].upper(), name)
