"""Tightened constraints of protovalidate: values that were accepted before and are refused now.

The constraints are the options `buf.validate.field`, `.message` and `.oneof`, as paths inside them
(https://protovalidate.com/schemas/standard-rules/). `required` has a rule of its own. Patterns and expressions cannot
be compared: a different one counts as tighter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from fieldstone.schema.options import Value

Parts = Mapping[str, Value]

_LOWER = {"gt": True, "gte": False, "min_len": False, "min_bytes": False, "min_items": False, "min_pairs": False}
_UPPER = {"lt": True, "lte": False, "max_len": False, "max_bytes": False, "max_items": False, "max_pairs": False}
_EXACT = ("len", "len_bytes")
_BOUNDS = frozenset({*_LOWER, *_UPPER, *_EXACT})
_FAMILIES = (
    ("gt", "gte", "lt", "lte"),
    ("min_len", "max_len", "len"),
    ("min_bytes", "max_bytes", "len_bytes"),
    ("min_items", "max_items"),
    ("min_pairs", "max_pairs"),
)
_NUMBERS = re.compile(r"\b(?:s?fixed|[us]?int)(?:32|64)\b|\bfloat\b|\bdouble\b")
_UNSIGNED = "unsigned"
_EXPRESSION = re.compile(r"cel\[\d+\]\.expression")
_SILENT = frozenset({"required", "ignore", "example"})
_IGNORED = {"": 0, "IGNORE_UNSPECIFIED": 0, "IGNORE_IF_UNPOPULATED": 1, "IGNORE_IF_ZERO_VALUE": 1}
_ALWAYS_IGNORED = "IGNORE_ALWAYS"
_UNKNOWN_IGNORE = 2


def tightened(old: Parts, new: Parts) -> list[str]:
    """The ways in which the new constraints are tighter than the old ones, a few words each; empty if none are."""
    if new.get("ignore") == _ALWAYS_IGNORED:
        return []
    if old.get("ignore") == _ALWAYS_IGNORED:
        return [f"`{path}` holds again" for path in sorted(new) if path not in _SILENT]
    before, after = _by_kind(old), _by_kind(new)
    return [*_ignore(old, new), *_ranges(before, after), *_others(before, after), *_indexed(before, after)]


def _by_kind(parts: Parts) -> Parts:
    """The constraints with one path for all number types, so that changing the type alone is no difference."""
    return {_NUMBERS.sub(_kind_of_number, path): value for path, value in parts.items()}


def _kind_of_number(found: re.Match[str]) -> str:
    return _UNSIGNED if found[0].startswith(("u", "fixed")) else "number"


def _ignore(old: Parts, new: Parts) -> Iterator[str]:
    before, after = (_IGNORED.get(str(side.get("ignore", "")), _UNKNOWN_IGNORE) for side in (old, new))
    if after < before and any(path not in _SILENT for path in new):
        yield f"`ignore` went from {old.get('ignore')} to {new.get('ignore', 'unset')}"


def _others(old: Parts, new: Parts) -> Iterator[str]:
    for path, now in new.items():
        leaf, was = path.rpartition(".")[2], old.get(path)
        if leaf in _BOUNDS | _SILENT or "[" in path or now is False or now == was:
            continue
        if leaf == "in":
            refused = was is None or not set(_all(was)) <= set(_all(now))
        elif leaf == "not_in":
            refused = not set(_all(now)) <= set(_all(was))
        elif leaf == "within" and isinstance(was, int) and isinstance(now, int):
            refused = now < was
        else:
            refused = True
        if refused:
            yield _went(path, was, now)


def _indexed(old: Parts, new: Parts) -> Iterator[str]:
    """Expressions, and oneofs made of plain fields, that the old constraints lack."""
    had = {value for path, value in old.items() if _EXPRESSION.search(path)}
    for path, value in new.items():
        if _EXPRESSION.search(path) and value not in had:
            yield f"`{value}` must hold"
    groups = _oneofs(old)
    yield from (f"of {', '.join(fields)} {how} is set" for fields, how in _oneofs(new) if (fields, how) not in groups)


def _oneofs(parts: Parts) -> list[tuple[tuple[str, ...], str]]:
    found = []
    for path, fields in parts.items():
        if re.fullmatch(r"oneof\[\d+\]\.fields", path) and isinstance(fields, tuple):
            required = parts.get(path.replace("fields", "required"))
            found.append((tuple(sorted(map(str, fields))), "exactly one" if required else "at most one"))
    return found


class _Interval(Struct, frozen=True):
    """Numbers between two bounds; `open_first` and `open_last` exclude the bound itself."""

    first: float = -math.inf
    open_first: bool = False
    last: float = math.inf
    open_last: bool = False

    def covers(self, other: _Interval) -> bool:
        """Whether the other interval lies completely inside this one."""
        from_first = (self.first, self.open_first) <= (other.first, other.open_first)
        return from_first and (self.last, not self.open_last) >= (other.last, not other.open_last)


def _ranges(old: Parts, new: Parts) -> Iterator[str]:
    scopes = {path.rpartition(".")[0] for path in new if path.rpartition(".")[2] in _BOUNDS}
    for scope in sorted(scopes):
        for family in _FAMILIES:
            paths = [f"{scope}.{leaf}" for leaf in family]
            least = -math.inf if "gt" in family and not scope.endswith(_UNSIGNED) else 0
            before, after = _intervals(old, paths, least), _intervals(new, paths, least)
            if not all(any(interval.covers(was) for interval in after) for was in before):
                yield from (_went(p, old.get(p), new.get(p)) for p in paths if old.get(p) != new.get(p))


def _intervals(parts: Parts, paths: list[str], least: float) -> list[_Interval]:
    """The intervals of numbers from `least` on that the bounds accept.

    One interval between the bounds; if the lower bound is above the upper one, the two outside them.
    """
    first, last = (least, False), (math.inf, False)
    for path in paths:
        value, leaf = parts.get(path), path.rpartition(".")[2]
        if not isinstance(value, int | float):
            continue
        if leaf in _EXACT or leaf in _LOWER:
            first = (value, _LOWER.get(leaf, False))
        if leaf in _EXACT or leaf in _UPPER:
            last = (value, _UPPER.get(leaf, False))
    if isinstance(first[0], int) and first[1]:
        first = (first[0] + 1, False)
    if isinstance(last[0], int) and last[1]:
        last = (last[0] - 1, False)
    if first[0] > last[0]:
        return [_Interval(first=first[0], open_first=first[1]), _Interval(last=last[0], open_last=last[1])]
    return [_Interval(*first, *last)]


def _went(path: str, was: Value | None, now: Value | None) -> str:
    if now is None:
        return f"`{path}` was removed"
    if was is None:
        return f"`{path}` was added: {_shown(now)}"
    return f"`{path}` went from {_shown(was)} to {_shown(now)}"


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _all(value: Value | None) -> tuple[bool | int | float | str, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)
