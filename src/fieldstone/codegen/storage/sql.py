"""The tables of every release -> the migration of each release.

Nothing is ever dropped but a unique index that is none any more: it would refuse records. A column
that left stays, and new rows have its default there, which is why every column has one that must
have a value. That also keeps a process with older code working on a database that is ahead of it;
`fieldstone_runtime.older_code` knows these forms of statements, and stops older code at any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from fieldstone.codegen.storage.column_views import ColumnView
from fieldstone.codegen.storage.defaults import default_value
from fieldstone.codegen.storage.dialects import Default, Dialect, all_dialects
from fieldstone.codegen.storage.entities import entity_view
from fieldstone.codegen.storage.fields import map_types
from fieldstone.codegen.storage.views import ChildView, EntityView, IndexView, MigrationView
from fieldstone.errors import Invalid
from fieldstone.schema.model import Field, Schema
from fieldstone.schema.storage import Table, tables

Statements = Mapping[str, Sequence[str]]
"""SQL for each kind of database, by the dialect's name."""

_BREAK = "it is a break that `fieldstone check` reports; undo it, or give the new form a new name"


class _Column(Struct, frozen=True):
    """A column; `types` has its declared type by dialect. Without a default, `default` is None."""

    name: str
    types: Mapping[str, str]
    nullable: bool
    default: Default | None

    def definition(self, name: str, dialect: Dialect) -> str:
        """The column in a CREATE TABLE or after ADD COLUMN."""
        default = "" if self.default is None else f" DEFAULT {dialect.literal(self.default)}"
        return f"{self.name} {self.types[name]}{'' if self.nullable else ' NOT NULL'}{default}"


class _Table(Struct, frozen=True):
    """A table; `owner` and `fields` tell a rename: the message, or the field of a child table; column by number."""

    name: str
    owner: str
    key: tuple[str, ...]
    columns: Mapping[str, _Column]
    fields: Mapping[int, str]
    indexes: Sequence[IndexView] = ()
    parent: str = ""


class _Database(Struct):
    """The tables after a release, and the release that each part came with."""

    tables: dict[str, dict[str, _Column]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    since: dict[tuple[str, str], str] = {}
    names: dict[tuple[str, int], str] = {}
    indexes: dict[str, dict[str, IndexView]] = {}
    has_outbox: bool = False


def migration_views(history: Sequence[tuple[str, Schema]], *, outbox: str) -> list[MigrationView]:
    """The migration of each release, oldest first; releases that change no table are left out.

    Args:
        history: version and schema, with all imported files, of each release, oldest first.
        outbox: the table of its events.

    Raises:
        FieldstoneError: a table, key or column was renamed or retyped, or a default is no value.
    """
    database, views = _Database(), []
    for version, schema in history:
        had_outbox = database.has_outbox
        found = list(_statements(database, version, schema, outbox))
        if found:
            statements = {name: tuple(text for part in found for text in part[name]) for name in all_dialects()}
            brought = outbox if database.has_outbox and not had_outbox else ""
            views.append(MigrationView(version=version, statements=statements, outbox=brought))
    return views


def script(statements: Sequence[str]) -> str:
    """Statements as the text of a .sql file."""
    return "".join(f"{statement};\n" for statement in statements)


def _for_each(statement: Callable[[str, Dialect], str]) -> Statements:
    """A statement of each dialect, from its name and the dialect."""
    return {name: (statement(name, dialect),) for name, dialect in all_dialects().items()}


def _statements(database: _Database, version: str, schema: Schema, outbox: str) -> Iterator[Statements]:
    stored = tables(schema).values()
    for table in stored:
        for made in _tables(table, schema):
            yield from _bring_forward(database, made, version)
    if not database.has_outbox and any(table.aggregate_key for table in stored):
        database.has_outbox = True
        yield _for_each(lambda _, dialect: _outbox(outbox, dialect))
        yield {name: [text.format(outbox) for text in dialect.after_outbox] for name, dialect in all_dialects().items()}


def _tables(table: Table, schema: Schema) -> Iterator[_Table]:
    """The table of an entity and those of its lists and maps."""
    view = entity_view(table, schema, by_slots=True)
    fields = {column.name: column for column in table.message.fields.values()}
    of_columns = {c.column: fields[c.name] for c in table.columns.values()}
    yield _Table(
        name=view.table,
        owner=view.message,
        key=tuple(column.name for column in view.key),
        columns=_columns(view.columns, of_columns, schema, key=[column.name for column in view.key]),
        fields={number: column.column for number, column in table.columns.items() if column.kind != "child_table"},
        indexes=view.indexes,
    )
    for child in view.children:
        yield _child(view, child, of_columns[child.table.removeprefix(f"{view.table}_")], schema)


def _child(view: EntityView, child: ChildView, source: Field, schema: Schema) -> _Table:
    member = schema.messages.get(map_types(source)[1]) if child.member_class else None
    fields = {f.column.name or f.name: f for f in member.fields.values()} if member else {}
    key = [*child.parent_columns, child.key]
    names = [column.name for column in key]
    return _Table(
        name=child.table,
        owner=source.full_name,
        key=tuple(names),
        columns=_columns([*key, *child.columns], fields, schema, key=names),
        fields={f.number: name for name, f in fields.items()},
        parent=view.table,
    )


def _columns(
    columns: Sequence[ColumnView], fields: Mapping[str, Field], schema: Schema, *, key: Sequence[str]
) -> dict[str, _Column]:
    """Columns of a key have no default: an older process that knows none of them must not write."""
    return {
        column.name: _Column(
            name=column.name,
            types={name: held.declaration for name, held in column.on.items()},
            nullable=column.nullable,
            default=None if column.name in key else default_value(column, fields.get(column.name), schema),
        )
        for column in columns
    }


def _bring_forward(database: _Database, table: _Table, version: str) -> Iterator[Statements]:
    _refuse_renames(database, table, version)
    known = database.tables.get(table.name)
    if known is None:
        yield _for_each(lambda name, dialect: _create(table, name, dialect))
    else:
        _refuse_changes(database, table, known, version)
        for column in table.columns.values():
            if column.name not in known:
                yield _add_column(table, column)
    _remember(database, table, version)
    yield from _indexes(database, table)


def _add_column(table: _Table, column: _Column) -> Statements:
    return _for_each(lambda name, dialect: f"ALTER TABLE {table.name} ADD COLUMN {column.definition(name, dialect)}")


def _create(table: _Table, name: str, dialect: Dialect) -> str:
    lines = [column.definition(name, dialect) for column in table.columns.values()]
    lines.append(f"PRIMARY KEY ({', '.join(table.key)})")
    if table.parent:
        key = ", ".join(table.key[:-1])
        lines.append(f"FOREIGN KEY ({key}) REFERENCES {table.parent} ({key}) ON DELETE CASCADE")
    after = dialect.after_child_table if table.parent else ""
    return f"CREATE TABLE {table.name} (\n    " + ",\n    ".join(lines) + f"\n){after}"


def _indexes(database: _Database, table: _Table) -> Iterator[Statements]:
    known = database.indexes.setdefault(table.name, {})
    wanted = {index.name: index for index in table.indexes}
    for name, old in list(known.items()):
        other = name in wanted and wanted[name].unique != old.unique
        if other or (name not in wanted and old.unique):
            del known[name]
            yield _in_all(f"DROP INDEX {name}")
    for name, index in wanted.items():
        if name not in known:
            known[name] = index
            unique = "UNIQUE " if index.unique else ""
            yield _in_all(f"CREATE {unique}INDEX {name} ON {table.name} ({', '.join(index.columns)})")


def _in_all(statement: str) -> Statements:
    return _for_each(lambda _name, _dialect: statement)


def _outbox(table: str, dialect: Dialect) -> str:
    """The events of a module; `status` is pending, delivered or dead, times are in microseconds since 1970, UTC.

    `id` orders the events that are there. `fieldstone_runtime.outbox_tables` adds what later versions need.
    """
    number, binary = dialect.types["int64"], dialect.types["bytes"]
    return f"""CREATE TABLE {table} (
    id {dialect.identity},
    idempotency_key TEXT NOT NULL,
    aggregate_key TEXT NOT NULL,
    payload_kind TEXT NOT NULL,
    payload_dto {binary} NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    attempts {dialect.types["int32"]} NOT NULL DEFAULT 0,
    next_attempt_ts {number} NOT NULL DEFAULT 0,
    lease_owner TEXT,
    leased_until_ts {number},
    last_error TEXT,
    created_ts {number} NOT NULL
)"""


def _remember(database: _Database, table: _Table, version: str) -> None:
    known = database.tables.setdefault(table.name, {})
    for name, column in table.columns.items():
        known.setdefault(name, column)
        database.since.setdefault((table.name, name), version)
    database.keys.setdefault(table.name, table.key)
    database.since.setdefault((table.owner, ""), version)
    database.names |= {(table.owner, 0): table.name}
    database.names |= {(table.owner, number): name for number, name in table.fields.items()}


def _refuse_renames(database: _Database, table: _Table, version: str) -> None:
    wanted = {0: table.name, **table.fields}
    for number, name in wanted.items():
        old = database.names.get((table.owner, number), name)
        if old != name:
            since = database.since[table.owner, ""] if number == 0 else database.since[table.name, old]
            what = "table" if number == 0 else f"column of field {number}"
            raise Invalid(f"the {what} of {table.owner} is {old} since {since}, and {name} in {version}", fix=_BREAK)


def _refuse_changes(database: _Database, table: _Table, known: Mapping[str, _Column], version: str) -> None:
    if database.keys[table.name] != table.key:
        was, now = ", ".join(database.keys[table.name]), ", ".join(table.key)
        since = database.since[table.owner, ""]
        raise Invalid(f"the primary key of {table.name} is ({was}) since {since}, and ({now}) in {version}", fix=_BREAK)
    for name, column in table.columns.items():
        old = known.get(name, column)
        if (old.types, old.nullable) != (column.types, column.nullable):
            since = database.since[table.name, name]
            raise Invalid(
                f"column {name} of {table.name} is {_form(old, column)} since {since}, "
                f"and {_form(column, old)} in {version}",
                fix=_BREAK,
            )


def _form(column: _Column, other: _Column) -> str:
    """A column's type, in the last dialect that tells the two columns apart, and whether it may be NULL."""
    dialects = [name for name, kind in column.types.items() if kind != other.types[name]] or [*column.types]
    return f"{column.types[dialects[-1]]}{'' if column.nullable else ' NOT NULL'}"
