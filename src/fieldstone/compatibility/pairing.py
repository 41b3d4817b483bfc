"""Two schemas -> matched pairs. Says what changed, not whether it matters.

Messages, enums, services and packages are matched by full name, files by path, fields, extensions
and enum values by number, oneofs and rpcs by name, tables by their messages, columns by their fields,
queries by name. What is left over on both sides is matched once more: by name (renumbered), or by
structure (renamed). Equal pairs are left out, and so is what lies inside an element that itself came or
went: a table goes with its message, a column with its field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from fieldstone.compatibility.renaming import renamed_types
from fieldstone.schema.location import Location
from fieldstone.schema.model import Element, Enum, EnumValue, Field, File, Message, Oneof, Rpc, Schema, Service
from fieldstone.schema.storage import StoredQuery, Table, tables

E_co = TypeVar("E_co", bound=Element, covariant=True)
K = TypeVar("K", bound=Hashable)


class Kept(Struct, Generic[E_co], frozen=True):
    """An element that both sides have under one key, and that is not equal."""

    old: E_co
    new: E_co
    within: Kept[Element] | None = None

    @property
    def sides(self) -> tuple[E_co | None, E_co | None]:
        """The element before and after the change."""
        return self.old, self.new

    @property
    def subject(self) -> E_co:
        """The element that the change is about, as released."""
        return self.old

    @property
    def place(self) -> Location:
        """Where to point in the new source."""
        return self.new.location


class Renamed(Kept[E_co], frozen=True):
    """An element that left while one of the same shape came."""


class Renumbered(Kept[E_co], frozen=True):
    """A field or enum value whose number left while its name came back under another number."""


class Removed(Struct, Generic[E_co], frozen=True):
    """An element that only the old side has; `place` is what held it, in the new source."""

    old: E_co
    place: Location
    within: Kept[Element] | None = None

    @property
    def sides(self) -> tuple[E_co | None, E_co | None]:
        """The element before and after the change."""
        return self.old, None

    @property
    def subject(self) -> E_co:
        """The element that the change is about, as released."""
        return self.old


class Added(Struct, Generic[E_co], frozen=True):
    """An element that only the new side has."""

    new: E_co
    within: Kept[Element] | None = None

    @property
    def sides(self) -> tuple[E_co | None, E_co | None]:
        """The element before and after the change."""
        return None, self.new

    @property
    def subject(self) -> E_co:
        """The element that the change is about."""
        return self.new

    @property
    def place(self) -> Location:
        """Where to point in the new source."""
        return self.new.location


Change = Kept[Element] | Removed[Element] | Added[Element]


def pair(old: Schema, new: Schema) -> Iterator[Change]:
    """Match two versions of a module.

    Every change is given once: `Kept` elements that differ, and what was removed, added, renamed
    and renumbered.
    """
    yield from _match(old.packages, new.packages)
    old, new = old.part, new.part
    yield from _match(old.files, new.files)
    renamed = renamed_types(old, new)
    messages = _outermost(old.messages, new.messages), _outermost(new.messages, old.messages)
    for message in _match(*messages, new=new, renamed=renamed):
        yield message
        if isinstance(message, Kept) and not isinstance(message, Renamed):
            yield from _inside_message(message)
    for enum in _match(_reachable(old, new), _reachable(new, old), new=new, renamed=renamed):
        yield enum
        if isinstance(enum, Kept) and not isinstance(enum, Renamed):
            yield from _inside_enum(enum)
    for service in _match(old.services, new.services, new=new):
        yield service
        if isinstance(service, Kept) and not isinstance(service, Renamed):
            yield from _match(service.old.rpcs, service.new.rpcs, within=service)
    yield from _match(old.extensions, new.extensions, by_shape=False)
    for table in _match(_tables_of(old, new), _tables_of(new, old), by_shape=False):
        yield table
        if isinstance(table, Kept):
            yield from _inside_table(table)


def _inside_message(message: Kept[Message]) -> Iterator[Change]:
    yield from _match(message.old.fields, message.new.fields, within=message, by_shape=False)
    yield from _match(message.old.oneofs, message.new.oneofs, within=message)


def _inside_table(table: Kept[Table]) -> Iterator[Change]:
    again = _annotated_anew(table.old.message, table.new.message)
    old, new = ({n: c for n, c in side.columns.items() if n in again} for side in (table.old, table.new))
    yield from _match(old, new, within=table, by_shape=False)
    yield from _match(table.old.queries, table.new.queries, within=table)


def _annotated_anew(old: Message, new: Message) -> set[int]:
    """The fields of both sides that are stored in another way because their annotations say so.

    Whatever else becomes of a column follows from its field, whose change is given by itself.
    """
    return {n for n in old.fields.keys() & new.fields.keys() if _stored_as(old.fields[n]) != _stored_as(new.fields[n])}


def _stored_as(field: Field) -> tuple[str, str, bool, str]:
    return field.column.name, field.column.codec, field.column.not_stored, field.column.default


def _inside_enum(enum: Kept[Enum]) -> Iterator[Change]:
    old, new = _values_by_key(enum.old, enum.new), _values_by_key(enum.new, enum.old)
    yield from _match(old, new, within=enum, by_shape=False)


def _values_by_key(mine: Enum, other: Enum) -> dict[tuple[int, str], EnumValue]:
    """Values by number and name where both sides have them so, else by number and a running number."""
    shared = {(value.number, value.name) for value in mine.values} & {(v.number, v.name) for v in other.values}
    found: dict[tuple[int, str], EnumValue] = {}
    unshared: Counter[int] = Counter()
    for value in mine.values:
        key = (value.number, value.name)
        if key not in shared:
            key = (value.number, str(unshared[value.number]))
            unshared[value.number] += 1
        found[key] = value
    return found


def _match(
    olds: Mapping[K, E_co],
    news: Mapping[K, E_co],
    *,
    within: Kept[Element] | None = None,
    new: Schema | None = None,
    by_shape: bool = True,
    renamed: Mapping[str, str] | None = None,
) -> Iterator[Kept[E_co] | Removed[E_co] | Added[E_co]]:
    removed = [element for key, element in olds.items() if key not in news]
    added = [element for key, element in news.items() if key not in olds]
    for key, element in olds.items():
        if key in news and _differ(element, news[key]):
            yield Kept(element, news[key], within)
    again: Sequence[Kept[E_co]]
    if renamed is not None:
        again = [Renamed(*both, within) for both in _under_new_names(removed, added, renamed)]
    elif by_shape:
        again = [Renamed(*both, within) for both in _same_shape(removed, added)]
    else:
        again = [Renumbered(*both, within) for both in _same_name(removed, added)]
    yield from again
    matched = {id(element) for change in again for element in (change.old, change.new)}
    yield from (Removed(e, _place(e, within, new), within) for e in removed if id(e) not in matched)
    yield from (Added(e, within) for e in added if id(e) not in matched)


def _differ(old: Element, new: Element) -> bool:
    return old != new or (_belongs_to_file(old) and old.location.path != new.location.path)


def _belongs_to_file(element: Element) -> bool:
    """Whether generated code is looked for in the element's file: types and extensions."""
    is_extension = isinstance(element, Field) and element.extendee is not None
    return isinstance(element, Message | Enum | Service) or is_extension


def _place(element: Element, within: Kept[Element] | None, new: Schema | None) -> Location:
    """Where to point for an element that left: at what held it, else at its file, without a line."""
    if within is not None:
        return within.new.location
    if new is not None and element.parent in new.messages:
        return new.messages[element.parent].location
    return Location(element.location.path)


def _same_name(removed: list[E_co], added: list[E_co]) -> Iterator[tuple[E_co, E_co]]:
    by_name = {element.full_name: element for element in added}
    yield from ((element, by_name[element.full_name]) for element in removed if element.full_name in by_name)


def _under_new_names(removed: list[E_co], added: list[E_co], renamed: Mapping[str, str]) -> Iterator[tuple[E_co, E_co]]:
    by_name = {element.full_name: element for element in added}
    names = ((element, renamed.get(element.full_name)) for element in removed)
    yield from ((element, by_name[name]) for element, name in names if name in by_name)


def _same_shape(removed: list[E_co], added: list[E_co]) -> Iterator[tuple[E_co, E_co]]:
    """Pairs that can be told apart: one of each shape on either side, with something in it."""
    counts = Counter(element.shape for element in removed), Counter(element.shape for element in added)
    by_shape = {element.shape: element for element in added}
    for element in removed:
        shape = element.shape
        if counts[0][shape] == counts[1][shape] == 1 and _has_substance(element):
            yield element, by_shape[shape]


def _has_substance(element: Element) -> bool:
    match element:
        case Service():
            return bool(element.rpcs)
        case File() | Rpc() | StoredQuery():
            return True
        case Oneof():
            return bool(element.members)
    return False


def _tables_of(mine: Schema, other: Schema) -> dict[str, Table]:
    """Without the tables of messages that the other side lacks."""
    return {name: table for name, table in tables(mine).items() if name in other.messages}


def _outermost(mine: Mapping[str, Message], other: Mapping[str, Message]) -> dict[str, Message]:
    """Without the messages whose parent is a message that the other side lacks."""
    return {name: m for name, m in mine.items() if m.parent not in mine or m.parent in other}


def _reachable(mine: Schema, other: Schema) -> dict[str, Enum]:
    """Without the enums whose parent is a message that the other side lacks."""
    return {name: e for name, e in mine.enums.items() if e.parent not in mine.messages or e.parent in other.messages}


def changed_types(changes: Iterable[Change]) -> set[str]:
    """The full names of the messages, enums and services that the changes touch, in themselves or as tables."""
    touched: set[str] = set()
    for change in changes:
        element = change.within.new if change.within else change.subject
        if isinstance(element, Message | Enum | Service | Table):
            touched.add(element.full_name)
    return touched
