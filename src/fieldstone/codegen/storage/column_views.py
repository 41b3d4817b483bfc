"""The views of columns: plain data for templates, with expressions that are Python source over one variable."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class SqlView(Struct, frozen=True, kw_only=True):
    """A column in one kind of database.

    Attributes:
        type: its type: "BIGINT".
        declaration: its type in DDL, which may say more: "TEXT COLLATE "C"".
        write: an expression over `record`: what is bound.
        read: an expression over a variable called as the attribute, with `_` after it
            (`timestamp_`), that holds what the database gave.
        is_read_as_is: whether `read` is that variable alone.
        bind: as `write`, over a variable called as the attribute: an argument of `get_step` and a
            part of `after`. The arguments of queries carry their own.
        zero: a literal of SQL that stands for NULL where values are compared.
    """

    type: str
    declaration: str
    write: str
    read: str
    is_read_as_is: bool
    bind: str
    zero: str


class ColumnView(Struct, frozen=True, kw_only=True):
    """A column of a table.

    Attributes:
        name: the column.
        attribute: the record's attribute; for a column of a child table's key that of the parent.
        type: the attribute's annotation: `str`, `datetime | None`.
        key_type: the annotation without `| None`.
        kind: as `fieldstone.schema.storage.Column.kind` says.
        nullable: whether the column may be NULL.
        on: the column in each kind of database, by the dialect's name.
        limit: an expression over the names of `fieldstone_runtime.limits`: what fits the attribute.
    """

    name: str
    attribute: str
    type: str
    key_type: str
    kind: str
    nullable: bool
    on: Mapping[str, SqlView]
    limit: str
