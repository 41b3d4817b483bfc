"""How buf, a Go program, prints values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from fieldstone.schema.declarations import DeclaredField
from fieldstone.schema.reservation import Ranges

_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}
_SHORT_EXPONENT = range(-4, 6)
_BYTE, _PLANE = 0x80, 0x10000
_MAX_NUMBERS = {536_870_911, 2_147_483_647}
"""The last number of a field and of an enum."""


def quoted(text: str) -> str:
    """A text as `%q` prints it (https://pkg.go.dev/strconv#Quote)."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _PLANE else f"\\U{code:08x}"


def several(names: Sequence[str]) -> str:
    """Quoted names with commas."""
    return ", ".join(map(quoted, names))


def number(value: float) -> str:
    """A number as `%v` prints it (https://pkg.go.dev/strconv#FormatFloat, format g, shortest)."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    shortest = Decimal(repr(value)).normalize()
    power = shortest.adjusted()
    if power in _SHORT_EXPONENT:
        return f"{shortest:f}"
    mantissa = shortest.scaleb(-power)
    return f"{mantissa:f}e{'+' if power >= 0 else '-'}{abs(power):02d}"


def octets(value: bytes) -> str:
    """Bytes as buf prints them: `[0x61,0xFF]`."""
    return "[" + ",".join(f"0x{byte:X}" for byte in value) + "]"


def span(first: int, last: int) -> str:
    """An inclusive range of numbers."""
    if first == last:
        return f"[{first}]"
    return f"[{first},{'max' if last in _MAX_NUMBERS else last}]"


def spans(ranges: Ranges | Sequence[tuple[int, int]]) -> str:
    """Ranges with commas."""
    return ", ".join(span(*one) for one in ranges)


def subject(field: DeclaredField, *, with_name: bool = True) -> str:
    """A field or an extension as the beginning of a sentence."""
    word, name, holder = "Field", field.name, field.holder.name if field.holder else ""
    if field.extendee:
        word, name, holder = "Extension", field.full_name, field.extendee
    called = f" with name {quoted(name)}" if with_name else ""
    return f'{word} "{field.number}"{called} on message {quoted(holder)}'
