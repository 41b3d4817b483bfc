"""What rows older than a column have there, as literals of each database."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from fieldstone.codegen.storage.fields import map_types
from fieldstone.codegen.storage.views import ColumnView
from fieldstone.errors import FieldstoneError
from fieldstone.schema.model import Field, Schema

Literals = tuple[str, str]
"""One for SQLite and one for PostgreSQL."""

_EMPTY_JSON = {"repeated": "[]", "map": "{}"}
_FRACTION = re.compile(r"(?<=\d)\.(\d+)")


def default_literals(column: ColumnView, field: Field | None, schema: Schema) -> Literals | None:
    """The DEFAULT of a column: the annotation's, else the zero of its type; None where it may be absent.

    Args:
        column: the column.
        field: the field that it holds; None for a bare value of a child table.
        schema: the schema with all imported files, for the names of enum values.

    Raises:
        FieldstoneError: the annotation's default is no value of the field's type.
    """
    given = field.column.default if field is not None else ""
    if field is not None and given:
        try:
            return _given(column, field, given, schema)
        except (ValueError, OverflowError) as error:
            place = f"{field.location.path}:{field.location.line}"
            raise FieldstoneError(f'{place}: the default "{given}" of {field.full_name} is no {column.kind}') from error
    return None if column.nullable else _zero(column, field, schema)


def _zero(column: ColumnView, field: Field | None, schema: Schema) -> Literals:
    if column.kind == "json":
        return _both(_quoted(_EMPTY_JSON.get(field.cardinality if field else "", "null")))
    if column.kind in {"enum", "enum_name"}:
        number = int(field.unset or 0) if field else 0
        return _both(str(number) if column.kind == "enum" else _quoted(_name_of(number, field, schema)))
    if column.kind == "timestamp":
        return _timestamp("1970-01-01T00:00:00Z")
    zeros = {"TEXT": _both("''"), "BLOB": ("X''", "''"), "REAL": _both("0")}
    return ("0", "FALSE") if column.kind == "bool" else zeros.get(column.sqlite_type, _both("0"))


def _given(column: ColumnView, field: Field, given: str, schema: Schema) -> Literals:
    if column.kind in {"enum", "enum_name"}:
        number = _number_of(given, field, schema)
        return _both(_quoted(given) if column.kind == "enum_name" else str(number))
    return _PARSERS[column.kind](given)


def _number_of(name: str, field: Field, schema: Schema) -> int:
    enum = schema.enums.get(map_types(field)[1])
    numbers = {value.name: value.number for value in enum.values} if enum else {}
    if name not in numbers:
        raise ValueError(name)
    return numbers[name]


def _name_of(number: int, field: Field | None, schema: Schema) -> str:
    enum = schema.enums.get(map_types(field)[1]) if field else None
    names = [value.name for value in enum.values if value.number == number] if enum else []
    return names[0] if names else str(number)


def _both(literal: str) -> Literals:
    return (literal, literal)


def _quoted(text: str) -> str:
    if "\0" in text:
        raise ValueError(text)
    return "'" + text.replace("'", "''") + "'"


def _bool(given: str) -> Literals:
    return {"true": ("1", "TRUE"), "false": ("0", "FALSE")}[given] if given in {"true", "false"} else _refuse(given)


def _refuse(given: str) -> Literals:
    raise ValueError(given)


def _float(given: str) -> Literals:
    value = float(given)
    if math.isnan(value):
        return _both("'NaN'")
    if math.isinf(value):
        return ("9e999", "'Infinity'") if value > 0 else ("-9e999", "'-Infinity'")
    return _both(repr(value))


def _bytes(given: str) -> Literals:
    digits = given.encode().hex()
    return (f"X'{digits}'", rf"'\x{digits}'")


def _json(given: str) -> Literals:
    return _both(_quoted(json.dumps(json.loads(given), ensure_ascii=False, separators=(",", ":"))))


def _timestamp(given: str) -> Literals:
    """Parts of a microsecond are cut off, as everywhere."""
    at = datetime.fromisoformat(_FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", given))
    since = at - datetime.fromisoformat("1970-01-01T00:00:00Z")
    return (str(since // timedelta(microseconds=1)), f"'{at.isoformat(sep=' ')}'")


def _duration(given: str) -> Literals:
    sign, whole, fraction = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?s", given).groups("")  # type: ignore[union-attr]
    return _both(f"{sign}{int(whole) * 1_000_000 + int(f'{fraction[:6]:0<6}')}")


_PARSERS: Mapping[str, Callable[[str], Literals]] = {
    **dict.fromkeys(("int32", "uint32", "int64", "uint64"), lambda given: _both(str(int(given)))),
    "bool": _bool,
    "float": _float,
    "double": _float,
    "text": lambda given: _both(_quoted(given)),
    "bytes": _bytes,
    "json": _json,
    "timestamp": _timestamp,
    "duration": _duration,
    "proto": _refuse,
}
