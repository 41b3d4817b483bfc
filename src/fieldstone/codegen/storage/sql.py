"""The tables of every release -> what each release does to a database.

Nothing is ever dropped but a unique index that is none any more: it would refuse records. A column
that left stays, and new rows have its default there, which is why every column has one that must
have a value. That also keeps a process with older code working on a database that is ahead of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from fieldstone.codegen.storage.entities import entity_view
from fieldstone.codegen.storage.fields import map_types
from fieldstone.codegen.storage.literals import Literals, default_literals
from fieldstone.codegen.storage.views import ChildView, ColumnView, EntityView, IndexView, MigrationView
from fieldstone.errors import FieldstoneError
from fieldstone.schema.model import Field, Schema
from fieldstone.schema.storage import Table, tables

Statements = tuple[str, str]
"""One for SQLite and one for PostgreSQL; empty where that database needs none."""

_TEXT_KINDS = frozenset({"text", "enum_name"})
_BREAK = "it is a break that `fieldstone check` reports; undo it, or give the new form a new name"


class _Column(Struct, frozen=True):
    """A column; `types` and `default` are for SQLite and PostgreSQL."""

    name: str
    types: tuple[str, str]
    nullable: bool
    default: Literals | None

    def definition(self, database: int) -> str:
        """What stands in a CREATE TABLE or after ADD COLUMN."""
        default = "" if self.default is None else f" DEFAULT {self.default[database]}"
        return f"{self.name} {self.types[database]}{'' if self.nullable else ' NOT NULL'}{default}"


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
    """What is there after a release, and the release that each part came with."""

    tables: dict[str, dict[str, _Column]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    since: dict[tuple[str, str], str] = {}
    names: dict[tuple[str, int], str] = {}
    indexes: dict[str, dict[str, IndexView]] = {}
    has_outbox: bool = False


def migration_views(history: Sequence[tuple[str, Schema]], *, outbox: str) -> list[MigrationView]:
    """What each release does to a database, oldest first; releases that change no table are left out.

    Args:
        history: version and schema, with all imported files, of each release, oldest first.
        outbox: the table of its events.

    Raises:
        FieldstoneError: a table, key or column was renamed or retyped, or a default is no value.
    """
    database, views = _Database(), []
    for version, schema in history:
        found = list(_statements(database, version, schema, outbox))
        if found:
            sqlite, postgres = zip(*found, strict=True)
            views.append(
                MigrationView(
                    version=version, sqlite=tuple(filter(None, sqlite)), postgres=tuple(filter(None, postgres))
                )
            )
    return views


def script(statements: Sequence[str]) -> str:
    """Statements as the text of a .sql file."""
    return "".join(f"{statement};\n" for statement in statements)


def _statements(database: _Database, version: str, schema: Schema, outbox: str) -> Iterator[Statements]:
    stored = tables(schema).values()
    for table in stored:
        for made in _tables(table, schema):
            yield from _bring_forward(database, made, version)
    if not database.has_outbox and any(table.aggregate_key for table in stored):
        database.has_outbox = True
        yield _outbox(outbox)
        yield ("", f"ALTER TABLE {outbox} ALTER COLUMN payload_dto SET STORAGE EXTERNAL")


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
            types=(
                column.sqlite_type,
                f'{column.postgres_type} COLLATE "C"' if _is_text(column) else column.postgres_type,
            ),
            nullable=column.nullable,
            default=None if column.name in key else default_literals(column, fields.get(column.name), schema),
        )
        for column in columns
    }


def _is_text(column: ColumnView) -> bool:
    """Whether its order must be that of code points in PostgreSQL too, as in SQLite and in Python."""
    return column.postgres_type == "TEXT" and column.kind in _TEXT_KINDS


def _bring_forward(database: _Database, table: _Table, version: str) -> Iterator[Statements]:
    _refuse_renames(database, table, version)
    known = database.tables.get(table.name)
    if known is None:
        yield _create(table)
    else:
        _refuse_changes(database, table, known, version)
        for column in table.columns.values():
            if column.name not in known:
                yield tuple(f"ALTER TABLE {table.name} ADD COLUMN {column.definition(i)}" for i in (0, 1))  # type: ignore[misc]
    _remember(database, table, version)
    yield from _indexes(database, table)


def _create(table: _Table) -> Statements:
    return (_create_in(table, 0) + _suffix(table), _create_in(table, 1))


def _suffix(table: _Table) -> str:
    """Rows of a child table lie together by parent; those of an entity are too wide (sqlite.org/withoutrowid.html)."""
    return " WITHOUT ROWID" if table.parent else ""


def _create_in(table: _Table, database: int) -> str:
    lines = [column.definition(database) for column in table.columns.values()]
    lines.append(f"PRIMARY KEY ({', '.join(table.key)})")
    if table.parent:
        key = ", ".join(table.key[:-1])
        lines.append(f"FOREIGN KEY ({key}) REFERENCES {table.parent} ({key}) ON DELETE CASCADE")
    return f"CREATE TABLE {table.name} (\n    " + ",\n    ".join(lines) + "\n)"


def _indexes(database: _Database, table: _Table) -> Iterator[Statements]:
    known = database.indexes.setdefault(table.name, {})
    wanted = {index.name: index for index in table.indexes}
    for name, old in list(known.items()):
        other = name in wanted and wanted[name].unique != old.unique
        if other or (name not in wanted and old.unique):
            del known[name]
            yield (f"DROP INDEX {name}", f"DROP INDEX {name}")
    for name, index in wanted.items():
        if name not in known:
            known[name] = index
            unique = "UNIQUE " if index.unique else ""
            made = f"CREATE {unique}INDEX {name} ON {table.name} ({', '.join(index.columns)})"
            yield (made, made)


def _outbox(name: str) -> Statements:
    """The events of a module; `status` is pending, delivered or dead, times are in microseconds since 1970, UTC.

    `id` orders the events that are there. SQLite gives it anew once the newest event is deleted, which
    AUTOINCREMENT would prevent at a fifth of the cost of an insert: an event is known by its key.
    """
    number, identity, binary = "INTEGER", "INTEGER PRIMARY KEY", "BLOB"
    sqlite = _outbox_in(name, number, identity, binary)
    postgres = _outbox_in(name, "BIGINT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA")
    return (sqlite, postgres)


def _outbox_in(name: str, number: str, identity: str, binary: str) -> str:
    return f"""CREATE TABLE {name} (
    id {identity},
    idempotency_key TEXT NOT NULL,
    aggregate_key TEXT NOT NULL,
    payload_kind TEXT NOT NULL,
    payload_dto {binary} NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
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
            raise FieldstoneError(
                f"the {what} of {table.owner} is {old} since {since}, and {name} in {version}", fix=_BREAK
            )


def _refuse_changes(database: _Database, table: _Table, known: Mapping[str, _Column], version: str) -> None:
    if database.keys[table.name] != table.key:
        was, now = ", ".join(database.keys[table.name]), ", ".join(table.key)
        since = database.since[table.owner, ""]
        raise FieldstoneError(
            f"the primary key of {table.name} is ({was}) since {since}, and ({now}) in {version}", fix=_BREAK
        )
    for name, column in table.columns.items():
        old = known.get(name, column)
        if (old.types, old.nullable) != (column.types, column.nullable):
            since = database.since[table.name, name]
            raise FieldstoneError(
                f"column {name} of {table.name} is {_form(old)} since {since}, and {_form(column)} in {version}",
                fix=_BREAK,
            )


def _form(column: _Column) -> str:
    return f"{column.types[1]}{'' if column.nullable else ' NOT NULL'}"
