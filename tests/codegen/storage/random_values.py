"""Random records: values that fit the limits of a view, and values that may not."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
from fieldstone_runtime.json_values import JSON_NULL

from fieldstone.codegen.storage.views import EntityView, MappingView, ModuleView

_LONGEST = 315_576_000_000
_SHALLOW = 0.3
_LETTERS = ["", "a", "B", "ü", "世", "🌍", " ", "'", '"', "\\", "\n", "%", "/", "null", "1", "true", "NaN", "Z" * 40]
_FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, math.inf, -math.inf, math.nan, 5e-324, -1e-323, 2.0**53, 1.7976931348623157e308]


class Index:
    """An integer of another kind."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __index__(self) -> int:
        """The number."""
        return self.number


class Real:
    """A float of another kind."""

    def __float__(self) -> float:
        """A number."""
        return 2.5


EAST, WEST = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))

WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 3.0, 3.5, -0.0, math.nan, math.inf, 1e39, -5e-324, 1j, 10**400),
    *(2**31, -(2**31) - 1, 2**32, 2**53 + 1, 2**63, -(2**63) - 1, 2**64),
    *("", "7", "abc", "a\0b", "\ud800", b"", b"abc", bytearray(b"xy"), memoryview(b"xy"), str, object()),
    *(np.int64(5), np.uint8(1), np.float32(0.1), np.float64(2.5), np.bool_(1), np.str_("n"), np.bytes_(b"n")),
    *(np.array(3), np.array([3.5]), np.array([1, 2]), np.datetime64("2026-01-01"), Index(4), Index(2**70), Real()),
    *(Decimal("1.5"), [], {}, (), [1], ["a"], [None], [b"x"], ("a", "b"), range(3), {1, 2}, JSON_NULL, [JSON_NULL]),
    *({1: 2}, {"a": math.nan}, {"a": {1: 2}}, {"a": {b"x"}}, {"b": Index(2)}),
    *(date(2026, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=EAST)),  # noqa: DTZ001 - as some forget
    *(datetime.min.replace(tzinfo=EAST), datetime.max.replace(tzinfo=WEST)),
    *(timedelta(days=10**8), timedelta(microseconds=-1)),
)
"""What users store by mistake, or in the hope that it is converted."""


class RandomRecords:
    """Random records of a module, and random changes to them.

    Args:
        rng: what they follow from.
        view: the module's view.
        classes: the module with its records.
    """

    def __init__(self, rng: Random, view: ModuleView, classes: ModuleType) -> None:
        self._rng, self._classes = rng, classes
        self._mappings = {mapping.record: mapping for mapping in view.mappings}
        self._columns = {
            child.limits: {column.attribute: column.limit for column in child.columns}
            for entity in view.entities
            for child in entity.children
        }

    def record(self, entity: EntityView) -> Any:
        """A record that can be stored."""
        limits = {column.attribute: column.limit for column in entity.columns}
        limits |= {child.attribute: child.limit for child in entity.children}
        return self._made(self._mappings[entity.record], limits)

    def wrong(self, entity: EntityView, record: Any) -> None:
        """Put a value that may not fit somewhere into a record, also deep in it."""
        names = [column.attribute for column in entity.columns] + [child.attribute for child in entity.children]
        attribute = self._rng.choice(names)
        setattr(record, attribute, self._spoilt(getattr(record, attribute)))

    def value(self, limit: str) -> Any:
        """A value that a check lets pass."""
        return self._of(ast.parse(limit, mode="eval").body)

    def _spoilt(self, value: Any) -> Any:
        """Another value, or the value with another one in it."""
        if not value or self._rng.random() < _SHALLOW:
            return self._rng.choice(WRONG)
        if isinstance(value, list):
            return [*value[:-1], self._spoilt(value[-1])]
        if isinstance(value, dict):
            *_, key = value
            wrong_key = {_hashable(self._rng.choice(WRONG)): value[key]}
            return value | (wrong_key if self._rng.random() < _SHALLOW else {key: self._spoilt(value[key])})
        if is_dataclass(value) and fields(value):
            name = self._rng.choice(fields(value)).name
            setattr(value, name, self._spoilt(getattr(value, name)))
            return value
        return self._rng.choice(WRONG)

    def _made(self, mapping: MappingView, limits: Mapping[str, str]) -> Any:
        values = {f.attribute: self.value(limits.get(f.attribute, f.limit)) for f in mapping.fields}
        for oneof in mapping.oneofs:
            kept = self._rng.choice(oneof)
            values |= {name: None for name in oneof if name != kept}
        return getattr(self._classes, mapping.record)(**values)

    def _of(self, limit: ast.expr) -> Any:
        if isinstance(limit, ast.Name):
            return _VALUES[limit.id](self._rng)
        assert isinstance(limit, ast.Call)
        name, inner = ast.unparse(limit.func), limit.args
        if name == "a":
            columns = self._columns[ast.unparse(inner[1])] if len(inner) > 1 else {}
            return self._made(self._mappings[ast.unparse(inner[0])], columns)
        if name == "optional":
            return None if self._rng.random() < 0.3 else self._of(inner[0])
        count = self._rng.choice([0, 1, 1, 2, 4])
        if name == "list_of":
            return [self._of(inner[0]) for _ in range(count)]
        return {self._of(inner[0]): self._of(inner[1]) for _ in range(count)}


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return 1.5
    return value


def _text(rng: Random) -> str:
    return "".join(rng.choices(_LETTERS, k=rng.randint(0, 4)))


def _integer(first: int, last: int) -> Callable[[Random], int]:
    return lambda rng: rng.choice([first, last, 0, 1, rng.randint(first, last)])


def _float(rng: Random) -> float:
    return rng.choice([rng.choice(_FLOATS), rng.gauss(0, 1e6)])


def _float32(rng: Random) -> float:
    return float(np.float32(rng.choice([0.0, -0.0, 0.5, 0.1, math.nan, math.inf, 3.4e38, rng.gauss(0, 9)])))


def _json(rng: Random, numbers: Callable[[Random], Any], depth: int = 2) -> Any:
    kind = rng.randint(0, 7 if depth else 4)
    if kind > 5:
        return {_text(rng): _json(rng, numbers, depth - 1) for _ in range(rng.randint(0, 3))}
    if kind == 5:
        return [_json(rng, numbers, depth - 1) for _ in range(rng.randint(0, 3))]
    return [None, rng.random() < 0.5, numbers(rng), _text(rng), numbers(rng)][kind]


def _finite(rng: Random) -> float:
    return rng.choice([rng.gauss(0, 5), float(rng.randint(-9, 9)), -0.0])


def _any_number(rng: Random) -> float:
    return rng.choice([_finite(rng), rng.randint(-(2**70), 2**70)])


def _datetime(rng: Random) -> datetime:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    span = (last - first) // timedelta(microseconds=1)
    return rng.choice([first, last, first + timedelta(microseconds=rng.randint(0, span))])


_VALUES: Mapping[str, Callable[[Random], Any]] = {
    "int32": _integer(-(2**31), 2**31 - 1),
    "uint32": _integer(0, 2**32 - 1),
    "int64": _integer(-(2**63), 2**63 - 1),
    "uint64": _integer(0, 2**64 - 1),
    "column_uint64": _integer(0, 2**63 - 1),
    "boolean": lambda rng: rng.random() < 0.5,
    "float32": _float32,
    "double": _float,
    "column_double": _float,
    "text": lambda rng: _text(rng) + rng.choice(["", "", "\0"]),
    "column_text": _text,
    "binary": lambda rng: rng.randbytes(rng.randint(0, 5)),
    "timestamp": _datetime,
    "duration": lambda rng: timedelta(microseconds=rng.randint(-_LONGEST * 10**6, _LONGEST * 10**6)),
    "json_value": lambda rng: rng.choice([JSON_NULL, None]) or _json(rng, _any_number),
    "struct_value": lambda rng: _json(rng, _finite),
    "json_object": lambda rng: {_text(rng): _json(rng, _float) for _ in range(rng.randint(0, 3))},
    "json_list": lambda rng: [_json(rng, _float) for _ in range(rng.randint(0, 3))],
}
"""By the name of a check."""
