"""The views of storage that templates are given: plain data, every name and expression ready to be written down.

Expressions are Python source over one variable, which the attribute's docs name. Names of columns
and tables are no SQL keywords: those are refused before a view is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from fieldstone.codegen.contracts.views import ImportView, UpcastView
from fieldstone.codegen.storage.attribute_views import AttributeConverterView, AttributeView, ExampleView
from fieldstone.codegen.storage.column_views import ColumnView
from fieldstone.codegen.storage.queries.views import GroupView, QueryView
from fieldstone.codegen.storage.service_views import ServicerView


class RecordView(Struct, frozen=True, kw_only=True):
    """A dataclass that is generated: the record of an entity, or of a message nested in one."""

    name: str
    message: str
    comment: str
    attributes: Sequence[AttributeView]


class MemberView(Struct, frozen=True, kw_only=True):
    """A member of an enum; `declared` is its name in the schema, `name` that in Python."""

    name: str
    declared: str
    number: int
    comment: str


class EnumView(Struct, frozen=True, kw_only=True):
    """An IntEnum that is generated; `constant` is its name in capitals."""

    name: str
    constant: str
    enum: str
    comment: str
    members: Sequence[MemberView]


class ChildView(Struct, frozen=True, kw_only=True):
    """A list or map with a table of its own.

    Attributes:
        table: the child table.
        attribute: the record's attribute.
        is_map: whether it is a map (its second key column is `key`), else a list (`position`, from 0).
        parent_columns: the primary key of the parent, which the child's key begins with; their
            expressions are over `record`, the parent.
        key: the column `position` or `key`, with an underscore where the parent's key has it; its expressions are
            over the variable `position` or `key`, its `attribute`.
        columns: the columns of the member, or one column `value`; their expressions are over
            `record`, the member.
        member_type: the annotation of a member.
        member_class: the dataclass of a member; empty for a scalar or a message without fields, kept in one column.
        limits: the constant with the limits of a member's attributes: "_ORDER_LINES_LIMITS".
        limit: an expression over the names of `fieldstone_runtime.limits`, and `limits`: what fits the attribute.
        given: an expression over `record`, the parent: the list or map.
        made: source with `{}` for the list or map: the attribute.
        keywords: the argument that gives each attribute of a member's class.
        oneofs: the attributes of each oneof of a member.
    """

    table: str
    attribute: str
    is_map: bool
    parent_columns: Sequence[ColumnView]
    key: ColumnView
    columns: Sequence[ColumnView]
    member_type: str
    member_class: str
    limits: str
    limit: str
    given: str
    made: str
    keywords: Mapping[str, str]
    oneofs: Sequence[Sequence[str]]


class IndexView(Struct, frozen=True, kw_only=True):
    """An index; `name` is unique in the database."""

    name: str
    columns: Sequence[str]
    unique: bool


class FieldView(Struct, frozen=True, kw_only=True):
    """The conversions of one field between a record and its DTO, or a nested message's.

    Attributes:
        name: the field as Python knows it.
        attribute: the record's attribute.
        fill: statements that set the field of `dto` from `record`.
        read: an expression over `dto` and `has`, its bound `HasField`.
        dump: an expression over `record`: what stands in JSON for the attribute; empty where the
            message is never kept as JSON.
        load: an expression over `data`, a dict with the field's name: the attribute.
        limit: an expression over the names of `fieldstone_runtime.limits`: what fits the attribute.
        dto_limit: the same for a DTO's field that a record cannot hold whatever it has; empty for none.
        plain: an expression over `record`: what the field holds, for comparing.
    """

    name: str
    attribute: str
    fill: Sequence[str]
    read: str
    dump: str
    load: str
    limit: str
    dto_limit: str
    plain: str


class MappingView(Struct, frozen=True, kw_only=True):
    """A record and its DTO, both ways.

    Attributes:
        name: "step", in `to_dto_step`; for a nested message its snake-cased name.
        record: the record's class.
        dto: the DTO's class as the mapper's module names it: "telemetry_v1_pb2.TelemetryStepV1".
        message: the full name.
        fields: all of them.
        oneofs: the attributes of each oneof, of which at most one may be given.
        by_slots: whether a record is built by storing each attribute into `object.__new__`, else
            by keywords: its class has a `__post_init__`, is frozen, or has attributes of its own.
        is_entity: whether it is one of an entity; its functions are public.
        as_json: whether the message is kept as JSON somewhere, so that dump and load are needed.
        has_presence: whether a field of it can be absent.
        has_dto_limits: whether a field of it has a `dto_limit`.
        keywords: the argument that gives each attribute of the record's class.
    """

    name: str
    record: str
    dto: str
    message: str
    fields: Sequence[FieldView]
    oneofs: Sequence[Sequence[str]]
    by_slots: bool
    is_entity: bool
    as_json: bool
    has_presence: bool
    has_dto_limits: bool
    keywords: Mapping[str, str]


class SetView(Struct, frozen=True, kw_only=True):
    """An attribute that `update_` may set; `type` is its annotation."""

    name: str
    type: str

    @property
    def argument(self) -> str:
        """The annotation of an argument that may be left out."""
        plain = self.type.removesuffix(" | None")
        return f"{plain} | Unset{self.type[len(plain) :]} = UNSET"


class EntityView(Struct, frozen=True, kw_only=True):
    """A stored entity.

    Attributes:
        name: "step"; plural: "steps"; class_stem: "Step".
        record: the record's class.
        message: the full name of its message.
        comment: the message's comment.
        table: the table.
        columns: its columns, in the order of the table.
        key: the columns of the primary key.
        children: lists and maps with tables of their own.
        indexes: beside the primary key.
        queries: the annotated ones.
        positions: the position of each column in a row, from 0.
        record_key: an expression over `record`: its primary key as text.
        aggregate: the column whose value orders the events of the outbox; None without an outbox.
        aggregate_key: an expression over `record`: that value as text; empty without an outbox.
        deleted: the columns that the event of a deleted record is made of: the key and `aggregate`.
        oneofs: the attributes of each oneof.
        by_slots: as for `MappingView`.
        version: the column that counts the record's versions; None without one.
        updated: the columns and children whose attributes `update_` may set.
        unstored: attributes that the table lacks, each with an expression for its value on reading.
        validates: whether the record's class itself refuses values that do not fit its types.
        keywords: the argument that gives each attribute of the record's class.
        examples: what each attribute has in the records of the contract suite.
    """

    name: str
    class_stem: str
    plural: str
    record: str
    message: str
    comment: str
    table: str
    columns: Sequence[ColumnView]
    key: Sequence[ColumnView]
    children: Sequence[ChildView]
    indexes: Sequence[IndexView]
    queries: Sequence[QueryView]
    positions: Mapping[str, int]
    record_key: str
    aggregate: ColumnView | None
    aggregate_key: str
    deleted: Sequence[ColumnView]
    oneofs: Sequence[Sequence[str]]
    by_slots: bool
    version: ColumnView | None
    updated: Sequence[SetView]
    unstored: Sequence[tuple[str, str]]
    keywords: Mapping[str, str]
    validates: bool
    examples: Sequence[ExampleView] = ()


class MigrationView(Struct, frozen=True, kw_only=True):
    """The migration of a release: statements without a semicolon, by the dialect's name.

    `outbox` is the table of events that the release brings; empty for all others.
    """

    version: str
    statements: Mapping[str, Sequence[str]]
    outbox: str = ""


class DatabaseView(Struct, frozen=True, kw_only=True):
    """A kind of database: the dialect's name, the constant of its migrations, and the name that people know."""

    name: str
    constant: str
    title: str


class ModuleView(Struct, frozen=True, kw_only=True):
    """All that is generated for one module.

    Attributes:
        module: the module's name: "telemetry".
        prefix: the name in class names: "Telemetry".
        contracts: the Python package of the DTOs: "telemetry_contracts".
        storage: the Python package of mapper and repositories: "telemetry_storage".
        outbox: the outbox table; empty where no entity has one.
        records, enums: what is generated where no class of the application stands behind a message.
        imports: what the records that are not generated come from.
        dto_imports: what the mapper's DTO classes come from.
        mappings: every record and nested message with its DTO.
        entities: the stored ones.
        upcasts: from each superseded DTO to its successor, and back where nothing is lost.
        databases: the kinds of databases that there are repositories for.
        migrations: oldest first.
        servicers: of the services whose rpcs queries answer.
        converters: of all attributes that have one.
    """

    module: str
    prefix: str
    contracts: str
    storage: str
    outbox: str
    records: Sequence[RecordView] = ()
    enums: Sequence[EnumView] = ()
    imports: Sequence[ImportView] = ()
    dto_imports: Sequence[ImportView] = ()
    mappings: Sequence[MappingView] = ()
    entities: Sequence[EntityView] = ()
    upcasts: Sequence[UpcastView] = ()
    databases: Sequence[DatabaseView] = ()
    migrations: Sequence[MigrationView] = ()
    servicers: Sequence[ServicerView] = ()
    converters: Sequence[AttributeConverterView] = ()

    @property
    def groups(self) -> Sequence[GroupView]:
        """The answers of queries that compute."""
        return [query.groups for entity in self.entities for query in entity.queries if query.groups]

    @property
    def converter_modules(self) -> list[str]:
        """The modules that the converters are in."""
        return sorted({module for converter in self.converters for module in converter.modules})

    @property
    def type_modules(self) -> list[str]:
        """The modules of the types of converted attributes."""
        found = {module for converter in self.converters for module in converter.type_modules}
        return sorted(found.difference(self.converter_modules, {"typing"}))
