"""The declarations that a narrowed package keeps: those that are declared, and what these need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from fieldstone.codegen.narrowing.declarations import Declarations, join

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto

PAGE_TOKENS = "page_token", "next_page_token"
"""The fields of a request and of its response with which clients follow pages (https://google.aip.dev/158)."""


def kept(declarations: Declarations, elements: Iterable[str], wholes: Iterable[str]) -> frozenset[str]:
    """The full names of the declarations to keep.

    Args:
        declarations: those that there are.
        elements: the names of declared fields, rpcs, enums, enum values, services, and messages without their fields.
        wholes: the names of messages with all their fields, at any depth.
    """
    keeping = _Keeping(declarations)
    for name in elements:
        for element in (name, *declarations.services.get(name, ())):
            keeping.keep(element)
    for name in wholes:
        keeping.keep_whole(name)
    keeping.finish()
    return frozenset(keeping.found)


class _Keeping:
    """Follows what declarations need. Names of other modules are left out: all of their files is kept."""

    def __init__(self, declarations: Declarations) -> None:
        self._all = declarations
        self.found: set[str] = set()
        self._whole: set[str] = set()
        self._waiting: list[str] = []
        self._waiting_whole: list[str] = []

    def keep(self, name: str) -> None:
        """Keep an element."""
        if name not in self.found and self._all.has(name):
            self.found.add(name)
            self._waiting.append(name)

    def keep_whole(self, name: str) -> None:
        """Keep an element with everything in it."""
        self.keep(name)
        if name not in self._whole and name in self._all.messages:
            self._whole.add(name)
            self._waiting_whole.append(name)

    def finish(self) -> None:
        """Follow everything that is kept."""
        while self._waiting or self._waiting_whole:
            for needed in self._needs(self._waiting.pop()) if self._waiting else ():
                self.keep(needed)
            if self._waiting_whole:
                self._follow_whole(self._waiting_whole.pop())

    def _follow_whole(self, message: str) -> None:
        own = [join(message, field.name) for field in self._all.messages[message].field]
        for field in (*own, *self._all.extended[message]):
            self.keep(field)
            self.keep_whole(self._all.fields[field].type_name.removeprefix("."))

    def _needs(self, name: str) -> Iterator[str]:
        if name in self._all.scopes:
            yield self._all.scopes[name]
        if name in self._all.messages:
            yield from _always(self._all.messages[name], name)
        elif name in self._all.fields:
            yield from self._needs_of_field(name)
        elif name in self._all.methods:
            yield from self._needs_of_rpc(name)
        elif name in self._all.enums:
            yield from (join(name, value.name) for value in self._all.enums[name].value)

    def _needs_of_field(self, name: str) -> Iterator[str]:
        field = self._all.fields[name]
        yield field.type_name.removeprefix(".")
        yield field.extendee.removeprefix(".")
        if field.HasField("oneof_index") and not field.proto3_optional:
            message = self._all.scopes[name]
            members = self._all.messages[message].field
            yield from (join(message, m.name) for m in members if _is_in(m, field.oneof_index))

    def _needs_of_rpc(self, name: str) -> Iterator[str]:
        method = self._all.methods[name]
        request, response = method.input_type.removeprefix("."), method.output_type.removeprefix(".")
        yield from (request, response)
        tokens = join(request, PAGE_TOKENS[0]), join(response, PAGE_TOKENS[1])
        if all(token in self._all.fields for token in tokens):
            yield from tokens
            yield from _items(self._all.messages[response], response)


def _always(message: DescriptorProto, name: str) -> Iterator[str]:
    """The fields without which a message cannot be read, or is none: required ones, and those of a map's entry."""
    for field in message.field:
        if message.options.map_entry or _is_required(field):
            yield join(name, field.name)


def _is_required(field: FieldDescriptorProto) -> bool:
    presence = field.options.features.field_presence
    required = field.options.features.LEGACY_REQUIRED
    return field.label == FieldDescriptorProto.LABEL_REQUIRED or presence == required


def _is_in(field: FieldDescriptorProto, oneof: int) -> bool:
    return field.HasField("oneof_index") and field.oneof_index == oneof


def _items(response: DescriptorProto, name: str) -> Iterator[str]:
    """The field with the items of a page: the first repeated one by number (https://google.aip.dev/4233)."""
    repeated = [field for field in response.field if field.label == FieldDescriptorProto.LABEL_REPEATED]
    yield from (join(name, field.name) for field in sorted(repeated, key=lambda field: field.number)[:1])
