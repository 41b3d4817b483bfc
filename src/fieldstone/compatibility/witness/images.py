"""Compiled images that read and write messages, with protobuf's own dynamic classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import Message
from google.protobuf.reflection import GeneratedProtocolMessageType
from msgspec import Struct

from fieldstone.compatibility.renaming import Renames, find_renames
from fieldstone.schema.image import parse_image
from fieldstone.schema.image.import_order import in_import_order
from fieldstone.schema.model import Schema

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor

OTHERS = "fieldstone.witness"
"""The package of what others could have defined against a schema: their fields and their extensions."""

_EXTENSION = "extension"


class Version(Struct, frozen=True, dict=True):
    """One version of a module: its label, its image in bytes, and its schema."""

    label: str
    image: bytes
    schema: Schema

    @cached_property
    def types(self) -> Types:
        """The types that read and write its messages.

        Raises:
            TypeError: the image lacks a file that it imports, or has one that this runtime cannot read.
        """
        return Types(self.image, self.label)

    def renames(self, newer: Version) -> Renames:
        """The renamed types between this version and a newer one; computed once for each."""
        for known, found in self._renames:
            if known is newer:
                return found
        self._renames.append((newer, find_renames(self.schema, newer.schema)))
        return self._renames[-1][1]

    @cached_property
    def _renames(self) -> list[tuple[Version, Renames]]:
        return []


class Types:
    """The types of an image, in a descriptor pool of their own.

    Args:
        image: the compiled image, in bytes, with its imports; empty for a removed module.
        where: its label, for the error.

    Raises:
        TypeError: a file is missing, or this runtime cannot read one.
    """

    def __init__(self, image: bytes, where: str) -> None:
        files = {file.name: file for file in parse_image(image, where=where).file} if image else {}
        self.pool = descriptor_pool.DescriptorPool()
        self._classes: dict[str, type[Any]] = {}
        for path in in_import_order({path: file.dependency for path, file in files.items()}):
            file = files[path]
            file.ClearField("source_code_info")
            self.pool.AddSerializedFile(file.SerializeToString())

    def message(self, full_name: str) -> Descriptor | None:
        """A message by full name."""
        try:
            return self.pool.FindMessageTypeByName(full_name)
        except KeyError:
            return None

    def borrow(self, lender: Types, full_name: str) -> Descriptor | None:
        """A message that another version imports, added here with the files that it needs.

        Raises:
            TypeError: its files conflict with those that are here.
        """
        lent = lender.message(full_name)
        if lent is not None and self.message(full_name) is None:
            self._add(lent.file)
        return self.message(full_name)

    def _add(self, file: FileDescriptor) -> None:
        try:
            self.pool.FindFileByName(file.name)
        except KeyError:
            for needed in file.dependencies:
                self._add(needed)
            self.pool.AddSerializedFile(file.serialized_pb)

    def enum(self, full_name: str) -> EnumDescriptor | None:
        """An enum by full name."""
        try:
            return self.pool.FindEnumTypeByName(full_name)
        except KeyError:
            return None

    def fields(self, message: Descriptor) -> list[FieldDescriptor]:
        """The fields of a message, and its extensions."""
        extensions = self.pool.FindAllExtensions(message) if message.is_extendable else []
        return [*message.fields, *(found for found in extensions if not found.full_name.startswith(f"{OTHERS}."))]

    def numbered(self, message: Descriptor, numbers: Iterable[int]) -> list[FieldDescriptor]:
        """The fields and extensions of a message that have one of the numbers."""
        found = (self.by_number(message, number) for number in sorted(numbers))
        return [field for field in found if field is not None]

    def by_number(self, message: Descriptor, number: int) -> FieldDescriptor | None:
        """The field or extension that a reader of the binary encoding assigns a number to."""
        found = message.fields_by_number.get(number)
        if found is None and message.is_extendable:
            try:
                return self.pool.FindExtensionByNumber(message, number)
            except KeyError:
                return None
        return found

    def by_json_name(self, message: Descriptor, writer: FieldDescriptor) -> FieldDescriptor | None:
        """The field that a reader of ProtoJSON assigns the written name of `writer` to.

        A parser accepts the JSON name and the name of the field
        (https://protobuf.dev/programming-guides/json/#json-options).
        """
        if writer.is_extension:
            try:
                found = self.pool.FindExtensionByName(writer.full_name)
            except KeyError:
                return None
            return found if found.containing_type is message else None
        return self._json_names(message).get(writer.json_name)

    def _json_names(self, message: Descriptor) -> Mapping[str, FieldDescriptor]:
        names = self._names.get(message.full_name)
        if names is None:
            names = {f.name: f for f in message.fields} | {f.json_name: f for f in message.fields}
            self._names[message.full_name] = names
        return names

    @cached_property
    def _names(self) -> dict[str, Mapping[str, FieldDescriptor]]:
        return {}

    def new(self, message: Descriptor) -> Message:
        """An empty message."""
        made: Message = self._class_of(message)()
        return made

    def decode(self, message: Descriptor, data: bytes) -> Message:
        """The message that the bytes encode.

        Raises:
            google.protobuf.message.DecodeError: they encode none.
        """
        held: Message = self._class_of(message).FromString(data)
        return held

    def _class_of(self, message: Descriptor) -> type[Any]:
        """The class of a message, made together with those of all messages inside it.

        `message_factory.GetMessageClass` recurses, which is too deep for a chain of some hundred messages.
        """
        waiting = [] if message.full_name in self._classes else [message]
        while waiting:
            at = waiting.pop()
            if at.full_name not in self._classes:
                made = getattr(at, "_concrete_class", None)
                body = {"DESCRIPTOR": at, "__module__": None}
                self._classes[at.full_name] = made or GeneratedProtocolMessageType(at.name, (Message,), body)
                waiting += [field.message_type for field in self.fields(at) if field.message_type is not None]
        return self._classes[message.full_name]

    def field_of_enum(self, enum: EnumDescriptor) -> Descriptor:
        """A message defined by others, with one field of the enum: `value = 1`."""
        name = enum.full_name.replace(".", "_")
        known = self.message(f"{OTHERS}.{name}")
        if known is None:
            file = self._file_of_others(name, enum.file.name, edition=descriptor_pb2.EDITION_2023)
            made = file.message_type.add(name=name).field.add(name="value", number=1, json_name="value")
            made.type, made.type_name = descriptor_pb2.FieldDescriptorProto.TYPE_ENUM, f".{enum.full_name}"
            made.label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
            self.pool.AddSerializedFile(file.SerializeToString())
            known = self.pool.FindMessageTypeByName(f"{OTHERS}.{name}")
        return known

    def extend(self, message: Descriptor, number: int, *, text: bool) -> FieldDescriptor:
        """An extension by others: `optional string` with `text`, else `optional int32`.

        Raises:
            TypeError: the message accepts no such extension.
        """
        known = self.by_number(message, number)
        if known is not None:
            return known
        name = f"{message.full_name.replace('.', '_')}_{number}"
        file = self._file_of_others(name, message.file.name)
        made = file.extension.add(name=f"{_EXTENSION}_{name}", number=number, extendee=f".{message.full_name}")
        kinds = descriptor_pb2.FieldDescriptorProto
        made.type = kinds.TYPE_STRING if text else kinds.TYPE_INT32
        made.label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
        self.pool.AddSerializedFile(file.SerializeToString())
        return self.pool.FindExtensionByName(f"{OTHERS}.{_EXTENSION}_{name}")

    @staticmethod
    def _file_of_others(name: str, imported: str, *, edition: Any = 0) -> Any:
        file = descriptor_pb2.FileDescriptorProto(name=f"{OTHERS}.{name}.proto", package=OTHERS, dependency=[imported])
        if edition:
            file.syntax, file.edition = "editions", edition
        return file
