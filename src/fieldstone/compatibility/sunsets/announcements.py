"""New sunsets: elements whose sunset differs from the old schema's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Generic

from msgspec import Struct

from fieldstone.compatibility.pairing import Change, E_co, Kept
from fieldstone.schema.element import Element
from fieldstone.schema.location import Location
from fieldstone.schema.model import EnumValue, Field, Schema


class Announced(Struct, Generic[E_co], frozen=True):
    """An element that announces a sunset; `old` is None where the old schema has no sunset for it."""

    new: E_co
    old: E_co | None = None
    within: Kept[Element] | None = None

    @property
    def sides(self) -> tuple[E_co | None, E_co | None]:
        """The element before and after the change."""
        return self.old, self.new

    @property
    def subject(self) -> E_co:
        """The element that the change is about."""
        return self.new

    @property
    def location(self) -> Location:
        """The element's location in the new source."""
        return self.new.location

    @property
    def day(self) -> date | None:
        """The announced sunset; None where it is no date."""
        return self.new.lifecycle.sunset_day

    @property
    def is_closer(self) -> bool:
        """Whether the sunset lies before the one in the old schema."""
        before = self.old.lifecycle.sunset_day if self.old else None
        return before is not None and self.day is not None and self.day < before

    @property
    def is_postponed(self) -> bool:
        """Whether the sunset lies after the one that the old schema announces."""
        if self.old is None or not _announces(self.old, self.new):
            return False
        before = self.old.lifecycle.sunset_day
        return before is not None and self.day is not None and self.day > before


def announced(old: Schema, new: Schema, changes: Iterable[Change]) -> Iterator[Announced[Element]]:
    """The elements of the new schema whose sunset the old schema does not announce.

    Args:
        old: the released schema.
        new: the schema that is judged.
        changes: the changes between the two; a field or enum value keeps its sunset under a new name.
    """
    before = {_key(element): element for element in with_lifecycle(old.part) if element.lifecycle.sunset}
    for change in changes:
        if isinstance(change, Kept) and isinstance(change.new, Field | EnumValue) and change.old.lifecycle.sunset:
            before[_key(change.new)] = change.old
    for element in with_lifecycle(new.part):
        if not element.lifecycle.sunset:
            continue
        was = before.get(_key(element))
        if was is None or was.lifecycle.sunset != element.lifecycle.sunset or not _announces(was, element):
            yield Announced(element, was)


def with_lifecycle(schema: Schema) -> Iterator[Element]:
    """Every element of a schema that a lifecycle option can be set on: messages, enums, services and their members."""
    for message in schema.messages.values():
        yield message
        yield from message.fields.values()
    yield from schema.extensions.values()
    for enum in schema.enums.values():
        yield enum
        yield from enum.values
    for service in schema.services.values():
        yield service
        yield from service.rpcs.values()


def _announces(old: Element, new: Element) -> bool:
    """Whether readers of the old element see its sunset: only that of a deprecated element is visible."""
    return old.lifecycle.deprecated or not new.lifecycle.deprecated


def _key(element: Element) -> tuple[type[Element], str]:
    return type(element), element.full_name
