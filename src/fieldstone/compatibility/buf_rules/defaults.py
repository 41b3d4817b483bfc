"""What may not happen to the value that a reader finds where a field was not sent.

buf compares values, not types: 1, 1.0, true and the enum value with number 1 are one default, and so
are all zeros, the empty text and no default at all.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping

from fieldstone.compatibility.buf_rules.catalogue import Hits, rule
from fieldstone.compatibility.buf_rules.wording import number, octets, quoted, subject
from fieldstone.schema.declarations import DeclaredField

_NAN = "NaN"
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROLS = dict(zip("abtnvfr", range(7, 14), strict=True))


def _single(text: str) -> float:
    """A float, which has 32 bits, as the shortest number that means it: 0.1, not 0.10000000149011612."""
    value = float(text)
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((short for short in candidates if _packed(short) == _packed(value)), value)


def _packed(value: float) -> bytes:
    try:
        return struct.pack("f", value)
    except OverflowError:
        return struct.pack("f", math.copysign(math.inf, value))


_FLOATS: Mapping[str, Callable[[str], float]] = {"double": float, "float": _single}

Default = tuple[object, str]
"""What is compared, and how buf prints it."""


@rule(
    "FIELD_SAME_DEFAULT",
    "Checks that fields have the same default value, if a default is specified.",
    "CSR FILE PACKAGE WIRE_JSON WIRE",
    over="fields",
    only=("v2",),
)
def field_same_default(was: DeclaredField, now: DeclaredField) -> Hits:
    """Another value where nothing was sent."""
    before, after = _default(was), _default(now)
    if before and after and not _equal(before[0], after[0], single="float" in {was.type, now.type}):
        place = now.at("default_value") or now.place
        yield place, f"{subject(now)} changed default value from {before[1]} to {after[1]}."


def _equal(one: object, other: object, *, single: bool) -> bool:
    """Whether two values are one, with the precision of a `float` where `single` says that one of them is."""
    if single and isinstance(one, float) and isinstance(other, float):
        return _packed(one) == _packed(other) or one == other
    return one == other


def _default(field: DeclaredField) -> Default | None:
    """None where there can be no default."""
    if field.composite == "message" or field.cardinality in {"repeated", "map"}:
        return None
    given, kind = field.default, field.type
    if field.composite == "enum":
        return _of_enum(field)
    if kind == "bool":
        return given == "true", given or "false"
    if kind == "string":
        return (given or "").encode() or 0, quoted(given or "")
    if kind == "bytes":
        value = unescaped(given or "")
        return value or 0, octets(value)
    parsed = _FLOATS[kind](given or "0") if kind in _FLOATS else int(given or 0)
    return (_NAN if math.isnan(parsed) else parsed), number(parsed)


def _of_enum(field: DeclaredField) -> Default | None:
    enum = field.enum
    if enum is None or not enum.values:
        return None
    chosen = next((value for value in enum.values if value.name == field.default), enum.values[0])
    return chosen.number, f"{enum.name}.{chosen.name}"


def unescaped(text: str) -> bytes:
    """The bytes that a default stands for; descriptor.proto writes them with the escapes of C."""
    found = bytearray()
    end = 0
    for match in _ESCAPE.finditer(text):
        found += text[end : match.start()].encode()
        octal, hexadecimal, character = match.groups()
        if character:
            found.append(_CONTROLS.get(character, ord(character)))
        else:
            found.append(int(octal, 8) if octal else int(hexadecimal, 16))
        end = match.end()
    return bytes(found + text[end:].encode())
