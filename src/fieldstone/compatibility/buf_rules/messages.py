"""What may not happen to a message and what it holds."""

from __future__ import annotations

from functools import partial

from fieldstone.compatibility.buf_rules.catalogue import Hits, declare, rule
from fieldstone.compatibility.buf_rules.reservations import dropped_ranges, dropped_reservations
from fieldstone.compatibility.buf_rules.wording import quoted
from fieldstone.schema.declarations import DeclaredMessage

_REQUIRED_BREAKS = (
    "Required fields must always be sent, so if one side does not know about the required field, "
    "this will result in a breakage."
)


@rule(
    "MESSAGE_SAME_JSON_FORMAT",
    "Checks that messages have the same JSON format support.",
    "CSR FILE PACKAGE WIRE_JSON",
    over="messages",
)
def message_same_json_format(was: DeclaredMessage, now: DeclaredMessage) -> Hits:
    """The promise of a JSON format was taken back; giving one breaks nothing."""
    before, after = was.features["json_format"], now.features["json_format"]
    if before == "ALLOW" != after:
        place = now.at("options", "features", "json_format") or now.place
        yield place, f"Message {quoted(now.name)} JSON format support changed from {before} to {after}."


@rule(
    "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR",
    "Checks that messages do not change the no_standard_descriptor_accessor option from false or unset to true.",
    "CSR FILE PACKAGE",
    over="messages",
)
def message_no_remove_standard_descriptor_accessor(was: DeclaredMessage, now: DeclaredMessage) -> Hits:
    """Generated code lost its `descriptor()`."""
    if now.lacks_descriptor_accessor and not was.lacks_descriptor_accessor:
        place = now.at("options", "no_standard_descriptor_accessor") or now.place
        yield place, 'Message option "no_standard_descriptor_accessor" changed from "false" to "true".'


@rule(
    "MESSAGE_SAME_REQUIRED_FIELDS",
    "Checks that messages have no added or deleted required fields.",
    "CSR FILE PACKAGE WIRE_JSON WIRE",
    over="messages",
)
def message_same_required_fields(was: DeclaredMessage, now: DeclaredMessage) -> Hits:
    """A required field came or went; only those that say `required` count, not those of editions."""
    before, after = ({field.number: field for field in m.fields if field.has_required_label} for m in (was, now))
    subject = f"Message {quoted(now.name)} had required field"
    for number in before.keys() - after.keys():
        yield now.place, f'{subject} "{number}" deleted. {_REQUIRED_BREAKS}'
    for number in after.keys() - before.keys():
        yield after[number].place, f'{subject} "{number}" added. {_REQUIRED_BREAKS}'


@rule(
    "EXTENSION_MESSAGE_NO_DELETE",
    "Checks that extension ranges are not deleted from a given message.",
    "CSR FILE PACKAGE",
    over="messages",
)
def extension_message_no_delete(was: DeclaredMessage, now: DeclaredMessage) -> Hits:
    """Numbers are no longer left to extensions."""
    return dropped_ranges("extension", was.extension_ranges, now.extension_ranges, now)


@rule(
    "ONEOF_NO_DELETE", "Checks that oneofs are not deleted from a given message.", "CSR FILE PACKAGE", over="messages"
)
def oneof_no_delete(was: DeclaredMessage, now: DeclaredMessage) -> Hits:
    """A oneof is gone; one that the compiler makes of `optional` may take its name."""
    for name in was.oneofs:
        if name not in now.all_oneofs:
            yield now.place, f"Previously present oneof {quoted(name)} on message {quoted(now.name)} was deleted."


def _field_gone(unless: str, was: DeclaredMessage, now: DeclaredMessage) -> Hits:
    for field in was.fields:
        if field.number in now.by_number:
            continue
        tail = ""
        if unless == "number":
            if any(first <= field.number <= last for first, last in now.reserved_ranges):
                continue
            tail = f' without reserving the number "{field.number}"'
        if unless == "name":
            if field.name in now.reserved_names:
                continue
            tail = f" without reserving the name {quoted(field.name)}"
        subject = f'field "{field.number}" with name {quoted(field.name)} on message {quoted(now.name)}'
        yield now.place, f"Previously present {subject} was deleted{tail}."


for _suffix, _unless, _purpose, _categories in (
    ("", "", "", "CSR FILE PACKAGE"),
    ("_UNLESS_NAME_RESERVED", "name", " unless the name is reserved", "CSR WIRE_JSON"),
    ("_UNLESS_NUMBER_RESERVED", "number", " unless the number is reserved", "CSR WIRE_JSON WIRE"),
):
    declare(
        f"FIELD_NO_DELETE{_suffix}",
        f"Checks that fields are not deleted from a given message{_purpose}.",
        _categories,
        over="messages",
        check=partial(_field_gone, _unless),
    )

declare(
    "RESERVED_MESSAGE_NO_DELETE",
    "Checks that reserved ranges and names are not deleted from a given message.",
    "CSR FILE PACKAGE WIRE_JSON WIRE",
    over="messages",
    check=dropped_reservations,
)
