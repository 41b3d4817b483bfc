"""What may not happen to the type of a field."""

from __future__ import annotations

from functools import partial

from fieldstone.compatibility.buf_rules.catalogue import Hits, declare
from fieldstone.compatibility.buf_rules.wording import quoted, subject
from fieldstone.schema.declarations import DeclaredEnum, DeclaredField

_WIRE_RULES = "See https://developers.google.com/protocol-buffers/docs/proto3#updating for wire compatibility rules"
_JSON_RULES = "https://developers.google.com/protocol-buffers/docs/proto3#json for JSON compatibility rules"
_TEXT_NOTE = (
    "Note that while string and bytes are compatible if the data is valid UTF-8, there is no way to enforce that "
    "a bytes field is UTF-8, so these fields may be incompatible."
)

_ON_THE_WIRE = {
    **dict.fromkeys("int32 int64 uint32 uint64 bool".split(), "varint"),
    **dict.fromkeys("sint32 sint64".split(), "zigzag"),
    **dict.fromkeys("fixed32 sfixed32".split(), "32 bits"),
    **dict.fromkeys("fixed64 sfixed64".split(), "64 bits"),
}
"""Scalars that read one another's bytes; the others read their own alone."""
_IN_JSON = {
    **dict.fromkeys("int32 uint32".split(), "varint"),
    **dict.fromkeys("int64 uint64".split(), "long varint"),
    **dict.fromkeys("fixed32 sfixed32".split(), "32 bits"),
    **dict.fromkeys("fixed64 sfixed64".split(), "64 bits"),
}
"""Scalars that read one another's bytes and JSON."""


def _word(field: DeclaredField) -> str:
    """The kind of a field's type, as buf says it; the syntax says how a delimited message is called."""
    if field.is_delimited:
        return "group" if field.file.syntax == "proto2" else "message (delimited encoding)"
    return field.composite or field.type


def _kind(field: DeclaredField) -> str:
    return "group" if field.is_delimited else field.composite or field.type


def _change(was: DeclaredField, now: DeclaredField) -> tuple[str, str] | None:
    """The words for a change of type; the names of two messages or enums, the kinds of all else."""
    if _kind(was) != _kind(now):
        return _word(was), _word(now)
    return (was.type, now.type) if was.type != now.type else None


def _said(change: tuple[str, str], now: DeclaredField, *more: str) -> str:
    said = f"{subject(now)} changed type from {quoted(change[0])} to {quoted(change[1])}."
    return " ".join((said, *more))


def _same_type(was: DeclaredField, now: DeclaredField) -> Hits:
    change = _change(was, now)
    if change:
        yield now.type_place, _said(change, now)


def _compatible_type(
    was: DeclaredField, now: DeclaredField, *, classes: dict[str, str], advice: str, accepts_text: bool
) -> Hits:
    change = _change(was, now)
    before, after = _kind(was), _kind(now)
    if not change or (before != after and classes.get(before, before) == classes.get(after, after)):
        return
    if before != after:
        if accepts_text and (before, after) == ("string", "bytes"):
            return
        notes = [_TEXT_NOTE] if accepts_text and (before, after) == ("bytes", "string") else []
        yield now.type_place, _said(change, now, advice, *notes)
    elif not (before == "enum" and _only_grew(was.enum, now.enum)):
        yield now.type_place, _said(change, now)


def _only_grew(was: DeclaredEnum | None, now: DeclaredEnum | None) -> bool:
    """Whether an enum is another's namesake and has all that it has."""
    if was is None or now is None or was.name != now.name:
        return False
    return all(set(names) <= set(now.names_by_number.get(n, ())) for n, names in was.names_by_number.items())


declare(
    "FIELD_SAME_TYPE",
    "Checks that fields have the same types in a given message.",
    "CSR FILE PACKAGE",
    v1beta1="FILE PACKAGE WIRE_JSON WIRE",
    over="fields",
    check=_same_type,
)
declare(
    "FIELD_WIRE_COMPATIBLE_TYPE",
    "Checks that fields have wire-compatible types in a given message.",
    "WIRE",
    over="fields",
    check=partial(_compatible_type, classes=_ON_THE_WIRE, advice=f"{_WIRE_RULES}.", accepts_text=True),
    only=("v1", "v2"),
)
declare(
    "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    "Checks that fields have wire and JSON compatible types in a given message.",
    "CSR WIRE_JSON",
    over="fields",
    check=partial(_compatible_type, classes=_IN_JSON, advice=f"{_WIRE_RULES} and {_JSON_RULES}.", accepts_text=False),
    only=("v1", "v2"),
)
