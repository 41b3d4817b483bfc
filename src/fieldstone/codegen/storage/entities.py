"""A stored entity -> its view, for the templates of repositories."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from fieldstone.codegen.class_names import camel, record_class
from fieldstone.codegen.scopes import marked, unmarked
from fieldstone.codegen.storage import conversions
from fieldstone.codegen.storage.column_views import ColumnView, SqlView
from fieldstone.codegen.storage.conversions import SAME, Value
from fieldstone.codegen.storage.defaults import ZEROS
from fieldstone.codegen.storage.dialects import all_dialects
from fieldstone.codegen.storage.fields import FieldConversion, field_conversion, map_types
from fieldstone.codegen.storage.queries.build import query_view
from fieldstone.codegen.storage.views import ChildView, EntityView, IndexView, SetView
from fieldstone.schema.entity import Index
from fieldstone.schema.model import Field, Message, Schema
from fieldstone.schema.storage import Column, Table, kind_of

_LONGEST_NAME = 63
"""Bytes of an index's name, as PostgreSQL has them. It never changes: released migrations name indexes by it."""

_TEXT_KINDS = frozenset({"text", "enum_name"})
_FLOATS = frozenset({"float", "double"})


Keywords = Mapping[str, Mapping[str, str]]
"""By the full name of a message: the argument that gives each attribute to the application's class, where it is
called differently."""

_SAME_NAMES: Keywords = {}


def entity_view(
    table: Table, schema: Schema, *, by_slots: bool, keywords: Keywords = _SAME_NAMES, validates: bool = False
) -> EntityView:
    """The view of a stored entity.

    Args:
        table: where it is stored.
        schema: the schema with all imported files.
        by_slots: whether records are built by storing each attribute.
        keywords: what the application's classes call the arguments that give their attributes.
        validates: whether the record's class itself refuses values that do not fit its types.
    """
    fields = {name: field_conversion(field, schema) for name, field in _by_name(table).items()}
    compared = _compared(table)
    columns = {
        c.name: column_view(fields[c.name], c, is_compared=c.name in compared)
        for c in table.columns.values()
        if c.kind != "child_table"
    }
    key = [columns[name] for name in table.primary_key]
    return EntityView(
        name=marked(table.name_of_record),
        class_stem=marked(camel(table.name_of_record)),
        plural=marked(table.plural),
        record=marked(record_class(table.message)),
        message=table.full_name,
        comment=table.comment,
        table=table.table,
        columns=list(columns.values()),
        key=key,
        children=[
            _child(fields[c.name], c, table, key, schema=schema, keywords=keywords)
            for c in table.columns.values()
            if c.kind == "child_table"
        ],
        indexes=[_index(index, table) for index in table.indexes],
        queries=[query_view(stored.query, table, columns, fields) for stored in table.queries.values()],
        positions={column.name: position for position, column in enumerate(columns.values())},
        record_key=_record_key(table, fields),
        aggregate=columns[table.aggregate_key] if table.aggregate_key else None,
        deleted=[columns[name] for name in dict.fromkeys((*table.primary_key, table.aggregate_key)) if name],
        aggregate_key=_aggregate_key(fields[table.aggregate_key]) if table.aggregate_key else "",
        oneofs=oneof_attributes(fields.values()),
        by_slots=by_slots,
        version=columns[table.version] if table.version else None,
        updated=_updated(table, fields),
        unstored=[(f.attribute, f.missing) for f in fields.values() if f.field.column.not_stored],
        keywords=keywords_of(table.message, fields.values(), keywords),
        validates=validates,
    )


def _updated(table: Table, fields: Mapping[str, FieldConversion]) -> list[SetView]:
    """The stored attributes that neither tell one record from another nor count its versions."""
    fixed = {*table.primary_key, table.version}
    found = [fields[column.name] for column in table.columns.values() if column.name not in fixed]
    return [SetView(name=field.attribute, type=field.annotation) for field in found]


def keywords_of(message: Message, fields: Iterable[FieldConversion], known: Keywords) -> dict[str, str]:
    """The argument that gives each attribute of a message's record."""
    own = known.get(message.full_name, {})
    return {field.attribute: own.get(unmarked(field.attribute), field.attribute) for field in fields}


def _compared(table: Table) -> set[str]:
    """The fields that an index orders, as queries only name those."""
    return {name for index in table.indexes for name in index.fields}


def _by_name(table: Table) -> dict[str, Field]:
    return {field.name: field for field in table.message.fields.values()}


def _record_key(table: Table, fields: Mapping[str, FieldConversion]) -> str:
    """The primary key, with slashes between its parts: text escaped, all else as `_as_text` has it."""
    keys = [fields[name] for name in table.primary_key]
    parts = [f"escaped({_as_text(key)})" if key.value.kind in _TEXT_KINDS else _as_text(key) for key in keys]
    return parts[0] if len(parts) == 1 else f'"/".join(({", ".join(parts)}))'


def _aggregate_key(field: FieldConversion) -> str:
    text = _as_text(field)
    return f'"" if record.{field.attribute} is None else {text}' if field.optional else text


def _as_text(field: FieldConversion) -> str:
    """A value as text, alike for all databases: bytes in hex, numbers and times as digits, bools as 0 and 1."""
    plain = field.to_column(field.value.plain)
    if field.value.kind in _TEXT_KINDS:
        return plain
    return f"({plain}).hex()" if field.value.kind in {"bytes", "proto"} else f"str({plain})"


def oneof_attributes(fields: Iterable[FieldConversion]) -> list[list[str]]:
    """The attributes of each oneof with more than one member."""
    found: dict[str, list[str]] = {}
    for field in fields:
        if field.field.oneof:
            found.setdefault(field.field.oneof, []).append(field.attribute)
    return [attributes for attributes in found.values() if len(attributes) > 1]


def column_view(field: FieldConversion, column: Column, *, is_compared: bool = False) -> ColumnView:
    """The view of a column whose value is an attribute of `record`; 0.0 and -0.0 are one where it is compared."""
    held = f"{field.attribute}_"
    return ColumnView(
        name=column.column,
        attribute=field.attribute,
        type=field.annotation,
        key_type=field.type,
        kind=column.kind,
        nullable=field.optional,
        on=_on_each(
            field.value,
            field.converter.constant + ".check" if field.converter else field.value.column_limit or field.value.limit,
            field.attribute,
            is_compared=is_compared,
            bind=field.bind,
            write=field.to_column,
            read=lambda conversion: field.from_column(conversion, held),
            is_changed=field.is_changed,
        ),
        limit=field.column_limit,
    )


def _scalar_column(variable: str, value: Value, beside: Collection[ColumnView]) -> ColumnView:
    """A column that holds a value which is no attribute: `position`, `key` or `value` of a child table."""
    return ColumnView(
        name=free_column(variable, [column.name for column in beside]),
        attribute=variable,
        type=value.annotation,
        key_type=value.annotation,
        kind=value.kind,
        nullable=False,
        on=_on_each(
            value,
            value.column_limit or value.limit,
            variable,
            bind=lambda conversion, given: conversion.format(given),
            write=lambda conversion: conversion.format(variable),
            read=lambda conversion: conversion.format(f"{variable}_"),
        ),
        limit=value.column_limit or value.limit,
    )


def _on_each(
    value: Value,
    limit: str,
    variable: str,
    *,
    bind: Callable[[str, str], str],
    write: Callable[[str], str],
    read: Callable[[str], str],
    is_changed: bool = False,
    is_compared: bool = False,
) -> dict[str, SqlView]:
    """A column in each kind of database; the functions put a dialect's conversion into its place.

    Args:
        value: the kind of value that the column holds.
        limit: the check of an argument.
        variable: the name of an argument.
        bind: gives what is bound for an argument, an expression.
        write: gives what is bound for an attribute.
        read: gives the attribute.
        is_changed: whether the attribute is not simply what the column holds.
        is_compared: whether 0.0 and -0.0 are one.
    """
    found = {}
    for name, dialect in all_dialects().items():
        bound, stored = (dialect.bind(value), dialect.store(value))
        if is_compared and value.kind in _FLOATS:
            bound = stored = f"unsigned({bound})"
        found[name] = SqlView(
            type=dialect.types[value.kind],
            declaration=dialect.declaration(value.kind),
            write=write(stored),
            read=read(dialect.read(value)),
            is_read_as_is=dialect.read(value) == SAME and not is_changed,
            bind=bind(bound, f'argument("{variable}", {variable}, {limit})')
            if is_changed
            else argument_of(variable, bound, limit),
            zero=dialect.literal(ZEROS.get(value.kind, 0)),
        )
    return found


def argument_of(name: str, conversion: str, limit: str) -> str:
    """A conversion of an argument: one that is not of the very type is checked first, and refused by its name."""
    checked = f'argument("{name}", {name}, {limit})'
    exact, otherwise, slow = conversion.rpartition(" else ")
    if limit == "column_text":
        exact = exact.replace("__class__ is str", "__class__ is str and {0}.isascii()")
    return exact.format(name) + otherwise + slow.format(checked)


def _child(
    field: FieldConversion,
    column: Column,
    table: Table,
    parent: Sequence[ColumnView],
    *,
    schema: Schema,
    keywords: Keywords,
) -> ChildView:
    is_map = field.key is not None
    member = schema.messages.get(map_types(field.field)[1]) if is_record(field) else None
    members = [field_conversion(f, schema) for f in member.fields.values() if not f.column.not_stored] if member else []
    name, value = ("key", field.key) if field.key else ("position", conversions.SCALARS["int64"])
    key = _scalar_column(name, value, parent)
    columns = [member_column(f) for f in members] or [_scalar_column("value", field.item, [*parent, key])]
    limits = f"_{marked(table.name_of_record)}_{field.attribute}_LIMITS".upper()
    limit = f"a({marked(record_class(member))}, {limits})" if member and members else columns[0].limit
    return ChildView(
        table=child_table_name(table, column),
        attribute=field.attribute,
        is_map=is_map,
        parent_columns=parent,
        key=key,
        columns=columns,
        member_type=field.item.annotation,
        member_class=marked(record_class(member)) if member and members else "",
        limits=limits,
        limit=field.limit if field.converter else f"map_of({key.limit}, {limit})" if is_map else f"list_of({limit})",
        given=field.given(f"record.{field.attribute}"),
        made=field.made("{}"),
        keywords=keywords_of(member, members, keywords) if member else {},
        oneofs=oneof_attributes(members),
    )


def is_record(field: FieldConversion) -> bool:
    """Whether the members of a list or map are records."""
    return field.field.composite == "message" and any("fill_dto_" in line for line in field.item.fill)


def member_column(field: FieldConversion) -> ColumnView:
    """The column of an attribute of a child table's member; lists and maps in it are JSON."""
    kind = kind_of(field.field)
    return column_view(
        field,
        Column(
            full_name=field.field.full_name,
            location=field.field.location,
            number=field.field.number,
            column=field.field.column.name or field.field.name,
            kind="json" if kind == "child_table" else kind,
            nullable=field.optional,
        ),
    )


def free_column(name: str, taken: Collection[str]) -> str:
    """A name for a column of the generator's own, with underscores where fields have taken it."""
    while name in taken:
        name += "_"
    return name


def child_table_name(table: Table, column: Column) -> str:
    """The table of a list or map: the annotated column's name, after the parent's table."""
    return f"{table.table}_{column.column}"


def index_name(table: str, columns: Sequence[str]) -> str:
    """A name for an index that fits every database, and is the same whenever it is made."""
    name = f"{table}_{'_'.join(columns)}_idx"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 13]}_{digest}_idx"


def _index(index: Index, table: Table) -> IndexView:
    columns = [column.column for name in index.fields if (column := table.column(name))]
    return IndexView(name=index_name(table.table, columns), columns=columns, unique=index.unique)
