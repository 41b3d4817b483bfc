"""The schema as rules see it: frozen views of a compiled image, with their locations in the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import ClassVar

from msgspec import Struct

from fieldstone.schema.element import Element
from fieldstone.schema.entity import ColumnOptions, Entity
from fieldstone.schema.location import Location
from fieldstone.schema.reservation import NOTHING_RESERVED, Ranges, Reservation


class Field(Element, frozen=True, kw_only=True):
    """A field or an extension.

    `type` is the scalar's keyword, the full name of a message or enum, or `map<K, V>`. `cardinality` is `singular`,
    `repeated`, `map` or `required`; `presence` is `explicit`, `implicit`, `required` or, for lists and maps, `none`
    (https://protobuf.dev/programming-guides/field_presence/).

    `unset` is the value that a reader gets if the field was not sent: the default, for an enum its number; empty for
    messages, lists and maps. `options` are the resolved options and features that the rules compare. `composite` is the
    kind of the type, or of the map's value type: `message`, `enum` or empty. `column` are the field's storage options,
    of which `required_in_record` is compared: whether a record always has a value.
    """

    number: int
    type: str
    cardinality: str
    presence: str
    json_name: str
    default: str | None = None
    unset: str = ""
    oneof: str | None = None
    extendee: str | None = None
    group: bool = False
    options: Mapping[str, str] = {}
    composite: str = ""
    column: ColumnOptions = ColumnOptions()
    required_in_record: bool = False

    uncompared: ClassVar[frozenset[str]] = Element.uncompared | {"column"}

    @property
    def holds(self) -> str:
        """The type of a single value, also in a list or a map."""
        return self.type.removesuffix(">").rpartition(" ")[2] if self.cardinality == "map" else self.type

    @property
    def label(self) -> str:
        """The keyword before the type, with a space after it, or nothing."""
        if self.cardinality in {"repeated", "required"}:
            return f"{self.cardinality} "
        return "optional " if self.presence == "explicit" and not self.oneof else ""

    @property
    def declaration(self) -> str:
        """The field as one line of protobuf source."""
        default = f" [default = {self.default}]" if self.default is not None else ""
        return f"{self.label}{self.type} {self.name} = {self.number}{default};"

    @property
    def shape(self) -> str:
        """All but the name and the JSON name derived from it."""
        options = sorted(self.options.items())
        return f"{self.number} {self.cardinality} {self.presence} {self.type} {self.default} {options}"


class Oneof(Element, frozen=True, kw_only=True):
    """A oneof in the source (not the synthetic oneof of a proto3 `optional`)."""

    members: tuple[int, ...]

    @property
    def declaration(self) -> str:
        """The oneof's first line."""
        return f"oneof {self.name} {{"

    @property
    def shape(self) -> str:
        """The numbers of its members."""
        return f"oneof {self.members}"


class Definition(Element, frozen=True, kw_only=True):
    """A declaration with a full name; `file` is its path relative to the root of the module.

    `features` are the resolved language features that affect its generated code, by title (`Go api_level`).
    """

    package: str
    file: str
    features: Mapping[str, str] = {}

    uncompared: ClassVar[frozenset[str]] = Element.uncompared | {"file"}

    @property
    def top_level(self) -> bool:
        """Whether it is directly in its package."""
        return self.parent == self.package


class Message(Definition, frozen=True, kw_only=True, dict=True):
    """A message, top-level or nested; map entries are merged into their map fields.

    `entity` is the storage annotation, at `entity_location`; None without one. `numbers` maps field names to numbers.
    `accessor` says whether generated code has the standard method `descriptor()`. `visibility` is `export`, or `local`
    if no other file may use the message.
    """

    fields: Mapping[int, Field] = {}
    oneofs: Mapping[str, Oneof] = {}
    reserved: Reservation = NOTHING_RESERVED
    extension_ranges: Ranges = ()
    json_format: str = "ALLOW"
    accessor: bool = True
    visibility: str = "export"
    entity: Entity | None = None
    entity_location: Location | None = None

    uncompared: ClassVar[frozenset[str]] = Definition.uncompared | {"entity", "entity_location"}

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The fields' numbers by name."""
        return {field.name: number for number, field in self.fields.items()}

    @cached_property
    def by_json_name(self) -> Mapping[str, Field]:
        """The fields by JSON name."""
        return {field.json_name: field for field in self.fields.values()}

    @property
    def declaration(self) -> str:
        """The message's first line."""
        return f"message {self.name} {{"

    @property
    def shape(self) -> str:
        """Its fields with their names, and its oneofs."""
        fields = "; ".join(f"{f.name} {f.shape}" for _, f in sorted(self.fields.items()))
        return f"message {{{fields}}} {sorted(o.shape for o in self.oneofs.values())}"


class EnumValue(Element, frozen=True, kw_only=True):
    """One name of an enum number; with `allow_alias` a number has several."""

    number: int

    @property
    def declaration(self) -> str:
        """The value as one line of protobuf source."""
        return f"{self.name} = {self.number};"

    @property
    def shape(self) -> str:
        """The number."""
        return str(self.number)


class Enum(Definition, frozen=True, kw_only=True):
    """An enum, top-level or nested; `closed` as in https://protobuf.dev/programming-guides/enum/.

    `visibility` is `export`, or `local` if no other file may use it.
    """

    values: tuple[EnumValue, ...] = ()
    closed: bool = False
    reserved: Reservation = NOTHING_RESERVED
    json_format: str = "ALLOW"
    visibility: str = "export"

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers that have a name."""
        return frozenset(value.number for value in self.values)

    def number_of(self, name: str) -> int | None:
        """The number with this name, if there is one."""
        return next((value.number for value in self.values if value.name == name), None)

    @property
    def declaration(self) -> str:
        """The enum's first line."""
        return f"enum {self.name} {{"

    @property
    def shape(self) -> str:
        """Its values with their names, and whether it is closed."""
        return f"enum {self.closed} {sorted((v.number, v.name) for v in self.values)}"


class Rpc(Element, frozen=True, kw_only=True):
    """A method of a service; request and response are full names of messages, `serves` is that of a query."""

    request: str
    response: str
    client_streaming: bool = False
    server_streaming: bool = False
    idempotency: str = "IDEMPOTENCY_UNKNOWN"
    serves: str = ""

    uncompared: ClassVar[frozenset[str]] = Element.uncompared | {"serves"}

    @property
    def declaration(self) -> str:
        """The rpc as one line of protobuf source."""
        request = f"stream {self.request}" if self.client_streaming else self.request
        response = f"stream {self.response}" if self.server_streaming else self.response
        return f"rpc {self.name}({request}) returns ({response});"

    @property
    def shape(self) -> str:
        """All but the name."""
        return self.declaration.partition("(")[2] + self.idempotency


class Service(Definition, frozen=True, kw_only=True):
    """A gRPC service and its rpcs by name."""

    rpcs: Mapping[str, Rpc] = {}

    @property
    def declaration(self) -> str:
        """The service's first line."""
        return f"service {self.name} {{"

    @property
    def shape(self) -> str:
        """Its rpcs with their names."""
        return f"service {sorted((r.name, r.shape) for r in self.rpcs.values())}"


class File(Element, frozen=True, kw_only=True):
    """A source file; its `full_name` is its path relative to the root of the module.

    `syntax` is `proto2`, `proto3` or `edition YEAR`. `public_imports` are the imports that its importers see, too.
    `options` are the standard file options that the source sets. `content` is a digest of the compiled file without
    comments, positions, record classes and attributes.
    """

    package: str
    syntax: str
    imports: tuple[str, ...] = ()
    public_imports: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    content: str = ""

    @property
    def name(self) -> str:
        """The path of the file."""
        return self.full_name

    @property
    def declaration(self) -> str:
        """The file's package line."""
        return f"package {self.package};"

    @property
    def shape(self) -> str:
        """The digest of its compiled content."""
        return self.content


class Package(Element, frozen=True, kw_only=True):
    """A protobuf package: all declarations of its files."""

    @property
    def name(self) -> str:
        """The whole dotted name."""
        return self.full_name

    @property
    def declaration(self) -> str:
        """The package line."""
        return f"package {self.full_name};"

    @property
    def shape(self) -> str:
        """The same for every package: it has nothing but a name."""
        return "package"


def _nothing() -> Schema:
    return Schema()


class Schema(Struct, frozen=True):
    """One compiled module: every element by its key, without those of imported modules.

    Messages, enums and services are keyed by full name, files by path, extensions by extendee and number. Nested
    messages and enums are listed beside top-level ones.

    `changed` is the part that can differ from the compared schema, if that is known. The rest is the same on both
    sides; `unchanged` are its packages. `imported` gives the declarations of imported modules, loaded on first use.
    """

    files: Mapping[str, File] = {}
    messages: Mapping[str, Message] = {}
    enums: Mapping[str, Enum] = {}
    services: Mapping[str, Service] = {}
    extensions: Mapping[tuple[str, int], Field] = {}
    changed: Schema | None = None
    unchanged: Mapping[str, Package] = {}
    imported: Callable[[], Schema] = _nothing

    @property
    def part(self) -> Schema:
        """The part that can differ from the compared schema: all of it, unless `changed` is known."""
        return self.changed or self

    @property
    def packages(self) -> dict[str, Package]:
        """The packages of the module by name, each located at its first file, preferably one that can differ."""
        found: dict[str, Package] = {}
        for _, file in sorted(self.part.files.items()):
            found.setdefault(file.package, Package(full_name=file.package, location=file.location))
        return {**self.unchanged, **found}

    def types(self) -> Iterator[Message | Enum | Service]:
        """Every message, enum and service."""
        yield from self.messages.values()
        yield from self.enums.values()
        yield from self.services.values()

    def rpc_messages(self) -> frozenset[str]:
        """The full names of all request and response messages."""
        rpcs = [rpc for service in self.services.values() for rpc in service.rpcs.values()]
        return frozenset(name for rpc in rpcs for name in (rpc.request, rpc.response))

    def same_contract(self, other: Schema) -> bool:
        """Whether both compile to the same descriptors, apart from comments and layout."""
        mine = {path: file.content for path, file in self.part.files.items()}
        return mine == {path: file.content for path, file in other.part.files.items()}


_VERSION = re.compile(r"v\d+(?:p\d+)?(?:(?:alpha|beta)\d*|test\w*)?")


def package_version(package: str) -> str:
    """The last part of a package if it is a version (`v1`, `v2beta1`), else empty.

    Versions are those of buf's lint rule PACKAGE_VERSION_SUFFIX.
    """
    last = package.rpartition(".")[2]
    return last if _VERSION.fullmatch(last) else ""
