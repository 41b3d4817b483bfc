"""What may not happen to a field or an extension, apart from its type."""

from __future__ import annotations

from functools import partial

from fieldstone.compatibility.buf_rules.catalogue import Hits, declare, rule
from fieldstone.compatibility.buf_rules.wording import quoted, subject
from fieldstone.schema.declarations import DeclaredField
from fieldstone.schema.features import LANGUAGE_FEATURES

_PRESENCES = {"explicit": "optional with explicit presence", "implicit": "optional with implicit presence"}
_EVERYWHERE = "CSR FILE PACKAGE WIRE_JSON WIRE"
_JAVA_UTF8 = next(path for path, (name, _) in LANGUAGE_FEATURES.items() if name == "java_utf8_validation")
_CPP_STRING = next(path for path, (name, _) in LANGUAGE_FEATURES.items() if name == "cpp_string_type")


@rule(
    "FIELD_SAME_NAME",
    "Checks that fields have the same names in a given message.",
    "CSR FILE PACKAGE WIRE_JSON",
    over="fields",
)
def field_same_name(was: DeclaredField, now: DeclaredField) -> Hits:
    """Another name; of an extension, the full one."""
    before, after = (field.full_name if now.extendee else field.name for field in (was, now))
    if before != after:
        change = f"changed name from {quoted(before)} to {quoted(after)}"
        yield now.at("name") or now.place, f"{subject(now, with_name=False)} {change}."


@rule(
    "FIELD_SAME_JSON_NAME",
    "Checks that fields have the same value for the json_name option.",
    "CSR FILE PACKAGE WIRE_JSON",
    over="fields",
)
def field_same_json_name(was: DeclaredField, now: DeclaredField) -> Hits:
    """Another name in JSON, given or derived; extensions have none of their own."""
    if was.json_name != now.json_name and not now.extendee:
        change = f"from {quoted(was.json_name)} to {quoted(now.json_name)}"
        yield now.at("json_name") or now.place, f'{subject(now)} changed option "json_name" {change}.'


@rule("FIELD_SAME_ONEOF", "Checks that fields have the same oneofs in a given message.", _EVERYWHERE, over="fields")
def field_same_oneof(was: DeclaredField, now: DeclaredField) -> Hits:
    """Into a oneof, out of one, or from one to another."""
    if was.oneof == now.oneof:
        return
    if was.oneof is None:
        yield now.place, f"{subject(now)} moved from outside to inside a oneof."
    elif now.oneof is None:
        yield now.place, f"{subject(now)} moved from inside to outside a oneof."
    else:  # the q is buf's
        yield now.place, f"{subject(now)}q moved from oneof {quoted(was.oneof)} to oneof {quoted(now.oneof)}."


def _cardinality(field: DeclaredField) -> str:
    return _PRESENCES.get(field.presence, field.cardinality)


_SAME = {cardinality: cardinality for cardinality in (*_PRESENCES.values(), "required", "repeated", "map")}
_SAME_IN_JSON = _SAME | dict.fromkeys(_PRESENCES.values(), "optional")
_SAME_ON_THE_WIRE = _SAME_IN_JSON | {"map": "repeated"}


def _same_cardinality(classes: dict[str, str], was: DeclaredField, now: DeclaredField) -> Hits:
    before, after = _cardinality(was), _cardinality(now)
    if classes[before] != classes[after] and not now.in_map_entry:
        change = f"from {quoted(before)} to {quoted(after)}"
        yield now.place, f"{subject(now)} changed cardinality {change}."


declare(
    "FIELD_SAME_CARDINALITY",
    "Checks that fields have the same cardinalities in a given message.",
    "FILE PACKAGE",
    v1beta1="FILE PACKAGE WIRE_JSON WIRE",
    over="fields",
    check=partial(_same_cardinality, _SAME),
)
declare(
    "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
    "Checks that fields have wire and JSON compatible cardinalities in a given message.",
    "CSR WIRE_JSON",
    over="fields",
    check=partial(_same_cardinality, _SAME_IN_JSON),
)
declare(
    "FIELD_WIRE_COMPATIBLE_CARDINALITY",
    "Checks that fields have wire-compatible cardinalities in a given message.",
    "WIRE",
    over="fields",
    check=partial(_same_cardinality, _SAME_ON_THE_WIRE),
)


def _both(was: DeclaredField, now: DeclaredField, option: str) -> tuple[str, str] | None:
    """An option that means something for both types and has changed; not looked for where it does not."""
    if option not in was.options or option not in now.options or was.options[option] == now.options[option]:
        return None
    return was.options[option], now.options[option]


@rule(
    "FIELD_SAME_JSTYPE", "Checks that fields have the same value for the jstype option.", "FILE PACKAGE", over="fields"
)
def field_same_jstype(was: DeclaredField, now: DeclaredField) -> Hits:
    """A 64-bit integer became a string in JavaScript, or the other way."""
    changed = _both(was, now, "jstype")
    if changed:
        place = now.at("options", "jstype") or now.place
        yield place, f'{subject(now)} changed option "jstype" from {quoted(changed[0])} to {quoted(changed[1])}.'


@rule(
    "FIELD_SAME_CPP_STRING_TYPE",
    "Checks that fields have the same C++ string type, based on ctype field option or (pb.cpp).string_type feature.",
    "FILE PACKAGE",
    over="fields",
)
def field_same_cpp_string_type(was: DeclaredField, now: DeclaredField) -> Hits:
    """Another type of string in C++; a STRING_PIECE was a STRING to every compiler that is in use."""
    changed = _both(was, now, "C++ string type")
    if changed and changed != ("STRING_PIECE", "STRING") and not now.in_map_entry:
        place = now.at("options", "ctype") or now.at("options", "features", *_CPP_STRING) or now.place
        yield place, f"{subject(now)} changed C++ string type from {quoted(changed[0])} to {quoted(changed[1])}."


@rule(
    "FIELD_SAME_JAVA_UTF8_VALIDATION",
    "Checks that fields have the same Java string UTF8 validation, based on java_string_check_utf8 file option or "
    "(pb.java).utf8_validation feature.",
    "FILE PACKAGE",
    over="fields",
)
def field_same_java_utf8_validation(was: DeclaredField, now: DeclaredField) -> Hits:
    """Java checks strings that it did not check, or the other way."""
    changed = _both(was, now, "Java utf8_validation")
    if changed:
        of_file = now.file.at("options", "java_string_check_utf8")
        place = now.at("options", "features", *_JAVA_UTF8) if not now.in_map_entry else None
        place = place or (of_file if of_file.line else now.place)
        change = f"from {quoted(changed[0])} to {quoted(changed[1])}"
        yield place, f"{subject(now)} changed Java string UTF8 validation {change}."


@rule(
    "FIELD_SAME_UTF8_VALIDATION",
    "Checks that string fields have the same UTF8 validation mode.",
    "FILE PACKAGE",
    over="fields",
)
def field_same_utf8_validation(was: DeclaredField, now: DeclaredField) -> Hits:
    """Strings are checked that were not, or the other way."""
    changed = _both(was, now, "utf8_validation")
    if changed:
        place = now.at("options", "features", "utf8_validation") or now.place
        yield place, f"{subject(now)} changed UTF8 validation from {changed[0]} to {changed[1]}."


for _id, _purpose, _replacements in (
    ("FIELD_SAME_CTYPE", "Checks that fields have the same value for the ctype option.", "FIELD_SAME_CPP_STRING_TYPE"),
    (
        "FIELD_SAME_LABEL",
        "Checks that fields have the same labels in a given message.",
        "FIELD_SAME_CARDINALITY FIELD_WIRE_COMPATIBLE_CARDINALITY FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
    ),
    (
        "FILE_SAME_JAVA_STRING_CHECK_UTF8",
        "Checks that files have the same value for the java_string_check_utf8 option.",
        "FIELD_SAME_JAVA_UTF8_VALIDATION",
    ),
    (
        "FILE_SAME_PHP_GENERIC_SERVICES",
        "Checks that files have the same value for the php_generic_services option.",
        "",
    ),
):
    declare(_id, _purpose, "", only=("v1beta1", "v1"), replacements=_replacements)
declare(
    "MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT",
    "Checks that messages have the same value for the message_set_wire_format option.",
    "",
)
