"""What may not happen to an enum and its values."""

from __future__ import annotations

from functools import partial

from fieldstone.compatibility.buf_rules.catalogue import Hits, declare, rule
from fieldstone.compatibility.buf_rules.reservations import dropped_reservations
from fieldstone.compatibility.buf_rules.wording import quoted, several
from fieldstone.schema.declarations import DeclaredEnum

_WORDS = {True: "closed", False: "open"}


@rule("ENUM_SAME_TYPE", "Checks that enums have the same type (open vs closed).", "FILE PACKAGE", over="enums")
def enum_same_type(was: DeclaredEnum, now: DeclaredEnum) -> Hits:
    """Open became closed, or the other way."""
    before, after = (enum.features["enum_type"] == "CLOSED" for enum in (was, now))
    if before != after:
        place = now.at("options", "features", "enum_type") or now.place
        yield place, f"Enum {quoted(now.name)} changed from {_WORDS[before]} to {_WORDS[after]}."


@rule(
    "ENUM_SAME_JSON_FORMAT",
    "Checks that enums have the same JSON format support.",
    "CSR FILE PACKAGE WIRE_JSON",
    over="enums",
)
def enum_same_json_format(was: DeclaredEnum, now: DeclaredEnum) -> Hits:
    """The promise of a JSON format was taken back; giving one breaks nothing."""
    before, after = was.features["json_format"], now.features["json_format"]
    if before == "ALLOW" != after:
        place = now.at("options", "features", "json_format") or now.place
        yield place, f"Enum {quoted(now.name)} JSON format support changed from {before} to {after}."


@rule(
    "ENUM_VALUE_SAME_NAME",
    "Checks that enum values have the same name.",
    "CSR FILE PACKAGE WIRE_JSON",
    over="enums",
)
def enum_value_same_name(was: DeclaredEnum, now: DeclaredEnum) -> Hits:
    """A number lost one of its names; said of each value that has the number now."""
    for value in now.values:
        before, after = was.names_by_number.get(value.number, []), now.names_by_number[value.number]
        if not set(before) <= set(after):
            word = "names" if min(len(before), len(after)) > 1 else "name"
            subject = f'Enum value "{value.number}" on enum {quoted(now.name)}'
            place = value.at("number") or value.place
            yield place, f"{subject} changed {word} from {several(before)} to {several(after)}."


def _value_gone(unless: str, was: DeclaredEnum, now: DeclaredEnum) -> Hits:
    for number, names in was.names_by_number.items():
        if number in now.names_by_number:
            continue
        tail = ""
        if unless == "number":
            if any(first <= number <= last for first, last in now.reserved_ranges):
                continue
            tail = f' without reserving the number "{number}"'
        if unless == "name":
            if set(names) <= set(now.reserved_names):
                continue
            tail = f" without reserving the name{'s' if len(names) > 1 else ''} {several(names)}"
        yield now.place, f'Previously present enum value "{number}" on enum {quoted(now.name)} was deleted{tail}.'


for _suffix, _unless, _purpose, _categories in (
    ("", "", "", "CSR FILE PACKAGE"),
    ("_UNLESS_NAME_RESERVED", "name", " unless the name is reserved", "CSR WIRE_JSON"),
    ("_UNLESS_NUMBER_RESERVED", "number", " unless the number is reserved", "CSR WIRE_JSON WIRE"),
):
    declare(
        f"ENUM_VALUE_NO_DELETE{_suffix}",
        f"Checks that enum values are not deleted from a given enum{_purpose}.",
        _categories,
        over="enums",
        check=partial(_value_gone, _unless),
    )

declare(
    "RESERVED_ENUM_NO_DELETE",
    "Checks that reserved ranges and names are not deleted from a given enum.",
    "CSR FILE PACKAGE WIRE_JSON WIRE",
    over="enums",
    check=dropped_reservations,
)
