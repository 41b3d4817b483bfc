"""Random records of generated code: what the limits in a module's view allow, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

from fieldstone_runtime.json_values import JSON_NULL
from hypothesis import strategies as st

from fieldstone.codegen.storage.views import MappingView, ModuleView

Strategy = st.SearchStrategy[Any]

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_FLOATS = st.floats().filter(lambda number: number != -5e-324) | st.sampled_from([math.nan, math.inf, -math.inf, -0.0])
_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _FINITE | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_STRUCT = st.recursive(
    st.none() | st.booleans() | _FLOATS | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_SECONDS = 315_576_000_000


def _optional(inner: Strategy) -> Strategy:
    return st.none() | inner


_LIMITS: Mapping[str, Any] = {
    "int32": st.integers(-(2**31), 2**31 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**63 - 1),
    "column_uint64": st.integers(0, 2**63 - 1),
    "boolean": st.booleans(),
    "float32": st.floats(width=32),
    "double": _FLOATS,
    "column_double": _FLOATS,
    "text": _TEXT,
    "column_text": _TEXT,
    "binary": st.binary(max_size=8),
    "timestamp": st.datetimes(timezones=st.just(UTC)) | st.just(datetime.min.replace(tzinfo=UTC)),
    "duration": st.timedeltas(timedelta(seconds=-_SECONDS), timedelta(seconds=_SECONDS)),
    "json_value": _JSON | st.just(JSON_NULL),
    "struct_value": _STRUCT | st.just(JSON_NULL),
    "json_object": st.dictionaries(_TEXT, _STRUCT, max_size=3),
    "json_list": st.lists(_STRUCT, max_size=3),
    "optional": _optional,
    "list_of": lambda inner: st.lists(inner, max_size=3),
    "map_of": lambda key, inner: st.dictionaries(key, inner, max_size=3),
}
"""The names of `fieldstone_runtime.limits`, each with the values that it lets pass."""


class Records:
    """Strategies for the records of a module.

    Args:
        view: the module's view.
        mapper: its generated mapper, which knows the classes.
        special: strategies for attributes whose bytes mean something: "StepV2Record.action".
    """

    def __init__(self, view: ModuleView, mapper: ModuleType, special: Mapping[str, Strategy]) -> None:
        self._mappings = {mapping.record: mapping for mapping in view.mappings}
        self._mapper = mapper
        self._special = special

    def of(self, record: str) -> Strategy:
        """Records of a class, by its name."""
        mapping = self._mappings[record]
        given = {f.attribute: self._attribute(mapping, f.attribute, f.limit) for f in mapping.fields}
        make: Callable[..., Any] = getattr(self._mapper, record)
        return st.fixed_dictionaries(given).map(lambda values: make(**_one_of_each(values, mapping)))

    def _attribute(self, mapping: MappingView, attribute: str, limit: str) -> Strategy:
        special = self._special.get(f"{mapping.record}.{attribute}")
        if special is not None:
            return special
        names = {name: name for name in self._mappings}
        scope = {**_LIMITS, **names, "a": lambda name: st.deferred(lambda: self.of(name))}
        found: Strategy = eval(limit, {"__builtins__": {}}, scope)  # noqa: S307 - an expression of our own generator
        return found


def _one_of_each(values: dict[str, Any], mapping: MappingView) -> dict[str, Any]:
    """The values with at most one member of each oneof."""
    for oneof in mapping.oneofs:
        given = [name for name in oneof if values[name] is not None]
        for name in given[1:]:
            values[name] = None
    return values


def comparable(value: Any) -> Any:
    """A record as plain values, in which NaN equals NaN, and 0.0 is not -0.0."""
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, comparable(getattr(value, field.name))) for field in fields(value)]
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(item) for item in value]
    if not isinstance(value, float):
        return value
    return "NaN" if math.isnan(value) else str(value) if value == 0 else value
