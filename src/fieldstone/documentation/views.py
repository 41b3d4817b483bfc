"""Reads of each release the one file that declares an element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from fieldstone.registry import Registry
from fieldstone.registry.release import IMAGE, Release
from fieldstone.schema.descriptors import ImageLoader
from fieldstone.schema.descriptors.files import Elements
from fieldstone.schema.descriptors.written import NOTHING, Sources, Written, written
from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, Message
from fieldstone.schema.reservation import NOTHING_RESERVED, Reservation

_TYPES = ("message_type", "enum_type", "service")


class View(Struct, frozen=True):
    """The declarations of one file of a release.

    Attributes:
        elements: the declarations.
        sources: what the source says of them.
    """

    elements: Elements
    sources: Sources

    def all(self) -> Iterator[Element]:
        """Every type, extension and member."""
        for message in self.elements.messages.values():
            yield message
            yield from message.fields.values()
        for enum in self.elements.enums.values():
            yield enum
            yield from enum.values
        for service in self.elements.services.values():
            yield service
            yield from service.rpcs.values()
        yield from self.elements.extensions.values()

    def named(self, full_name: str) -> Element | None:
        """The element of a full name."""
        return next((element for element in self.all() if element.full_name == full_name), None)

    def written(self, element: Element) -> Written:
        """What the source says of an element."""
        return self.sources.elements.get(element.full_name, NOTHING)

    def reserved_in(self, type_: str) -> Reservation:
        """The reserved numbers and names of a type."""
        found: Message | Enum | None = self.elements.messages.get(type_) or self.elements.enums.get(type_)
        return found.reserved if found else NOTHING_RESERVED


NOTHING_THERE = View(Elements(), Sources({}, {}))
"""The view of a release that lacks the element and its type."""


class Views:
    """Finds the file that declares an element in each release; an unchanged file is read once.

    Args:
        registry: where the releases are.
        subject: the full name of the element.
    """

    def __init__(self, registry: Registry, subject: str) -> None:
        self._registry, self._subject, self._type = registry, subject, subject.rpartition(".")[0]
        self._words = {name.rpartition(".")[2].encode() for name in (subject, self._type)}
        self._known: dict[tuple[str, str], View] = {}
        self._path = ""
        self._by_version: dict[str, View] = {}

    def of(self, release: Release) -> View:
        """The file of a release that declares the element, or else its type.

        Raises:
            FieldstoneError: the release cannot be read.
        """
        if release.version not in self._by_version:
            known = self._known.get((self._path, release.protos.get(self._path, "")))
            self._by_version[release.version] = known or self._read(release) or NOTHING_THERE
        return self._by_version[release.version]

    def _read(self, release: Release) -> View | None:
        image = b"" if release.retired else self._registry.read(release, IMAGE)
        if not any(word in image for word in self._words):
            return None
        where = self._registry.place(release, IMAGE)
        loader = ImageLoader(image, where=where)
        own = {file.name: file for file in loader.files if file.name in release.protos}
        paths = {name: path for path, file in own.items() for name in _names(file, file.package)}
        path = paths.get(self._subject) or paths.get(self._type)
        if path is None:
            return None
        package = own[path].package
        top = (
            self._subject.removeprefix(f"{package}.").partition(".")[0] if package else self._subject.partition(".")[0]
        )
        others = {part.name for kind in _TYPES for part in getattr(own[path], kind) if part.name != top}
        elements = Elements()
        loader.load(own[path], elements, besides=others)
        view = View(elements, written(image, {path}, where=where, only=top))
        self._path = path
        self._known[path, release.protos[path]] = view
        return view


def _names(scope: Any, prefix: str) -> Iterator[str]:
    """The full names of the types and extensions of a file or message."""
    inside: Mapping[str, Any] = {field.name: value for field, value in scope.ListFields()}
    for attribute in ("nested_type", "extension", *_TYPES):
        for element in inside.get(attribute, ()):
            name = f"{prefix}.{element.name}" if prefix else element.name
            yield name
            if attribute in {"message_type", "nested_type"}:
                yield from _names(element, name)
