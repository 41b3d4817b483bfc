"""Loads one compiled file into the model. With `features` and `fields`, the only code that knows descriptor protos."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2

from fieldstone.schema.descriptors.definitions import enum_features, message_features, service_features, visibility_of
from fieldstone.schema.descriptors.fields import (
    cardinality_of,
    composite_of,
    field_options,
    is_group,
    map_options,
    map_type,
    presence_of,
    type_of,
    unset_value,
)
from fieldstone.schema.descriptors.locations import Locations, Path
from fieldstone.schema.entity import (
    STORAGE_OPTION,
    ColumnOptions,
    decode_column,
    decode_entity,
    decode_serves,
    keep_public,
)
from fieldstone.schema.features import Features, defaults_of, resolve
from fieldstone.schema.image import digest_of, plain_copy, syntax_of
from fieldstone.schema.lifecycle import decode_lifecycle
from fieldstone.schema.location import Location
from fieldstone.schema.model import Enum, EnumValue, Field, File, Message, Oneof, Rpc, Service
from fieldstone.schema.options import OptionDecoder
from fieldstone.schema.reservation import Reservation

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FieldDescriptorProto,
        FileDescriptorProto,
        ServiceDescriptorProto,
    )

# The fields of FileDescriptorProto, DescriptorProto, ... that locations are keyed by (descriptor.proto).
_FILE_MESSAGES, _FILE_ENUMS, _FILE_SERVICES, _FILE_EXTENSIONS = 4, 5, 6, 7
_FILE_LINES = (12, 14, 2)  # syntax, edition, package
_MESSAGE_FIELDS, _MESSAGE_NESTED, _MESSAGE_ENUMS, _MESSAGE_EXTENSIONS, _MESSAGE_ONEOFS = 2, 3, 4, 6, 8
_ENUM_VALUES, _SERVICE_METHODS = 2, 2
_MESSAGE_OPTIONS = 7


class Elements:
    """The declarations collected from a module's files, by kind as in `Schema`."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.messages: dict[str, Message] = {}
        self.enums: dict[str, Enum] = {}
        self.services: dict[str, Service] = {}
        self.extensions: dict[tuple[str, int], Field] = {}


class FileLoader:
    """Loads one file's descriptor into `found`; `enums` are those of the whole image by full name.

    `storage` says whether storage annotations are decoded, too. `besides` are top-level declarations to leave out.
    """

    def __init__(
        self,
        descriptor: FileDescriptorProto,
        found: Elements,
        enums: Mapping[str, EnumDescriptorProto],
        options: OptionDecoder,
        *,
        storage: bool = True,
        besides: Collection[str] = (),
    ) -> None:
        self.storage = storage
        self.besides = besides
        self.options = options
        self.descriptor = descriptor
        self.path: str = descriptor.name
        self.package: str = descriptor.package
        self.found = found
        self.enums = enums
        self.syntax = syntax_of(descriptor)
        self.locations = Locations(descriptor)
        self.features = resolve(defaults_of(self.syntax), descriptor.options)
        if descriptor.options.java_string_check_utf8:
            self.features["java_utf8_validation"] = "VERIFY"

    def load(self) -> File:
        """Collect every element of the file, and return the file itself."""
        for i, message in self._wanted(self.descriptor.message_type):
            self._message(message, self.package, (_FILE_MESSAGES, i), self.features)
        for i, enum in self._wanted(self.descriptor.enum_type):
            self._enum(enum, self.package, (_FILE_ENUMS, i), self.features)
        for i, service in self._wanted(self.descriptor.service):
            self._service(service, (_FILE_SERVICES, i))
        self._extensions(self.descriptor.extension, self.package, (_FILE_EXTENSIONS,), self.features)
        return File(
            full_name=self.path,
            location=Location(self.path),
            lifecycle=decode_lifecycle(self.descriptor.options),
            custom=self.options.decode(self.descriptor),
            comment="\n".join(filter(None, (self.locations.comment((number,)) for number in _FILE_LINES))),
            package=self.package,
            syntax=self.syntax,
            imports=tuple(self.descriptor.dependency),
            public_imports=tuple(self.descriptor.dependency[i] for i in self.descriptor.public_dependency),
            options=_set_options(self.descriptor.options),
            content=self._content(),
        )

    def _content(self) -> str:
        public = plain_copy(self.descriptor, {"name", "source_code_info"})
        keep_public(public)
        return digest_of(public)

    def _wanted(self, declared: Iterable[Any]) -> Iterator[tuple[int, Any]]:
        """The declarations that are to be loaded, each with its index among all."""
        return ((i, part) for i, part in enumerate(declared) if part.name not in self.besides)

    def _message(self, message: DescriptorProto, scope: str, path: Path, inherited: Features) -> None:
        full_name = _join(scope, message.name)
        features = resolve(inherited, message.options)
        entries = {_join(full_name, nested.name): nested for nested in message.nested_type if nested.options.map_entry}
        oneofs = {i: oneof.name for i, oneof in enumerate(message.oneof_decl)}
        synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
        fields: dict[int, Field] = {}
        for i, field in enumerate(message.field):
            oneof = None
            if field.HasField("oneof_index") and field.oneof_index not in synthetic:
                oneof = oneofs[field.oneof_index]
            location = (*path, _MESSAGE_FIELDS, i)
            fields[field.number] = self._field(field, full_name, location, features, oneof=oneof, entries=entries)
        self.found.messages[full_name] = Message(
            full_name=full_name,
            location=self.locations.at(path),
            lifecycle=decode_lifecycle(message.options),
            custom=self.options.decode(message),
            comment=self.locations.comment(path),
            entity=decode_entity(message.options) if self.storage else None,
            entity_location=self.locations.at((*path, _MESSAGE_OPTIONS, STORAGE_OPTION)),
            package=self.package,
            file=self.path,
            fields=fields,
            oneofs={
                name: Oneof(
                    full_name=_join(full_name, name),
                    location=self.locations.at((*path, _MESSAGE_ONEOFS, i)),
                    custom=self.options.decode(message.oneof_decl[i]),
                    members=tuple(number for number, field in fields.items() if field.oneof == name),
                )
                for i, name in oneofs.items()
                if i not in synthetic
            },
            reserved=Reservation(
                ranges=tuple((r.start, r.end - 1) for r in message.reserved_range),
                names=frozenset(message.reserved_name),
            ),
            extension_ranges=tuple((r.start, r.end - 1) for r in message.extension_range),
            json_format=features["json_format"],
            accessor=not message.options.no_standard_descriptor_accessor,
            visibility=visibility_of(message, features, top_level=scope == self.package),
            features=message_features(features, top_level=scope == self.package),
        )
        for i, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                self._message(nested, full_name, (*path, _MESSAGE_NESTED, i), features)
        for i, enum in enumerate(message.enum_type):
            self._enum(enum, full_name, (*path, _MESSAGE_ENUMS, i), features)
        self._extensions(message.extension, full_name, (*path, _MESSAGE_EXTENSIONS), features)

    def _extensions(
        self, extensions: Iterable[FieldDescriptorProto], scope: str, path: Path, inherited: Features
    ) -> None:
        for i, extension in enumerate(extensions):
            field = self._field(extension, scope, (*path, i), inherited)
            self.found.extensions[field.extendee or "", field.number] = field

    def _field(
        self,
        field: FieldDescriptorProto,
        scope: str,
        path: Path,
        inherited: Features,
        *,
        oneof: str | None = None,
        entries: Mapping[str, DescriptorProto] | None = None,
    ) -> Field:
        features = resolve(inherited, field.options)
        entry = (entries or {}).get(field.type_name.removeprefix("."))
        cardinality = cardinality_of(field, features, is_map=entry is not None)
        column = decode_column(field.options) if self.storage else ColumnOptions()
        return Field(
            full_name=_join(scope, field.name),
            location=self.locations.at(path),
            lifecycle=decode_lifecycle(field.options),
            custom=self.options.decode(field),
            comment=self.locations.comment(path),
            number=field.number,
            type=map_type(entry) if entry else type_of(field),
            cardinality=cardinality,
            presence=presence_of(field, features, cardinality),
            json_name=field.json_name,
            default=field.default_value if field.HasField("default_value") else None,
            unset=unset_value(field, cardinality, self.enums),
            oneof=oneof,
            extendee=field.extendee.removeprefix(".") or None,
            group=entry is None and is_group(field, features),
            options=map_options(entry, features) if entry else field_options(field, features, cardinality),
            composite=composite_of(field, entry),
            column=column,
            required_in_record=column.required,
        )

    def _enum(self, enum: EnumDescriptorProto, scope: str, path: Path, inherited: Features) -> None:
        full_name = _join(scope, enum.name)
        features = resolve(inherited, enum.options)
        self.found.enums[full_name] = Enum(
            full_name=full_name,
            location=self.locations.at(path),
            lifecycle=decode_lifecycle(enum.options),
            custom=self.options.decode(enum),
            comment=self.locations.comment(path),
            package=self.package,
            file=self.path,
            values=tuple(
                EnumValue(
                    full_name=_join(full_name, value.name),
                    location=self.locations.at((*path, _ENUM_VALUES, i)),
                    lifecycle=decode_lifecycle(value.options),
                    custom=self.options.decode(value),
                    comment=self.locations.comment((*path, _ENUM_VALUES, i)),
                    number=value.number,
                )
                for i, value in enumerate(enum.value)
            ),
            closed=features["enum_type"] == "CLOSED",
            reserved=Reservation(
                ranges=tuple((r.start, r.end) for r in enum.reserved_range),
                names=frozenset(enum.reserved_name),
            ),
            json_format=features["json_format"],
            visibility=visibility_of(enum, features, top_level=scope == self.package),
            features=enum_features(enum, features, top_level=scope == self.package),
        )

    def _service(self, service: ServiceDescriptorProto, path: Path) -> None:
        full_name = _join(self.package, service.name)
        rpcs = {
            method.name: Rpc(
                full_name=_join(full_name, method.name),
                location=self.locations.at((*path, _SERVICE_METHODS, i)),
                lifecycle=decode_lifecycle(method.options),
                custom=self.options.decode(method),
                comment=self.locations.comment((*path, _SERVICE_METHODS, i)),
                serves=decode_serves(method.options),
                request=method.input_type.removeprefix("."),
                response=method.output_type.removeprefix("."),
                client_streaming=method.client_streaming,
                server_streaming=method.server_streaming,
                idempotency=descriptor_pb2.MethodOptions.IdempotencyLevel.Name(method.options.idempotency_level),
            )
            for i, method in enumerate(service.method)
        }
        self.found.services[full_name] = Service(
            full_name=full_name,
            location=self.locations.at(path),
            lifecycle=decode_lifecycle(service.options),
            custom=self.options.decode(service),
            comment=self.locations.comment(path),
            package=self.package,
            file=self.path,
            rpcs=rpcs,
            features=service_features(resolve(self.features, service.options)),
        )


def _join(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _set_options(options: Any) -> dict[str, str]:
    """The standard file options that the source sets: name to value, as in protobuf source."""
    found: dict[str, str] = {}
    for descriptor, value in options.ListFields():
        if descriptor.is_extension or descriptor.message_type is not None:
            continue
        found[descriptor.name] = _source_value(descriptor, value)
    return found


def _source_value(descriptor: Any, value: Any) -> str:
    if descriptor.enum_type is not None:
        return str(descriptor.enum_type.values_by_number[value].name)
    return str(value).lower() if isinstance(value, bool) else str(value)
