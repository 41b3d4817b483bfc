"""Defaults of columns for older rows: that each is a value of the field's type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from fieldstone.codegen.storage.refusals.subject import Refusal, Subject, type_name
from fieldstone.schema.model import Field
from fieldstone.schema.storage import kind_of
from fieldstone.suggestions import did_you_mean

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-?inf|nan")
_LARGEST_FLOAT = 3.4028234663852886e38
_LONGEST_DURATION = 315_576_000_000
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_DURATION = re.compile(r"-?(?P<seconds>\d{1,12})(\.\d{1,9})?s")


def defaults(subject: Subject) -> Iterator[Refusal]:
    """A default is a value of the field's type."""
    for message, field in subject.own_fields():
        given = field.column.default
        wanted = _wanted(subject, field, given) if given else ""
        if wanted:
            what = f'the default of {message.name}.{field.name} is "{given}", and it must be {wanted}'
            yield Refusal(field.location, what, _near(subject, field, given))


def _wanted(subject: Subject, field: Field, given: str) -> str:
    """The description of a valid default; empty where the given one is valid."""
    kind = kind_of(field)
    if kind in {"proto", "child_table"}:
        return "left out: this codec has none"
    if kind in {"enum", "enum_name"}:
        return "" if given in _values(subject, field) else f"the name of a value of {field.type}"
    if kind == "json":
        return _json(field, given)
    wanted, accepts = _KINDS[kind]
    return "" if accepts(given) else wanted


def _near(subject: Subject, field: Field, given: str) -> str:
    return did_you_mean(given, _values(subject, field)) if field.composite == "enum" else ""


def _values(subject: Subject, field: Field) -> list[str]:
    enum = subject.schema.enums.get(type_name(field))
    return [value.name for value in enum.values] if enum else []


def _json(field: Field, given: str) -> str:
    try:
        value = json.loads(given)
    except (ValueError, RecursionError):
        return "JSON"
    if field.cardinality == "repeated" or field.type == "google.protobuf.ListValue":
        return "" if isinstance(value, list) else "a JSON array"
    if field.composite == "message" and field.type == "google.protobuf.Value":
        return ""
    if field.cardinality == "map" or field.composite == "message":
        return "" if isinstance(value, dict) else "a JSON object"
    return ""


def _whole(low: int, high: int) -> tuple[str, Callable[[str], bool]]:
    return (
        f"a whole number from {low} to {high}",
        lambda given: bool(re.fullmatch(r"-?\d{1,20}", given, re.ASCII)) and low <= int(given) <= high,
    )


def _is_float(given: str) -> bool:
    return bool(_NUMBER.fullmatch(given)) and (
        abs(float(given)) <= _LARGEST_FLOAT or given.strip("-") in {"inf", "nan"}
    )


def _is_timestamp(given: str) -> bool:
    if not _RFC_3339.fullmatch(given):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", given)).timestamp()
    except (ValueError, OverflowError):
        return False
    return True


def _is_duration(given: str) -> bool:
    found = _DURATION.fullmatch(given)
    return found is not None and int(found["seconds"]) <= _LONGEST_DURATION


_KINDS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "int32": _whole(-(2**31), 2**31 - 1),
    "uint32": _whole(0, 2**32 - 1),
    "int64": _whole(-(2**63), 2**63 - 1),
    "uint64": _whole(0, 2**63 - 1),
    "bool": ("true or false", lambda given: given in {"true", "false"}),
    "float": ("a number that a float holds, inf, -inf or nan", _is_float),
    "double": ("a number, inf, -inf or nan", lambda given: bool(_NUMBER.fullmatch(given))),
    "text": ("text without NUL", lambda given: "\0" not in given),
    "bytes": ("text without NUL", lambda given: "\0" not in given),
    "timestamp": ('a time as of RFC 3339: "2026-01-31T00:00:00Z"', _is_timestamp),
    "duration": ('seconds: "1.5s"', _is_duration),
}

CHECKS = (defaults,)
"""Every check of the topic."""
