"""What changed between two schemas, as people would say it; no judgement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from fieldstone.compatibility.pairing import Added, Change, Kept, Removed, Renamed, Renumbered, pair
from fieldstone.schema.model import Element, EnumValue, Field, File, Lifecycle, Package, Rpc, Schema

_ORDER = ("removed", "changed", "deprecated", "added")


@dataclass(frozen=True, slots=True, order=True)
class Described:
    """One change in words.

    Attributes:
        kind: added, removed, changed or deprecated.
        element: what sort of thing changed: message, field, rpc, ...
        subject: its full name, on the old side if it was there.
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
        case Renamed(old=old, new=new):
            yield _described("changed", old, f"{_kind(old)} `{old.name}`{_of(old)} renamed to `{new.name}`")
        case Renumbered(old=old, new=new):
            text = f"{_kind(old)} `{old.name}`{_of(old)} renumbered from {_number(old)} to {_number(new)}"
            yield _described("changed", old, text)
        case Kept(old=old, new=new):
            yield from _differences(old, new)


def _differences(old: Element, new: Element) -> Iterator[Described]:
    """What differs in an element itself; its members have changes of their own."""
    about = f"{_kind(old)} `{old.name}`{_of(old)}"
    if isinstance(old, Field | Rpc | EnumValue):
        if old.declaration != new.declaration:
            yield _described("changed", old, f"{about} went from `{old.declaration}` to `{new.declaration}`")
            return
        skipped = {"full_name", "location", "lifecycle"}
    else:
        skipped = {"full_name", "location", "lifecycle", "fields", "oneofs", "values", "rpcs"}
    for part in fields(old):
        before, after = getattr(old, part.name), getattr(new, part.name)
        if part.name not in skipped and before != after:
            words = part.name.replace("_", " ")
            yield _described("changed", old, f"{words} of {about} went from {_value(before)} to {_value(after)}")


def _deprecations(old: Schema, new: Schema) -> Iterator[Described]:
    before = {(_kind(e), e.full_name): e.lifecycle for e in _with_lifecycle(old)}
    for element in _with_lifecycle(new):
        was = before.get((_kind(element), element.full_name))
        now = element.lifecycle
        if was is None or was == now:
            continue
        about = f"{_kind(element)} `{element.name}`{_of(element)}"
        if now.deprecated and not was.deprecated:
            yield _described("deprecated", element, f"{about} deprecated{_sunset(now)}")
        elif was.deprecated and not now.deprecated:
            yield _described("changed", element, f"{about} no longer deprecated")
        elif was.sunset != now.sunset:
            yield _described("changed", element, f"sunset of {about} moved to {now.sunset or 'no date'}")


def _with_lifecycle(schema: Schema) -> Iterator[Element]:
    for message in schema.messages.values():
        yield message
        yield from message.fields.values()
    for enum in schema.enums.values():
        yield enum
        yield from enum.values
    for service in schema.services.values():
        yield service
        yield from service.rpcs.values()


def _described(kind: str, element: Element, text: str) -> Described:
    return Described(kind, _kind(element), element.full_name, text)


def _kind(element: Element) -> str:
    if isinstance(element, Field) and element.extendee:
        return "extension"
    return {"EnumValue": "enum value"}.get(type(element).__name__, type(element).__name__.lower())


def _named(element: Element) -> str:
    match element:
        case Field():
            return f"`{element.name}` ({element.label}{element.type}, number {element.number})"
        case EnumValue():
            return f"`{element.name}` (number {element.number})"
    return f"`{element.name}`"


def _parent(element: Element) -> str:
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
    return f"`{value}`" if value not in ("", None, (), {}) else "nothing"
