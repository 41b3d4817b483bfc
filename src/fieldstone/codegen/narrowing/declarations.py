"""The declarations of compiled files, by their full names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FieldDescriptorProto,
        FileDescriptorProto,
        MethodDescriptorProto,
    )


def join(scope: str, name: str) -> str:
    """The full name of what is declared in a scope."""
    return f"{scope}.{name}" if scope else name


class Declarations(Struct):
    """Every declaration of some files.

    Attributes:
        messages: full name to message, map entries too.
        scopes: the full name of each field, enum value, nested message or enum, nested extension and rpc, to that of
            the message, enum or service that declares it.
        fields: full name to field or extension.
        enums: full name to enum.
        methods: full name to rpc.
        extended: the extensions of each message, by its full name.
        services: the rpcs of each service, by its full name.
        files: the full name of each message, enum, service and extension, to the path of its file.
    """

    messages: dict[str, DescriptorProto] = {}
    scopes: dict[str, str] = {}
    fields: dict[str, FieldDescriptorProto] = {}
    enums: dict[str, EnumDescriptorProto] = {}
    methods: dict[str, MethodDescriptorProto] = {}
    extended: defaultdict[str, list[str]] = defaultdict(list)
    services: dict[str, list[str]] = {}
    files: dict[str, str] = {}

    @classmethod
    def of(cls, files: Iterable[FileDescriptorProto]) -> Declarations:
        """The declarations of files."""
        found = cls(extended=defaultdict(list))
        for file in files:
            for message in file.message_type:
                found._message(message, file.package, file.name)
            found._enums(file.enum_type, file.package, file.name)
            found._extensions(file.extension, file.package, file.name)
            for service in file.service:
                name = join(file.package, service.name)
                found.files[name], found.services[name] = file.name, []
                for method in service.method:
                    rpc = join(name, method.name)
                    found.services[name].append(rpc)
                    found.methods[rpc], found.scopes[rpc] = method, name
        return found

    def has(self, name: str) -> bool:
        """Whether there is an element of that full name."""
        return name in self.files or name in self.scopes

    @property
    def names(self) -> Iterator[str]:
        """The full names of all elements, without those that stand for maps."""
        entries = {name for name, message in self.messages.items() if message.options.map_entry}
        for name in {**self.files, **self.scopes}:
            if name not in entries and self.scopes.get(name) not in entries:
                yield name

    def _message(self, message: DescriptorProto, scope: str, file: str) -> None:
        name = join(scope, message.name)
        self.messages[name], self.files[name] = message, file
        for field in message.field:
            full_name = join(name, field.name)
            self.fields[full_name], self.scopes[full_name] = field, name
        for nested in message.nested_type:
            self.scopes[join(name, nested.name)] = name
            self._message(nested, name, file)
        self._enums(message.enum_type, name, file)
        self._extensions(message.extension, name, file)

    def _enums(self, enums: Iterable[EnumDescriptorProto], scope: str, file: str) -> None:
        for enum in enums:
            name = join(scope, enum.name)
            self.enums[name], self.files[name] = enum, file
            if scope in self.messages:
                self.scopes[name] = scope
            self.scopes |= {join(name, value.name): name for value in enum.value}

    def _extensions(self, extensions: Iterable[FieldDescriptorProto], scope: str, file: str) -> None:
        for extension in extensions:
            name = join(scope, extension.name)
            self.fields[name], self.files[name] = extension, file
            self.extended[extension.extendee.removeprefix(".")].append(name)
            if scope in self.messages:
                self.scopes[name] = scope
