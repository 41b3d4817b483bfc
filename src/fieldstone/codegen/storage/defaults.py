"""A column's default for existing rows, as a value of Python; dialects write it as a literal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from fieldstone.codegen.storage.column_views import ColumnView
from fieldstone.codegen.storage.dialects import Default
from fieldstone.codegen.storage.fields import map_types
from fieldstone.errors import Invalid
from fieldstone.schema.model import Field, Schema

_EMPTY_JSON = {"repeated": "[]", "map": "{}"}
_FRACTION = re.compile(r"(?<=\d)\.(\d+)")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


def default_value(column: ColumnView, field: Field | None, schema: Schema) -> Default | None:
    """The default of a column: the annotation's, else the zero of its type; None where it may be absent.

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
            location = f"{field.location.path}:{field.location.line}"
            raise Invalid(f'{location}: the default "{given}" of {field.full_name} is no {column.kind}') from error
    return None if column.nullable else _zero(column, field, schema)


def _zero(column: ColumnView, field: Field | None, schema: Schema) -> Default:
    if column.kind == "json":
        return _EMPTY_JSON.get(field.cardinality if field else "", "null")
    if column.kind in {"enum", "enum_name"}:
        number = int(field.unset or 0) if field else 0
        return number if column.kind == "enum" else _name_of(number, field, schema)
    return ZEROS.get(column.kind, 0)


ZEROS: Mapping[str, Default] = {
    "bool": False,
    "bytes": b"",
    "duration": timedelta(0),
    "proto": b"",
    "text": "",
    "timestamp": _EPOCH,
}
"""The value that stands for nothing in a column of a kind; 0 where it is not named."""


def _given(column: ColumnView, field: Field, given: str, schema: Schema) -> Default:
    if column.kind in {"enum", "enum_name"}:
        number = _number_of(given, field, schema)
        return given if column.kind == "enum_name" else number
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


def _refuse(given: str) -> Default:
    raise ValueError(given)


def _bool(given: str) -> Default:
    return given == "true" if given in {"true", "false"} else _refuse(given)


def _text(given: str) -> Default:
    return _refuse(given) if "\0" in given else given


def _json(given: str) -> Default:
    return json.dumps(json.loads(given), ensure_ascii=False, separators=(",", ":"))


def _timestamp(given: str) -> Default:
    """Parts of a microsecond are cut off, as everywhere."""
    return datetime.fromisoformat(_FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", given))


def _duration(given: str) -> Default:
    sign, whole, fraction = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?s", given).groups("")  # type: ignore[union-attr]
    return timedelta(microseconds=int(f"{sign}{int(whole) * 1_000_000 + int(f'{fraction[:6]:0<6}')}"))


_PARSERS: Mapping[str, Callable[[str], Default]] = {
    **dict.fromkeys(("int32", "uint32", "int64", "uint64"), int),
    **dict.fromkeys(("float", "double"), float),
    "bool": _bool,
    "text": _text,
    "bytes": str.encode,
    "json": _json,
    "timestamp": _timestamp,
    "duration": _duration,
    "proto": _refuse,
}
