"""Tables as a database describes them, as far as they decide whether generated code can work with them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Column(Struct, frozen=True, kw_only=True):
    """A column.

    Attributes:
        type: its type in a form that can be compared, with the collation where that is not the usual one.
        declared: its type as the database shows it.
        nullable: whether it may be NULL.
        default: the SQL of its default.
        automatic: whether the database counts it up in rows that leave it out.
        writable: whether rows may give it a value.
    """

    type: str
    declared: str
    nullable: bool
    default: str | None = None
    automatic: bool = False
    writable: bool = True

    @property
    def definition(self) -> str:
        """The column as CREATE TABLE has it, without its name."""
        default = "" if self.default is None else f" DEFAULT {self.default}"
        return f"{self.declared}{'' if self.nullable else ' NOT NULL'}{default}"


class Index(Struct, frozen=True):
    """An index beside that of the primary key; a constraint that makes columns unique has one, too.

    Attributes:
        name: its name.
        columns: its columns in order; none where it is one of expressions.
        unique: whether it refuses rows with the same values.
        special: whether it is one of some rows only, is checked late, or compares by other rules than equality.
    """

    name: str
    columns: tuple[str, ...]
    unique: bool
    special: bool = False


class Reference(Struct, frozen=True):
    """A foreign key: pairs of a column and the parent's column, the parent, and the action on deletion."""

    columns: frozenset[tuple[str, str]]
    parent: str
    on_delete: str


class Table(Struct, frozen=True, kw_only=True):
    """A table; `kind` is "table", or what else has its name, such as "view"."""

    kind: str = "table"
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()
    references: frozenset[Reference] = frozenset()

    def parts(self, name: str) -> set[tuple[str, str]]:
        """Names of the table, of its columns and of its indexes, each with what it is the name of."""
        return (
            {("table", name)}
            | {("column", f"{name}.{c}") for c in self.columns}
            | {("index", i.name) for i in self.indexes}
        )


Tables = Mapping[str, Table]
"""Tables by name."""
