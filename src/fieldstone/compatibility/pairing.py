"""Matches two schemas to pairs. Says what changed, not whether it matters.

Messages, enums, services and packages are matched by full name, files by path. Fields, extensions and enum values are
matched by number, oneofs, rpcs and queries by name, tables by message, columns by field.

Elements that are left on both sides are matched again: by name (renumbered), or by structure (renamed). `renaming`
finds the renamed types; their members are matched like those of any other type.

Equal pairs are left out. So are the members of an added or removed element: a table goes with its message, a column
with its field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.renaming import Move, Renames, find_renames
from fieldstone.schema.element import Element
from fieldstone.schema.location import Location
from fieldstone.schema.model import Enum, EnumValue, Field, File, Message, Oneof, Package, Rpc, Schema, Service
from fieldstone.schema.storage import StoredQuery, Table, tables

E_co = TypeVar("E_co", bound=Element, covariant=True)
K = TypeVar("K", bound=Hashable)


class Kept(Struct, Generic[E_co], frozen=True):
    """An element that both sides have under one key, and that differs."""

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
    def location(self) -> Location:
        """The location to point at in the new source."""
        return self.new.location


class Renamed(Kept[E_co], frozen=True):
    """An element that was removed and added under another name.

    `told` says that its new name follows from that of its package, or of the message around it.
    """

    told: bool = False


class Moved(Kept[Package], frozen=True):
    """A package that was removed while its types were added in another one."""

    move: Move = Move("", "", {})


class Renumbered(Kept[E_co], frozen=True):
    """A field or enum value that keeps its name under another number."""


class Removed(Struct, Generic[E_co], frozen=True):
    """An element that only the old side has; `location` is that of its container, in the new source."""

    old: E_co
    location: Location
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
    def location(self) -> Location:
        """The location to point at in the new source."""
        return self.new.location


Change = Kept[Element] | Removed[Element] | Added[Element]


def pair(old: Schema, new: Schema, renames: Renames | None = None) -> Iterator[Change]:
    """Match two versions of a module.

    Every change is given once: `Kept` elements that differ, and all that were removed, added, renamed or renumbered. A
    moved package comes before its types.

    Args:
        old: the released schema.
        new: the schema that is compared with it.
        renames: the renamed types and packages, if they are known already.
    """
    renames = find_renames(old, new) if renames is None else renames
    yield from _packages(old, new, renames)
    old, new = old.part, new.part
    yield from _match(old.files, new.files)
    yield from _types(old, new, renames)
    yield from _services(old, new, renames)
    yield from _extensions(old, new, renames)
    for table in _match(_tables_of(old, new), _tables_of(new, old), by_shape=False):
        yield table
        if isinstance(table, Kept):
            yield from _inside_table(table)


def _packages(old: Schema, new: Schema, renames: Renames) -> Iterator[Change]:
    before, after = old.packages, new.packages
    yield from (Moved(before[m.old], after[m.new], move=m) for m in renames.moves.values())
    yield from _match({name: package for name, package in before.items() if name not in renames.moves}, after)


def _types(old: Schema, new: Schema, renames: Renames) -> Iterator[Change]:
    """The messages and the enums, each followed by the changes inside."""
    before, after = _outermost(old, new, renames.types), _outermost(new, old, renames.came)
    yield from _each(_match(before.messages, after.messages, new=new), _inside_message, renames)
    yield from _each(_renamed(old.messages, new.messages, renames), _inside_message, renames)
    yield from _each(_match(before.enums, after.enums, new=new), _inside_enum, renames)
    yield from _each(_renamed(old.enums, new.enums, renames), _inside_enum, renames)


def _each(changes: Iterable[Change], inside: Callable[..., Iterator[Change]], renames: Renames) -> Iterator[Change]:
    """Changes of types, each followed by the changes inside."""
    for change in changes:
        yield change
        if isinstance(change, Kept):
            yield from inside(change, renames)


def _services(old: Schema, new: Schema, renames: Renames) -> Iterator[Change]:
    yield from _renamed(old.services, new.services, renames)
    before = {name: service for name, service in old.services.items() if name not in renames.types}
    after = {name: service for name, service in new.services.items() if name not in renames.came}
    for service in _match(before, after, new=new):
        yield service
        if isinstance(service, Kept) and not isinstance(service, Renamed):
            yield from _match(service.old.rpcs, service.new.rpcs, within=service)


def _extensions(old: Schema, new: Schema, renames: Renames) -> Iterator[Change]:
    """The extensions; that of a renamed message is matched with the new one of the same number."""
    before = {(renames.types.get(on, on), number): field for (on, number), field in old.extensions.items()}
    after = dict(new.extensions)
    for key in before.keys() & after.keys() & {(renames.types.get(on, ""), number) for on, number in old.extensions}:
        before[key] = _retyped(before[key], after[key], renames)
        if replace(before[key], extendee=key[0]) == after[key]:
            del before[key], after[key]
    yield from _match(before, after, by_shape=False)


def _renamed(olds: Mapping[str, E_co], news: Mapping[str, E_co], renames: Renames) -> Iterator[Renamed[E_co]]:
    for before, after in renames.types.items():
        if before in olds:
            yield Renamed(olds[before], news[after], told=renames.is_told(before))


def _inside_message(message: Kept[Message], renames: Renames) -> Iterator[Change]:
    before, after = message.old.fields, message.new.fields
    if message.old.full_name != message.new.full_name:
        before = {n: _retyped(field, after[n], renames) if n in after else field for n, field in before.items()}
    yield from _inside(before, after, message, by_shape=False)
    yield from _inside(message.old.oneofs, message.new.oneofs, message)


def _inside_enum(enum: Kept[Enum], _renames: Renames) -> Iterator[Change]:
    before, after = _values_by_key(enum.old, enum.new), _values_by_key(enum.new, enum.old)
    yield from _inside(before, after, enum, by_shape=False)


def _inside(
    olds: Mapping[K, E_co], news: Mapping[K, E_co], within: Kept[Element], *, by_shape: bool = True
) -> Iterator[Change]:
    """The changes of a type's members; if the type was renamed, members' full names do not count."""
    if within.old.full_name != within.new.full_name:
        same = {key for key in olds.keys() & news.keys() if _same_but_for_parent(olds[key], news[key])}
        olds, news = ({k: e for k, e in side.items() if k not in same} for side in (olds, news))
    yield from _match(olds, news, within=within, by_shape=by_shape)


def _same_but_for_parent(old: Element, new: Element) -> bool:
    return old.name == new.name and replace(old, full_name=new.full_name) == new


def _retyped(old: Field, new: Field, renames: Renames) -> Field:
    """A released field with the new name of its type, if the type was renamed."""
    before, after = old.holds, new.holds
    if before == after or renames.types.get(before) != after:
        return old
    return replace(old, type=old.type[: old.type.rindex(before)] + after + (">" if old.cardinality == "map" else ""))


def _inside_table(table: Kept[Table]) -> Iterator[Change]:
    again = _annotated_anew(table.old.message, table.new.message)
    old, new = ({n: c for n, c in side.columns.items() if n in again} for side in (table.old, table.new))
    yield from _match(old, new, within=table, by_shape=False)
    yield from _match(table.old.queries, table.new.queries, within=table)


def _annotated_anew(old: Message, new: Message) -> set[int]:
    """The fields that are stored differently because of their annotations.

    Any other change of a column follows from its field, whose change is given by itself.
    """
    return {n for n in old.fields.keys() & new.fields.keys() if _stored_as(old.fields[n]) != _stored_as(new.fields[n])}


def _stored_as(field: Field) -> tuple[str, str, bool, str]:
    return field.column.name, field.column.codec, field.column.not_stored, field.column.default


def _values_by_key(mine: Enum, other: Enum) -> dict[tuple[int, str], EnumValue]:
    """Values by number and name if both sides have them; else by number and a running number."""
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
) -> Iterator[Kept[E_co] | Removed[E_co] | Added[E_co]]:
    removed = [element for key, element in olds.items() if key not in news]
    added = [element for key, element in news.items() if key not in olds]
    for key, element in olds.items():
        if key in news and _differ(element, news[key]):
            yield Kept(element, news[key], within)
    again: Sequence[Kept[E_co]]
    if by_shape:
        again = [Renamed(*both, within) for both in _same_shape(removed, added)]
    else:
        again = [Renumbered(*both, within) for both in _same_name(removed, added, within)]
    yield from again
    matched = {id(element) for change in again for element in (change.old, change.new)}
    yield from (Removed(e, _location(e, within, new), within) for e in removed if id(e) not in matched)
    yield from (Added(e, within) for e in added if id(e) not in matched)


def _differ(old: Element, new: Element) -> bool:
    return old != new or (_belongs_to_file(old) and old.location.path != new.location.path)


def _belongs_to_file(element: Element) -> bool:
    """Whether generated code depends on the element's file: types and extensions."""
    is_extension = isinstance(element, Field) and element.extendee is not None
    return isinstance(element, Message | Enum | Service) or is_extension


def _location(element: Element, within: Kept[Element] | None, new: Schema | None) -> Location:
    """The location to point at for a removed element: its container, else its file, without a line."""
    if within is not None:
        return within.new.location
    if new is not None and element.parent in new.messages:
        return new.messages[element.parent].location
    return Location(element.location.path)


def _same_name(removed: list[E_co], added: list[E_co], within: Kept[Element] | None) -> Iterator[tuple[E_co, E_co]]:
    """Pairs of members of one type with the same name, or of extensions with the same full name."""
    key = attrgetter("name" if within else "full_name")
    by_name = {key(element): element for element in added}
    yield from ((element, by_name[key(element)]) for element in removed if key(element) in by_name)


def _same_shape(removed: list[E_co], added: list[E_co]) -> Iterator[tuple[E_co, E_co]]:
    """Pairs that can be identified: one of each shape on either side, with contents."""
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
    """The tables of messages that the other side has, too."""
    return {name: table for name, table in tables(mine).items() if name in other.messages}


def _outermost(mine: Schema, other: Schema, renamed: Container[str]) -> Schema:
    """The messages and enums that were added, removed or kept their names, outside of removed ones."""

    def is_apart(element: Message | Enum) -> bool:
        around = element.parent
        return element.full_name not in renamed and (
            around not in mine.messages or around in other.messages or around in renamed
        )

    return Schema(
        messages={name: message for name, message in mine.messages.items() if is_apart(message)},
        enums={name: enum for name, enum in mine.enums.items() if is_apart(enum)},
    )


def changed_types(changes: Iterable[Change]) -> set[str]:
    """The full names of the messages, enums and services that the changes affect, in themselves or as tables."""
    touched: set[str] = set()
    for change in changes:
        element = change.within.new if change.within else change.new if isinstance(change, Kept) else change.subject
        if isinstance(element, Message | Enum | Service | Table):
            touched.add(element.full_name)
    return touched
