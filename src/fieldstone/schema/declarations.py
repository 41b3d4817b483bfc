"""A compiled image as it stands: every declaration as its descriptor says it, with the place of each of its parts.

The model (`model.py`) says what a schema means: map entries are folded into their fields, and the
oneofs that the compiler makes up are left out. What compares two images as buf does needs what the
compiler wrote, and asks for it here; each part is looked up when it is asked for, and not before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from google.protobuf import descriptor_pb2

from fieldstone.schema.features import Features, defaults_of, resolve
from fieldstone.schema.fields import cardinality_of, composite_of, field_options, is_group, presence_of, type_of
from fieldstone.schema.image import is_import, parse_image, syntax_of
from fieldstone.schema.location import Location
from fieldstone.schema.places import Path, Places
from fieldstone.schema.reservation import Ranges

_REQUIRED = descriptor_pb2.FieldDescriptorProto.LABEL_REQUIRED


class Declaration:
    """What every declaration has: its names, its file, its features and its places.

    `full_name` is the protobuf full name; `nested_name` leaves out the package.
    """

    kind: str

    def __init__(self, parent: Declaration | DeclaredFile, proto: Any, path: Path) -> None:
        self.parent = parent
        self.file: DeclaredFile = parent.file
        self.proto = proto
        self.path = path
        self.name: str = proto.name
        self.full_name: str = f"{parent.full_name}.{proto.name}" if parent.full_name else self.name

    @property
    def nested_name(self) -> str:
        """The name within the package."""
        return self.full_name.removeprefix(f"{self.file.package}.") if self.file.package else self.full_name

    @property
    def outermost(self) -> str:
        """The name of the declaration at the top of the file that it is, or is nested in."""
        return self.nested_name.partition(".")[0]

    @cached_property
    def features(self) -> Features:
        """The features that hold here."""
        return resolve(self.parent.features, self.proto.options)

    def at(self, *part: str | int) -> Location | None:
        """The place of a part, by the names of descriptor.proto and by numbers; None where it is not in the source."""
        return self.file.places.find((*self.path, *_numbers(self.proto.DESCRIPTOR, part)))

    @property
    def place(self) -> Location:
        """The place of the whole declaration, or of its file, without a line, where the compiler gave none."""
        return self.at() or Location(self.file.path)

    @property
    def reserved_names(self) -> tuple[str, ...]:
        """The reserved names of a message or enum, in the order of the source."""
        return tuple(self.proto.reserved_name)


class DeclaredField(Declaration):
    """A field, an extension, or the key or value of a map."""

    kind = "field"

    def __init__(self, parent: Declaration | DeclaredFile, proto: Any, path: Path) -> None:
        super().__init__(parent, proto, path)
        self.number: int = proto.number
        self.extendee: str = proto.extendee.removeprefix(".")
        self.holder = parent if isinstance(parent, DeclaredMessage) and not self.extendee else None

    def at(self, *part: str | int) -> Location | None:
        """The place of a part; all of a map's key and value stand where the map's type does."""
        if self.in_map_entry:
            return self.holder.at() if self.holder else None
        return super().at(*part)

    @cached_property
    def in_map_entry(self) -> bool:
        """Whether it is the key or the value of a map."""
        return self.holder is not None and self.holder.is_map_entry

    @cached_property
    def is_map(self) -> bool:
        """Whether it is a map."""
        return self._entry is not None

    @property
    def _entry(self) -> Any:
        name = self.proto.type_name.removeprefix(".")
        return self.holder.map_entries.get(name) if self.holder and name else None

    @cached_property
    def cardinality(self) -> str:
        """As `Field.cardinality` of the model."""
        return cardinality_of(self.proto, self.features, is_map=self.is_map)

    @cached_property
    def presence(self) -> str:
        """As `Field.presence` of the model."""
        return presence_of(self.proto, self.features, self.cardinality)

    @property
    def has_required_label(self) -> bool:
        """Whether the source says `required`; the feature of an edition that means the same does not count."""
        return bool(self.proto.label == _REQUIRED)

    @cached_property
    def composite(self) -> str:
        """As `Field.composite` of the model, for the field itself."""
        return composite_of(self.proto, None)

    @cached_property
    def type(self) -> str:
        """The keyword of a scalar, or the full name of a message or enum."""
        return type_of(self.proto)

    @property
    def type_place(self) -> Location:
        """The place of the name of its type, or of the whole field."""
        return self.at("type_name") or self.at("type") or self.place

    @property
    def enum(self) -> DeclaredEnum | None:
        """The enum that it holds; None for other types, and in an image without its imports."""
        return self.file.image.enum(self.type)

    @cached_property
    def is_delimited(self) -> bool:
        """Whether it holds a message with an end mark: a group, or what editions call delimited."""
        return not self.is_map and not self.in_map_entry and is_group(self.proto, self.features)

    @property
    def json_name(self) -> str:
        """The name in ProtoJSON, given or derived."""
        return str(self.proto.json_name)

    @property
    def default(self) -> str | None:
        """The default as descriptor.proto writes it; None where the source gives none."""
        return self.proto.default_value if self.proto.HasField("default_value") else None

    @property
    def oneof(self) -> str | None:
        """The oneof that the source puts it in."""
        if self.holder is None or not self.proto.HasField("oneof_index") or self.proto.proto3_optional:
            return None
        return str(self.holder.proto.oneof_decl[self.proto.oneof_index].name)

    @cached_property
    def options(self) -> Mapping[str, str]:
        """As `Field.options` of the model."""
        return field_options(self.proto, self.features, self.cardinality)


class DeclaredEnumValue(Declaration):
    """One name of an enum number."""

    kind = "enum value"

    @property
    def number(self) -> int:
        """The number."""
        return int(self.proto.number)


class DeclaredEnum(Declaration):
    """An enum, top-level or nested."""

    kind = "enum"

    @cached_property
    def values(self) -> tuple[DeclaredEnumValue, ...]:
        """Its values, in the order of the source."""
        return tuple(DeclaredEnumValue(self, value, (*self.path, 2, i)) for i, value in enumerate(self.proto.value))

    @cached_property
    def names_by_number(self) -> Mapping[int, list[str]]:
        """The names of each number, sorted."""
        found: dict[int, list[str]] = {}
        for value in sorted(self.values, key=lambda value: value.name):
            found.setdefault(value.number, []).append(value.name)
        return found

    @property
    def reserved_ranges(self) -> Ranges:
        """The reserved numbers, in the order of the source."""
        return tuple((r.start, r.end) for r in self.proto.reserved_range)


class DeclaredMessage(Declaration):
    """A message: top-level, nested, a group's, or the entry of a map."""

    kind = "message"

    def __init__(self, parent: Declaration | DeclaredFile, proto: Any, path: Path) -> None:
        super().__init__(parent, proto, path)
        self.is_map_entry: bool = proto.options.map_entry

    def at(self, *part: str | int) -> Location | None:
        """The place of a part; a map's entry stands where the map's type does."""
        if not self.is_map_entry or not isinstance(self.parent, DeclaredMessage):
            return super().at(*part)
        mine = self.parent.map_fields.get(self.full_name)
        return mine.at("type_name") if mine else None

    @cached_property
    def map_fields(self) -> Mapping[str, DeclaredField]:
        """Its maps by the full name of their entry."""
        return {field.type: field for field in self.fields if field.type in self.map_entries}

    @cached_property
    def map_entries(self) -> Mapping[str, Any]:
        """The descriptors of the map entries right in it, by full name."""
        nested = self.proto.nested_type
        return {f"{self.full_name}.{entry.name}": entry for entry in nested if entry.options.map_entry}

    @cached_property
    def fields(self) -> tuple[DeclaredField, ...]:
        """Its own fields, in the order of the source."""
        return tuple(DeclaredField(self, field, (*self.path, 2, i)) for i, field in enumerate(self.proto.field))

    @cached_property
    def by_number(self) -> Mapping[int, DeclaredField]:
        """Its own fields by number."""
        return {field.number: field for field in self.fields}

    @property
    def all_oneofs(self) -> tuple[str, ...]:
        """Its oneofs, also those that the compiler makes of `optional`."""
        return tuple(oneof.name for oneof in self.proto.oneof_decl)

    @property
    def oneofs(self) -> tuple[str, ...]:
        """The oneofs that the source declares."""
        made_up = {field.oneof_index for field in self.proto.field if field.proto3_optional}
        return tuple(name for i, name in enumerate(self.all_oneofs) if i not in made_up)

    @property
    def reserved_ranges(self) -> Ranges:
        """The reserved numbers, in the order of the source."""
        return tuple((r.start, r.end - 1) for r in self.proto.reserved_range)

    @property
    def extension_ranges(self) -> Ranges:
        """The numbers left to extensions, in the order of the source."""
        return tuple((r.start, r.end - 1) for r in self.proto.extension_range)

    @property
    def lacks_descriptor_accessor(self) -> bool:
        """The option `no_standard_descriptor_accessor`."""
        return bool(self.proto.options.no_standard_descriptor_accessor)


class DeclaredRpc(Declaration):
    """A method of a service."""

    kind = "rpc"

    @property
    def service(self) -> str:
        """The name of its service."""
        return self.full_name.split(".")[-2]

    @property
    def request(self) -> str:
        """The full name of the message that it takes."""
        return str(self.proto.input_type.removeprefix("."))

    @property
    def response(self) -> str:
        """The full name of the message that it gives."""
        return str(self.proto.output_type.removeprefix("."))

    def streams(self, side: str) -> bool:
        """Whether the `client` or the `server` sends a stream."""
        return bool(getattr(self.proto, f"{side}_streaming"))

    @property
    def idempotency(self) -> str:
        """The name of the option `idempotency_level`."""
        return str(descriptor_pb2.MethodOptions.IdempotencyLevel.Name(self.proto.options.idempotency_level))


class DeclaredService(Declaration):
    """A service."""

    kind = "service"

    @cached_property
    def rpcs(self) -> Mapping[str, DeclaredRpc]:
        """Its methods by name."""
        return {
            method.name: DeclaredRpc(self, method, (*self.path, 2, i)) for i, method in enumerate(self.proto.method)
        }


class DeclaredFile:
    """A compiled file; its declarations are listed each before those that are nested in it."""

    def __init__(self, proto: descriptor_pb2.FileDescriptorProto, image: Declarations) -> None:
        """Read a file of an image."""
        self.proto = proto
        self.image = image
        self.path: str = proto.name
        self.package: str = proto.package
        self.places = Places(proto)
        self.full_name = self.package
        self.features = resolve(defaults_of(syntax_of(proto)), proto.options)
        if proto.options.java_string_check_utf8:
            self.features["java_utf8_validation"] = "VERIFY"
        self.messages: list[DeclaredMessage] = []
        self.enums: list[DeclaredEnum] = []
        self.extensions: list[DeclaredField] = []
        self._collect(self, proto.message_type, (4,), proto.enum_type, (5,))
        self._collect_extensions(self, (7,))
        self.services = [DeclaredService(self, service, (6, i)) for i, service in enumerate(proto.service)]

    def _collect(self, parent: Declaration | DeclaredFile, messages: Any, at: Path, enums: Any, enums_at: Path) -> None:
        self.enums += [DeclaredEnum(parent, enum, (*enums_at, i)) for i, enum in enumerate(enums)]
        for i, proto in enumerate(messages):
            made = DeclaredMessage(parent, proto, (*at, i))
            self.messages.append(made)
            self._collect_extensions(made, (*made.path, 6))
            self._collect(made, proto.nested_type, (*made.path, 3), proto.enum_type, (*made.path, 4))

    def _collect_extensions(self, parent: DeclaredMessage | DeclaredFile, path: Path) -> None:
        self.extensions += [DeclaredField(parent, proto, (*path, i)) for i, proto in enumerate(parent.proto.extension)]

    def at(self, *part: str | int) -> Location:
        """The place of a part, or the file without a line."""
        return self.places.at(tuple(_numbers(self.proto.DESCRIPTOR, part)))

    @property
    def file(self) -> DeclaredFile:
        """Itself, as every declaration has its file."""
        return self

    @property
    def syntax(self) -> str:
        """What its first statement says: `proto2`, `proto3` or `editions`; `proto2` where there is none."""
        return self.proto.syntax or "proto2"

    def option(self, name: str) -> Any:
        """The value of a standard file option, or its default; the name of an enum's value."""
        value = getattr(self.proto.options, name)
        enum = self.proto.options.DESCRIPTOR.fields_by_name[name].enum_type
        return enum.values_by_number[value].name if enum else value


class Declarations:
    """All that a compiled image declares, by name. Imported files count where `with_imports` says so."""

    def __init__(self, image: bytes, *, where: str, with_imports: bool = False) -> None:
        """Read a compiled image (a buf image or a FileDescriptorSet).

        Raises:
            FieldstoneError: the bytes are no image.
        """
        everything = parse_image(image, where=where).file if image else []
        self._imported = [proto for proto in everything if not with_imports and is_import(proto)]
        own = [DeclaredFile(proto, self) for proto in everything if with_imports or not is_import(proto)]
        self.files = {file.path: file for file in own}
        self.messages = {message.full_name: message for file in own for message in file.messages}
        self.enums = {enum.full_name: enum for file in own for enum in file.enums}
        self.services = {service.full_name: service for file in own for service in file.services}
        self.extensions = {(e.extendee, e.number): e for file in own for e in file.extensions}

    def enum(self, name: str) -> DeclaredEnum | None:
        """The enum of that full name, also in an imported file."""
        return self.enums.get(name) or self._imported_enums.get(name)

    @cached_property
    def _imported_enums(self) -> Mapping[str, DeclaredEnum]:
        files = (DeclaredFile(proto, self) for proto in self._imported)
        return {enum.full_name: enum for file in files for enum in file.enums}


def _numbers(descriptor: Any, part: tuple[str | int, ...]) -> Iterator[int]:
    """The numbers of the named fields of descriptor.proto, one within the other."""
    for step in part:
        if isinstance(step, int):
            yield step
            continue
        found = descriptor.fields_by_name[step]
        descriptor = found.message_type
        yield found.number
