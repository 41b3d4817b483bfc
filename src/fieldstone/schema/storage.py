"""The tables that a schema's annotations declare, with every default filled in.

The rules and the generator both use these tables, so the rules judge exactly what is generated. Nothing is refused
here: the generator reports annotations that it cannot implement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from msgspec.structs import replace

from fieldstone.schema.element import Element
from fieldstone.schema.entity import Entity, Index, Query
from fieldstone.schema.location import Location
from fieldstone.schema.model import Field, Message, Schema, package_version

TIMESTAMP, DURATION = "google.protobuf.Timestamp", "google.protobuf.Duration"

JSON_MESSAGES = frozenset({"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"})
"""Messages that represent JSON values (https://protobuf.dev/reference/protobuf/google.protobuf/#value)."""

WRAPPERS: Mapping[str, str] = {
    f"google.protobuf.{name}Value": scalar
    for name, scalar in {
        "Double": "double",
        "Float": "float",
        "Int64": "int64",
        "UInt64": "uint64",
        "Int32": "int32",
        "UInt32": "uint32",
        "Bool": "bool",
        "String": "string",
        "Bytes": "bytes",
    }.items()
}
"""Messages that wrap an optional scalar (google/protobuf/wrappers.proto), and the scalar."""

SCALAR_KINDS = {
    "sint32": "int32",
    "sfixed32": "int32",
    "fixed32": "uint32",
    "sint64": "int64",
    "sfixed64": "int64",
    "fixed64": "uint64",
    "string": "text",
}
"""The kinds of scalars that differ from their type's name: several types have the same values."""


class Column(Element, frozen=True, kw_only=True):
    """A column of a table; its `full_name` is that of the field.

    Attributes:
        number: the field's number.
        column: the name of the column; for a child table, of the table.
        kind: the kind of its values: int32 uint32 int64 uint64 bool float double text bytes enum enum_name timestamp
            duration json proto, or child_table.
        nullable: whether it may be NULL.
        default: the value for rows older than the column, as the annotation writes it; None for NULL or the zero of the
            kind.
    """

    number: int
    column: str
    kind: str
    nullable: bool
    default: str | None = None
    attribute: str = ""

    uncompared: ClassVar[frozenset[str]] = Element.uncompared | {"attribute"}

    @property
    def declaration(self) -> str:
        """The column as one line of a table."""
        return f"{self.column} {self.kind}{'' if self.nullable or self.kind == 'child_table' else ' not null'}"

    @property
    def shape(self) -> str:
        """All but the names."""
        return f"{self.kind} {self.nullable} {self.default}"


class StoredQuery(Element, frozen=True, kw_only=True):
    """A query of a table; its `full_name` is made of the message's name and the query's."""

    query: Query

    @property
    def declaration(self) -> str:
        """The query as a call."""
        name = self.query.range_name or self.query.range
        named = [*self.query.optional_equal, *([f"from_{name}", f"before_{name}"] if name else [])]
        arguments = [*self.query.equal, *self.query.among, *named]
        return f"{self.query.name}({', '.join(arguments)}) -> {self.query.result}"

    @property
    def shape(self) -> str:
        """All but the name."""
        return str(replace(self.query, name=""))


class Table(Element, frozen=True, kw_only=True):
    """The table of an entity; its `full_name` is that of the message, and its location the annotation's.

    Attributes:
        message: the entity's message.
        entity: the annotation.
        name_of_record: the name of a record in generated functions: "step".
        plural: the name of several: "steps".
        table: the name of the table.
        primary_key: names of fields.
        columns: by field number, without fields that are not stored.
        indexes: as annotated.
        queries: by name.
        aggregate_key: the field within which the outbox delivers events in order; None without an outbox.
        version: the field that counts the versions of a record; empty for none.
    """

    message: Message
    entity: Entity
    name_of_record: str
    plural: str
    table: str
    primary_key: tuple[str, ...]
    columns: Mapping[int, Column]
    indexes: tuple[Index, ...]
    queries: Mapping[str, StoredQuery]
    aggregate_key: str | None
    version: str

    uncompared: ClassVar[frozenset[str]] = Element.uncompared | {"message", "entity"}

    @property
    def declaration(self) -> str:
        """The table's first line."""
        return f"table {self.table} ({', '.join(self.primary_key)})"

    @property
    def shape(self) -> str:
        """Its columns."""
        return f"{self.primary_key} {[(c.column, c.shape) for c in self.columns.values()]}"

    def column(self, name: str) -> Column | None:
        """The column of the field of that name; None if there is no such field, or it is not stored."""
        return next((column for column in self.columns.values() if column.name == name), None)

    def numbers(self, names: Iterable[str]) -> tuple[int | str, ...]:
        """The numbers of the fields of these names, which do not change by renaming; unknown names are kept."""
        known = {field.name: field.number for field in self.message.fields.values()}
        return tuple(known.get(name, name) for name in names)


def tables(schema: Schema) -> dict[str, Table]:
    """The tables of a schema's stored entities, by full name of the message."""
    return {table.full_name: table for table in _tables(schema)}


def _tables(schema: Schema) -> Iterator[Table]:
    for message in schema.messages.values():
        if message.entity is not None and not message.entity.not_stored:
            yield _table(message, message.entity)


def _table(message: Message, entity: Entity) -> Table:
    name, plural = record_name(message), plural_name(message)
    columns = [_column(field) for field in message.fields.values() if not field.column.not_stored]
    queries = [
        StoredQuery(full_name=f"{message.full_name}.{query.name}", location=annotation_location(message), query=query)
        for query in entity.queries
    ]
    return Table(
        full_name=message.full_name,
        location=annotation_location(message),
        lifecycle=message.lifecycle,
        comment=message.comment,
        message=message,
        entity=entity,
        name_of_record=name,
        plural=plural,
        table=entity.table or _default_table(message, plural),
        primary_key=entity.primary_key,
        columns={column.number: column for column in columns},
        indexes=entity.indexes,
        queries={query.name: query for query in queries},
        aggregate_key=_aggregate_key(entity),
        version=next((field.name for field in message.fields.values() if field.column.version), ""),
    )


def annotation_location(message: Message) -> Location:
    """The location of a message's annotation; that of the message if the compiler gave none."""
    annotation = message.entity_location
    return annotation if annotation is not None and annotation.line else message.location


def _aggregate_key(entity: Entity) -> str | None:
    if entity.outbox is None:
        return None
    return entity.outbox.aggregate_key or (entity.primary_key or ("",))[0]


def _column(field: Field) -> Column:
    return Column(
        full_name=field.full_name,
        location=field.location,
        lifecycle=field.lifecycle,
        comment=field.comment,
        number=field.number,
        column=field.column.name or field.name,
        kind=kind_of(field),
        nullable=may_be_absent(field),
        default=field.column.default or None,
        attribute=field.column.attribute or field.name,
    )


def may_be_absent(field: Field) -> bool:
    """Whether the attribute of a record may be None: the field tells absence from zero, and is not required."""
    return field.presence == "explicit" and not field.column.required


def kind_of(field: Field) -> str:
    """The kind of a field's column, as in `Column.kind`."""
    codec = field.column.codec
    if codec in {"child_table", "proto", "json"}:
        return codec
    if field.cardinality in {"repeated", "map"}:
        return "json"
    if codec == "nanoseconds":
        return "int64"
    if field.composite == "enum":
        return codec or "enum"
    if field.composite == "message":
        return _message_kind(field.type)
    return SCALAR_KINDS.get(field.type, field.type)


def _message_kind(full_name: str) -> str:
    if full_name in {TIMESTAMP, DURATION}:
        return full_name.rpartition(".")[2].lower()
    wrapped = WRAPPERS.get(full_name, "json")
    return SCALAR_KINDS.get(wrapped, wrapped)


def record_name(message: Message) -> str:
    """The name of an entity's record in generated functions, as `Entity.name` documents it."""
    if message.entity is not None and message.entity.name:
        return message.entity.name
    return _stem(message) + _version_suffix(message)


def plural_name(message: Message) -> str:
    """The name of several records of an entity: the annotation's, else the name with an s."""
    if message.entity is not None and message.entity.plural:
        return message.entity.plural
    if message.entity is not None and message.entity.name:
        return f"{message.entity.name}s"
    return f"{_stem(message)}s{_version_suffix(message)}"


def _stem(message: Message) -> str:
    name = re.sub(r"[Vv]\d\w*$", "", message.name) or message.name
    return snake(name).removeprefix(f"{snake(_unversioned(message.package))}_")


def _version_suffix(message: Message) -> str:
    version = package_version(message.package)
    return "" if version in {"", "v1"} else f"_{version}"


def _default_table(message: Message, plural: str) -> str:
    package = snake(_unversioned(message.package))
    return plural if package in {"", plural} else f"{package}_{plural}"


def _unversioned(package: str) -> str:
    """The last part of a package before its version: `orders` of `acme.orders.v1`."""
    version = package_version(package)
    return package.removesuffix(f".{version}").rpartition(".")[2] if version else package.rpartition(".")[2]


def snake(name: str) -> str:
    """The name in snake case: `TelemetryStep` -> `telemetry_step`, `HTTPCall` -> `http_call`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
