"""Builds the documentation of a release from its image and its history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.restoring import derived_json_name
from fieldstone.documentation.model import (
    Contents,
    Described,
    Documentation,
    FileDocument,
    Listed,
    Member,
    PackageDocument,
    Pairs,
    Part,
    TypeDocument,
)
from fieldstone.schema.descriptors.written import NOTHING, Sources, Written
from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, Field, Message, Oneof, Rpc, Schema, Service
from fieldstone.schema.reservation import Ranges

Homes = Callable[[str], tuple[str, str] | None]
"""Gives the module and version that declare an imported file; None for a file of no release."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^a-z])|\n\s*\n")
_LONGEST_SUMMARY = 160
_SHOWN_BY_BADGE = "deprecated"
_LARGEST_FIELD = 2**29 - 1
_LARGEST_ENUM = 2**31 - 1


class Source(Struct, frozen=True, dict=True):
    """What the documentation of a release is built from.

    Attributes:
        module: the module's name.
        version: the release's version.
        schema: its schema.
        sources: what its sources say.
        ledger: its history.
        homes: finds the releases of imported files.
    """

    module: str
    version: str
    schema: Schema
    sources: Sources
    ledger: Ledger
    homes: Homes

    @cached_property
    def mentions(self) -> Mapping[str, list[str]]:
        """The fields and rpcs that have a type, by its full name."""
        found: dict[str, list[str]] = {}
        for field in _all_fields(self.schema):
            found.setdefault(field.holds, []).append(field.full_name)
        for service in self.schema.services.values():
            for rpc in service.rpcs.values():
                for name in {rpc.request, rpc.response}:
                    found.setdefault(name, []).append(rpc.full_name)
        return found

    @cached_property
    def nested(self) -> Mapping[str, list[Message | Enum | Service]]:
        """The types by the full name of the message or package around them."""
        found: dict[str, list[Message | Enum | Service]] = {}
        for type_ in self.schema.types():
            found.setdefault(type_.parent, []).append(type_)
        return found

    @cached_property
    def extensions(self) -> Mapping[str, list[Field]]:
        """The extensions by the full name of the message that they extend."""
        found: dict[str, list[Field]] = {}
        for field in self.schema.extensions.values():
            found.setdefault(field.extendee or "", []).append(field)
        return found


def document(release: Source) -> Documentation:
    """The documentation of a release."""
    types = {type_.full_name: _type(release, type_) for type_ in release.schema.types()}
    for field in release.schema.extensions.values():
        if field.extendee not in types:
            types[field.full_name] = _free_extension(release, field)
    return Documentation(Contents(release.module, release.version, tuple(_packages(release, types))), types)


def _packages(release: Source, types: Mapping[str, TypeDocument]) -> Iterator[PackageDocument]:
    files: dict[str, list[FileDocument]] = {}
    for path, file in sorted(release.schema.files.items()):
        document = FileDocument(
            **_described(file, release.sources.files.get(path, NOTHING)),
            package=file.package,
            syntax=file.syntax,
            imports=file.imports,
        )
        files.setdefault(file.package, []).append(document)
    listed: dict[str, list[Listed]] = {}
    for type_ in types.values():
        listed.setdefault(type_.package, []).append(_listed(type_))
    for name, of_package in sorted(files.items()):
        order = sorted(listed.get(name, ()), key=lambda one: (one.name.casefold(), one.name))
        yield PackageDocument(name, tuple(of_package), tuple(order))


def _listed(type_: TypeDocument) -> Listed:
    return Listed(
        kind=type_.kind,
        name=_within(type_.full_name, type_.package),
        full_name=type_.full_name,
        summary=summary_of(type_.comment),
        members=len(type_.members) if type_.kind != "extension" else 0,
        deprecated=type_.lifecycle.deprecated,
        since=type_.since,
    )


def summary_of(comment: str) -> str:
    """The first sentence of a comment, on one line, cut at 160 characters."""
    text = " ".join(_SENTENCE.split(comment.strip(), maxsplit=1)[0].split())
    return text if len(text) <= _LONGEST_SUMMARY else f"{text[:_LONGEST_SUMMARY].rstrip()}…"


def _type(release: Source, type_: Message | Enum | Service) -> TypeDocument:
    history = release.ledger.type(type_.full_name)
    inside = sorted(release.nested.get(type_.full_name, ()), key=lambda one: one.full_name)
    return TypeDocument(
        **_described(type_, release.sources.elements.get(type_.full_name, NOTHING), since=history.since),
        kind=type(type_).__name__.lower(),
        package=type_.package,
        file=type_.file,
        file_features=_pairs(release.sources.files.get(type_.file, NOTHING).features),
        members=tuple(_members(release, type_)),
        oneofs=tuple(_oneofs(release, type_)),
        reserved=tuple(_reserved(type_)),
        extension_ranges=_ranges(type_.extension_ranges, _LARGEST_FIELD) if isinstance(type_, Message) else (),
        extensions=tuple(_field(release, field) for field in release.extensions.get(type_.full_name, ())),
        facts=tuple(_facts(type_)),
        around="" if type_.top_level else type_.parent,
        inside=tuple(_brief(release, one) for one in inside),
        mentions=tuple(sorted(release.mentions.get(type_.full_name, ()))),
    )


def _brief(release: Source, type_: Message | Enum | Service) -> Listed:
    """A nested type in the list of its outer one."""
    comment = release.sources.elements.get(type_.full_name, NOTHING).leading
    kind = type(type_).__name__.lower()
    since = release.ledger.type(type_.full_name).since
    return Listed(
        kind=kind,
        name=type_.name,
        full_name=type_.full_name,
        summary=summary_of(comment),
        deprecated=type_.lifecycle.deprecated,
        since=since,
    )


def _free_extension(release: Source, field: Field) -> TypeDocument:
    """An extension of a message of another module, as a page of its own."""
    member = _field(release, field)
    home = next((f for f in release.schema.files.values() if f.full_name == field.location.path), None)
    return TypeDocument(
        **_described(field, release.sources.elements.get(field.full_name, NOTHING), since=member.since),
        kind="extension",
        package=home.package if home else field.parent,
        file=field.location.path,
        members=(member,),
        facts=(("extends", field.extendee or ""),),
    )


def _members(release: Source, type_: Message | Enum | Service) -> Iterator[Member]:
    match type_:
        case Message():
            yield from (_field(release, field) for field in sorted(type_.fields.values(), key=_place))
        case Enum():
            for value in type_.values:
                yield Member(**_member(release, value, type_.full_name, value.number), kind="value")
        case Service():
            yield from (_rpc(release, rpc, type_.full_name) for rpc in type_.rpcs.values())


def _place(field: Field) -> tuple[int, int, int]:
    return field.location.line, field.location.column, field.number


def _field(release: Source, field: Field) -> Member:
    owner = field.extendee or field.parent
    return Member(
        **_member(release, field, owner, field.number),
        kind="extension" if field.extendee else "field",
        label=field.label.strip(),
        type=tuple(_parts(release, field.type)),
        oneof=field.oneof or "",
        json_name=field.json_name,
        has_own_json_name=not field.extendee and field.json_name != derived_json_name(field.name),
        default=field.default,
        presence=field.presence,
    )


def _rpc(release: Source, rpc: Rpc, service: str) -> Member:
    request = [Part("stream ")] if rpc.client_streaming else []
    response = [Part("stream ")] if rpc.server_streaming else []
    pieces = (
        Part("("),
        *request,
        *_parts(release, rpc.request),
        Part(") returns ("),
        *response,
        *_parts(release, rpc.response),
        Part(")"),
    )
    return Member(**_member(release, rpc, service, None), kind="rpc", type=pieces)


def _member(release: Source, element: Element, owner: str, number: int | None) -> dict[str, Any]:
    said = release.sources.elements.get(element.full_name, NOTHING)
    name = element.full_name if isinstance(element, Field) and element.extendee else element.name
    uses = [use for use in release.ledger.type(owner).members if use.name == name]
    current = next((use.since for use in uses if use.until is None and use.number == number), "")
    since = uses[0].since if uses else ""
    changed = current if current != since else ""
    return {**_described(element, said, since=since), "number": number, "changed": changed}


def _described(element: Element, said: Written, *, since: str = "") -> dict[str, Any]:
    """The attributes of `Described`."""
    return {
        "name": element.name,
        "full_name": element.full_name,
        "comment": said.leading,
        "trailing": said.trailing,
        "detached": said.detached,
        "options": _pairs(said.options, but=_SHOWN_BY_BADGE),
        "features": _pairs(said.features),
        "lifecycle": element.lifecycle,
        "since": since,
        "line": element.location.line,
    }


def _pairs(values: Mapping[str, str], but: str = "") -> Pairs:
    return tuple((name, value) for name, value in sorted(values.items()) if name != but)


def _oneofs(release: Source, type_: Message | Enum | Service) -> Iterator[Described]:
    oneofs: Mapping[str, Oneof] = type_.oneofs if isinstance(type_, Message) else {}
    for oneof in oneofs.values():
        yield Described(**_described(oneof, release.sources.elements.get(oneof.full_name, NOTHING)))


def _parts(release: Source, type_: str) -> Iterator[Part]:
    """The pieces of a type: `map<string, acme.v1.Order>` has three."""
    if type_.startswith("map<"):
        key, _, value = type_.removeprefix("map<").removesuffix(">").partition(", ")
        yield Part(f"map<{key}, ")
        yield _part(release, value)
        yield Part(">")
    else:
        yield _part(release, type_)


def _part(release: Source, type_: str) -> Part:
    schema = release.schema
    if type_ in schema.messages or type_ in schema.enums:
        return Part(type_, type_, release.module, release.version)
    imported = schema.imported()
    found: Message | Enum | None = imported.messages.get(type_) or imported.enums.get(type_)
    home = release.homes(found.file) if found else None
    return Part(type_, type_, *home) if home else Part(type_)


def _reserved(type_: Message | Enum | Service) -> Iterator[str]:
    if isinstance(type_, Service):
        return
    yield from _ranges(type_.reserved.ranges, _LARGEST_ENUM if isinstance(type_, Enum) else _LARGEST_FIELD)
    yield from (f'"{name}"' for name in sorted(type_.reserved.names))


def _ranges(ranges: Ranges, largest: int) -> tuple[str, ...]:
    """Ranges as the source writes them."""
    return tuple(
        str(first) if first == last else f"{first} to {'max' if last >= largest else last}" for first, last in ranges
    )


def _facts(type_: Message | Enum | Service) -> Iterator[tuple[str, str]]:
    if isinstance(type_, Enum):
        yield "enum", "closed: an unknown number is kept aside" if type_.closed else "open: unknown numbers are kept"
    if not isinstance(type_, Service) and type_.visibility != "export":
        yield "visibility", f"{type_.visibility}: no other file may use it"


def _within(full_name: str, package: str) -> str:
    return full_name.removeprefix(f"{package}.") if package else full_name


def _all_fields(schema: Schema) -> Iterator[Field]:
    for message in schema.messages.values():
        yield from message.fields.values()
    yield from schema.extensions.values()
