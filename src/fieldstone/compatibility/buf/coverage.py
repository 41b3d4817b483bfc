"""The part of two schemas that a change covers, in buf's names.

buf names a type by its name within the package. It names a member by the type's last name and a number or name. It also
knows the messages that the compiler generates for map entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from fieldstone.compatibility.finding import Covered
from fieldstone.compatibility.pairing import Change
from fieldstone.compatibility.sunsets.announcements import Announced
from fieldstone.schema.element import Element
from fieldstone.schema.model import (
    Definition,
    Enum,
    EnumValue,
    Field,
    File,
    Message,
    Oneof,
    Package,
    Rpc,
    Schema,
    Service,
)

_Members = tuple[tuple[str, str], ...]


def covered_by(
    change: Change | Announced[Element], released: Schema, parts: Sequence[str] = (), further: Iterable[str] = ()
) -> Covered:
    """The part of both schemas that a finding about a change covers.

    Args:
        change: the change.
        released: the old schema.
        parts: names, or first numbers of ranges, within the changed type; empty for the whole type.
        further: other subjects that the finding covers; only files among them count.
    """
    covered = _covered_by(change, released, parts)
    files = [name for name in further if name in released.files]
    return replace(covered, files=tuple(dict.fromkeys((*covered.files, *files)))) if files else covered


def _covered_by(change: Change | Announced[Element], released: Schema, parts: Sequence[str]) -> Covered:
    subject, files = change.subject, _files_of(change, released)
    owner = _owner(change)
    if isinstance(subject, Definition):
        if parts:
            return Covered(files, members=tuple((subject.name, part) for part in parts), owner=subject.full_name)
        own = inner_name(subject.full_name, subject.package)
        entries = [entry_name(own, field) for field in _fields_of(subject) if is_map(field)]
        return Covered(files, (own, *entries), owner=subject.full_name)
    if isinstance(subject, Field) and subject.extendee:
        return Covered(files, (extension_name(subject, released),), extension_members(subject))
    if owner is None:
        return Covered(files)
    types = tuple(
        entry_name(inner_name(owner.full_name, owner.package), field)
        for field in _sides(change, Field)
        if is_map(field)
    )
    return Covered(files, types, _members_of(change, owner), owner.full_name)


def _files_of(change: Change | Announced[Element], released: Schema) -> tuple[str, ...]:
    subject = change.subject
    if isinstance(subject, Package):
        return tuple(path for path, file in released.part.files.items() if file.package == subject.full_name)
    holders = change.within.sides if change.within else ()
    elements = [element for element in (*change.sides, *holders) if element is not None]
    paths = [element.full_name if isinstance(element, File) else element.location.path for element in elements]
    return tuple(dict.fromkeys((*paths, change.location.path)))


def _owner(change: Change | Announced[Element]) -> Definition | None:
    owner = change.within.old if change.within else None
    return owner if isinstance(owner, Definition) else None


def _fields_of(subject: Definition) -> Iterable[Field]:
    return subject.fields.values() if isinstance(subject, Message) else ()


def _sides(change: Change | Announced[Element], kind: type[Field]) -> list[Field]:
    return [element for element in change.sides if isinstance(element, kind)]


def _members_of(change: Change | Announced[Element], owner: Definition) -> _Members:
    """The keys that buf uses for an element of `owner`, with the element's numbers and names on both sides."""
    found: dict[tuple[str, str], int] = {}
    for element in change.sides:
        match element:
            case Field():
                found |= dict.fromkeys(field_members(owner.name, element), 1)
            case Oneof():
                found |= {(owner.name, name): 1 for name in (element.name, *map(str, element.members))}
            case Rpc():
                found[owner.name, element.name] = 1
            case EnumValue():
                found[owner.name, str(element.number)] = _names_now(change, element.number)
    return tuple(member for member, times in found.items() for _ in range(times))


def _names_now(change: Change | Announced[Element], number: int) -> int:
    """The number of times that buf reports a change of an enum's number: once for each current name of the number."""
    enum = change.within.new if change.within else None
    return max(1, sum(value.number == number for value in enum.values)) if isinstance(enum, Enum) else 1


def inner_name(full_name: str, package: str) -> str:
    """A full name without its package."""
    return full_name.removeprefix(f"{package}.") if package else full_name


def extension_name(extension: Field, schema: Schema) -> str:
    """The name of an extension of a schema within its package."""
    file = schema.files.get(extension.location.path)
    return inner_name(extension.full_name, file.package if file else "")


def is_map(field: Field) -> bool:
    """Whether the compiler generates an entry message for the field."""
    return field.cardinality == "map"


def entry_name(holder: str, field: Field) -> str:
    """The name of a map's entry message, as protoc forms it: `Step.TagsEntry` for `tags`."""
    camel, upper = "", True
    for character in field.name:
        if character != "_":
            camel += character.upper() if upper else character
        upper = character == "_"
    return f"{holder}.{camel}Entry"


def field_members(holder: str, field: Field) -> _Members:
    """The keys that buf uses for a field: its number, and for a map also the entry's key and value.

    `holder` is the last name of the message.
    """
    found = ((holder, str(field.number)),)
    if not is_map(field):
        return found
    entry = entry_name("", field).removeprefix(".")
    return (*found, (entry, "1"), (entry, "2"))


def extension_members(extension: Field) -> _Members:
    """The keys that buf uses for an extension besides its full name: its number in the extended message."""
    return (((extension.extendee or "").rpartition(".")[2], str(extension.number)),)


def declared(schema: Schema) -> Iterator[tuple[str, str]]:
    """Every key that buf can use in a schema: types within their package, with an empty text, and their members."""
    for kind in schema.types():
        yield inner_name(kind.full_name, kind.package), ""
        yield kind.name, ""
        yield from _declared_in(kind)
    for extension in schema.extensions.values():
        yield extension_name(extension, schema), ""
        yield from extension_members(extension)


def _declared_in(kind: Message | Enum | Service) -> Iterator[tuple[str, str]]:
    match kind:
        case Message():
            for field in kind.fields.values():
                yield from field_members(kind.name, field)
                if is_map(field):
                    yield entry_name(inner_name(kind.full_name, kind.package), field), ""
            yield from ((kind.name, name) for name in (*kind.oneofs, *_reserved(kind)))
        case Enum():
            yield from ((kind.name, name) for name in (*(str(v.number) for v in kind.values), *_reserved(kind)))
        case Service():
            yield from ((kind.name, name) for name in kind.rpcs)


def _reserved(kind: Message | Enum) -> Iterator[str]:
    ranges = (*kind.reserved.ranges, *(kind.extension_ranges if isinstance(kind, Message) else ()))
    yield from kind.reserved.names
    yield from (str(first) for first, _ in ranges)
