"""The changes between two schemas, in words for people; no judgement."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from msgspec import Struct

from fieldstone.compatibility.pairing import Added, Change, Kept, Moved, Removed, Renamed, Renumbered, pair
from fieldstone.compatibility.sunsets.announcements import with_lifecycle
from fieldstone.schema.element import Element, compared
from fieldstone.schema.entity import Index, Query
from fieldstone.schema.lifecycle import Lifecycle
from fieldstone.schema.model import Enum, EnumValue, Field, File, Message, Package, Rpc, Schema
from fieldstone.schema.storage import Column, StoredQuery, Table

_ORDER = ("removed", "changed", "deprecated", "added")
_MEMBERS = {"fields", "oneofs", "values", "rpcs", "columns", "queries"}
_TOLD_ELSEWHERE = _MEMBERS | {"custom", "full_name", "location", "lifecycle", "indexes", "aggregate_key"}


class Described(Struct, frozen=True, order=True):
    """One change in words.

    Attributes:
        kind: added, removed, changed or deprecated.
        element: the kind of element: message, field, rpc, ...
        subject: its full name, in the old schema if it existed there.
        text: one sentence in Markdown's backticks, without a full stop.
    """

    kind: str
    element: str
    subject: str
    text: str


def describe(old: Schema, new: Schema) -> list[Described]:
    """Every change between two versions, removals first, then by name."""
    found = {described for change in pair(old, new) for described in _describe(change)}
    found |= set(_deprecations(old, new))
    return sorted(found, key=lambda d: (_ORDER.index(d.kind), d.subject, d.text))


def _describe(change: Change) -> Iterator[Described]:
    match change:
        case Added(new=Package() | File()) | Kept(new=File()) | Removed(old=Package()):
            return
        case Added(new=element):
            yield _described("added", element, f"{_kind(element)} {_named(element)} added{_to(element)}")
        case Removed(old=element):
            yield _described("removed", element, f"{_kind(element)} {_named(element)} removed{_from(element)}")
        case Moved(old=old, new=new):
            yield _described("changed", old, f"{_about(old)} moved to `{new.name}`")
        case Renamed(old=old, new=new, within=within, told=told):
            if not told:
                now = new.name if within or new.parent == old.parent else new.full_name
                yield _described("changed", old, f"{_about(old)} renamed to `{now}`")
            if isinstance(old, Message | Enum):
                yield from _differences(old, new, but={"package"})
        case Renumbered(old=old, new=new):
            text = f"{_about(old)} renumbered from {_number(old)} to {_number(new)}"
            yield _described("changed", old, text)
        case Kept(old=old, new=new):
            yield from _differences(old, new)


def _differences(old: Element, new: Element, but: Container[str] = ()) -> Iterator[Described]:
    """The differences of an element itself, except in the attributes `but`; its members are changes of their own."""
    yield from _custom_options(old, new)
    if isinstance(old, Field | Rpc | EnumValue | Column | StoredQuery) and old.declaration != new.declaration:
        yield _described("changed", old, f"{_about(old)} went from `{old.declaration}` to `{new.declaration}`")
        return
    if isinstance(old, Table) and isinstance(new, Table):
        yield from _indexes(old, new)
        yield from _outbox(old, new)
    before, after = (side.query if isinstance(side, StoredQuery) else side for side in (old, new))
    for name in before.__struct_fields__ if isinstance(before, Query) else compared(type(before)):
        was, now = getattr(before, name), getattr(after, name)
        if name not in _TOLD_ELSEWHERE and name not in but and was != now:
            words = "name" if name == "table" else name.replace("_", " ")
            yield _described("changed", old, f"{words} of {_about(old)} went from {_value(was)} to {_value(now)}")


def _custom_options(old: Element, new: Element) -> Iterator[Described]:
    for name in sorted(old.custom.keys() | new.custom.keys()):
        was, now = (side.custom[name].text if name in side.custom else None for side in (old, new))
        if was != now:
            text = f"option `{name}` of {_about(old)} went from {_value(was)} to {_value(now)}"
            yield _described("changed", old, text)


def _indexes(old: Table, new: Table) -> Iterator[Described]:
    for index in old.indexes:
        if index not in new.indexes:
            yield Described("removed", "index", old.full_name, f"index {_value(index)} removed from {_about(old)}")
    for index in new.indexes:
        if index not in old.indexes:
            yield Described("added", "index", old.full_name, f"index {_value(index)} added to {_about(old)}")


def _outbox(old: Table, new: Table) -> Iterator[Described]:
    before, after = old.aggregate_key, new.aggregate_key
    if before is None and after is not None:
        yield Described("added", "outbox", old.full_name, f"outbox added to {_about(old)}, in order for each `{after}`")
    elif before is not None and after is None:
        yield Described("removed", "outbox", old.full_name, f"outbox removed from {_about(old)}")
    elif before != after:
        text = f"order of the outbox of {_about(old)} went from {_value(before)} to {_value(after)}"
        yield Described("changed", "outbox", old.full_name, text)


def _deprecations(old: Schema, new: Schema) -> Iterator[Described]:
    before = {(_kind(e), e.full_name): e.lifecycle for e in with_lifecycle(old)}
    for element in with_lifecycle(new):
        was = before.get((_kind(element), element.full_name))
        now = element.lifecycle
        if was is None or was == now:
            continue
        about = _about(element)
        if now.deprecated and not was.deprecated:
            yield _described("deprecated", element, f"{about} deprecated{_sunset(now)}")
        elif was.deprecated and not now.deprecated:
            yield _described("changed", element, f"{about} no longer deprecated")
        elif was.sunset != now.sunset:
            yield _described("changed", element, f"sunset of {about} moved to {now.sunset or 'no date'}")


def _described(kind: str, element: Element, text: str) -> Described:
    return Described(kind, _kind(element), element.full_name, text)


def _kind(element: Element) -> str:
    if isinstance(element, Field) and element.extendee:
        return "extension"
    known = {"EnumValue": "enum value", "StoredQuery": "query"}
    return known.get(type(element).__name__, type(element).__name__.lower())


def _about(element: Element) -> str:
    return f"{_kind(element)} `{_name(element)}`{_of(element)}"


def _name(element: Element) -> str:
    match element:
        case Table():
            return element.table
        case Column():
            return element.column
    return element.name


def _named(element: Element) -> str:
    match element:
        case Field():
            return f"`{element.name}` ({element.label}{element.type}, number {element.number})"
        case EnumValue():
            return f"`{element.name}` (number {element.number})"
        case Column() | StoredQuery():
            return f"`{element.declaration}`"
    return f"`{_name(element)}`"


def _parent(element: Element) -> str:
    if isinstance(element, Table):
        return f"`{element.full_name}`"
    return "" if isinstance(element, Package | File) or not element.parent else f"`{element.parent}`"


def _to(element: Element) -> str:
    return f" to {_parent(element)}" if _parent(element) else ""


def _from(element: Element) -> str:
    return f" from {_parent(element)}" if _parent(element) else ""


def _of(element: Element) -> str:
    return f" of {_parent(element)}" if _parent(element) else ""


def _number(element: Element) -> int:
    return element.number if isinstance(element, Field | EnumValue) else 0


def _sunset(lifecycle: Lifecycle) -> str:
    return f", to leave after {lifecycle.sunset}" if lifecycle.sunset else ""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "ranges"):
        numbers = [str(a) if a == b else f"{a} to {b}" for a, b in value.ranges]
        return ", ".join([*numbers, *sorted(f'"{name}"' for name in value.names)]) or "nothing"
    if isinstance(value, Index):
        return f"{'unique ' if value.unique else ''}({_value(value.fields)})"
    if value and isinstance(value, tuple) and isinstance(value[0], str):
        return ", ".join(f"`{part}`" for part in value)
    return f"`{value}`" if value not in ("", None, (), {}) else "nothing"
