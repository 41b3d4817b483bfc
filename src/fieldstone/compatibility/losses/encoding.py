"""Values that survive when one scalar type or enum is read as another.

The encodings are https://protobuf.dev/programming-guides/encoding/ and https://protobuf.dev/programming-guides/json/. A
value survives if it is read as the same number or text, without an error. A closed enum writes and reads only declared
numbers, an open one any 32-bit number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct

from fieldstone.schema.model import Enum, Field

Type = str | Enum
"""The keyword of a scalar, or an enum."""


class _Integers(Struct, frozen=True):
    """The binary layout of an integer type, and its smallest and largest values."""

    layout: str
    first: int
    last: int


def _signed(layout: str, bits: int) -> _Integers:
    return _Integers(layout, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _unsigned(layout: str, bits: int) -> _Integers:
    return _Integers(layout, 0, 2**bits - 1)


# A 32-bit varint is truncated from a 64-bit one, ZigZag encodes every number differently, and the fixed layouts differ
# in length (Encoding, "Base 128 Varints", "Signed Integers", "Non-varint Numbers").
_INTEGERS: Mapping[str, _Integers] = {
    "int32": _signed("varint", 32),
    "int64": _signed("varint", 64),
    "uint32": _unsigned("varint", 32),
    "uint64": _unsigned("varint", 64),
    "bool": _unsigned("varint", 1),
    "sint32": _signed("zigzag", 32),
    "sint64": _signed("zigzag", 64),
    "fixed32": _unsigned("fixed32", 32),
    "sfixed32": _signed("fixed32", 32),
    "fixed64": _unsigned("fixed64", 64),
    "sfixed64": _signed("fixed64", 64),
}

# The largest power of two up to which a floating-point number holds every integer (IEEE 754).
_EXACT = {"float": 2**24, "double": 2**53}


def wire_keeps(writer: Type, reader: Type) -> bool:
    """Whether a reader of one type keeps every value that the other writes in the binary encoding."""
    if writer == reader or (writer, reader) == ("string", "bytes"):
        return True
    return _layout(writer) is not None and _layout(writer) == _layout(reader) and _holds(reader, writer)


def json_keeps(writer: Type, reader: Type) -> bool:
    """Whether a reader of one type keeps every value that the other writes in JSON.

    64-bit integers are written as text, and every integer is read from either form.
    """
    if isinstance(writer, Enum) and isinstance(reader, Enum):
        return _names(writer) <= _names(reader) and (writer.closed or not reader.closed)
    if writer == reader:
        return True
    if isinstance(writer, Enum) or writer not in _INTEGERS or "bool" in (writer, reader):
        return False
    if isinstance(reader, str) and reader in _EXACT:
        return all(abs(number) <= _EXACT[reader] for number in _numbers(writer))
    return _layout(reader) is not None and _holds(reader, writer)


def means_other_numbers(one: Enum, other: Enum) -> bool:
    """Whether a name in both enums has different numbers, so that a number changes its meaning."""
    numbers = [_numbers_by_name(enum) for enum in (one, other)]
    return any(numbers[0][name] != numbers[1][name] for name in numbers[0].keys() & numbers[1].keys())


def unset_means(field: Field) -> float | bool | str:
    """The value that a reader gets for an unsent scalar or enum field; for an enum, its number."""
    if field.type == "bool":
        return field.unset == "true"
    if field.type in {"string", "bytes"} or not field.unset:
        return field.unset
    number = float(field.unset) if field.type in _EXACT else int(field.unset)
    return "nan" if isinstance(number, float) and math.isnan(number) else number


def _layout(of: Type) -> str | None:
    if isinstance(of, Enum):
        return "varint"
    return _INTEGERS[of].layout if of in _INTEGERS else None


def _numbers(of: Type) -> Iterable[int]:
    """The numbers that a type writes, or the first and last of them."""
    if isinstance(of, Enum) and of.closed:
        return [value.number for value in of.values]
    if isinstance(of, Enum):
        of = "int32"
    return _INTEGERS[of].first, _INTEGERS[of].last


def _holds(reader: Type, writer: Type) -> bool:
    """Whether the reader's type includes every number of the writer's."""
    if isinstance(reader, Enum) and reader.closed:
        declared = {value.number for value in reader.values}
        finite = (isinstance(writer, Enum) and writer.closed) or writer == "bool"
        return finite and all(number in declared for number in _numbers(writer))
    held = _INTEGERS["int32" if isinstance(reader, Enum) else reader]
    return all(held.first <= number <= held.last for number in _numbers(writer))


def _numbers_by_name(enum: Enum) -> dict[str, int]:
    return {value.name: value.number for value in enum.values}


def _names(enum: Enum) -> set[str]:
    return {value.name for value in enum.values}
