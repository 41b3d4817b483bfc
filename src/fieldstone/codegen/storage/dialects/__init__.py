"""The databases that storage code is generated for: every module of this package declares one as `DIALECT`.

The module's name is the dialect's: its templates are in `codegen/templates/<name>/`, its repository is generated as
`<name>.py`, and views carry what it needs under this name.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from fieldstone.codegen.storage.conversions import Value

if TYPE_CHECKING:
    from fieldstone_runtime.migrations import Database

    class OpenDatabase(Database, Protocol):
        """A database that migrations can be applied to."""

        def transaction(self) -> AbstractContextManager[Any]:
            """A transaction, or one inside another; gives a cursor of the driver."""

        def close(self) -> None:
            """Close its connections."""


Default = bool | int | float | str | bytes | datetime | timedelta
"""A column's default for existing rows: a number, text (also for JSON and names of enum values), bytes or a time."""


class Sum(Struct, frozen=True):
    """How a sum is selected and read.

    Attributes:
        select: expressions of SQL with `{0}` for the column.
        read: an expression of Python with `{0}`, `{1}` for what these gave.
    """

    select: tuple[str, ...]
    read: str


class Dialect(Struct, frozen=True, kw_only=True):
    """One kind of database: its differences from plain values and from standard SQL.

    Kinds are those of `fieldstone.schema.storage.Column.kind`. Expressions are Python with `{0}` or `{}` for the value.

    Attributes:
        title: its name as people write it.
        folder: the folder of its SQL files below `generated/sql/<module>/`.
        addresses: the beginnings of the URLs that it opens.
        examples: such URLs, for people.
        open: opens the database at a URL; raises FieldstoneError where the URL is wrong or the driver missing.
        extra: the extra of fieldstone-runtime with its driver; empty where it needs none.
        is_awaited: whether the driver is awaited in async repositories; else they work on threads.
        types: the type of a column, for every kind.
        declared: the type in DDL, for kinds whose columns are declared with more than the type.
        binding: what is bound, for kinds that are not bound as `Value.plain`.
        storing: what is bound for an attribute of a record, for kinds whose range the driver checks by itself.
        reading: from what a row holds, for kinds that are not read as `Value.from_plain`.
        literal: a default as a literal of SQL.
        identity: the type in DDL of the outbox's `id`, which the database counts up.
        after_child_table: what follows the columns of a child table.
        after_outbox: statements to run once the outbox is made; `{}` stands for its name.
        words: reserved words in lower case, which are no names.
        tables: names that no table may have.
        columns: names that no column may have.
        prefixes: what the names of its own tables begin with.
        longest_name: the bytes of a name that it tells apart; 0 for no limit.
        mark: what stands in a statement for a value that is bound.
        typed_mark: the same with the value's type, `{type}`, where the database would not know it.
        among: the condition that a column has one of the values of a list, with `{column}` and `{type}`.
        bind_list: what is bound for such a list, with `{0}` for the list of what is bound for each value.
        whole_sum: the exact sum of whole numbers.
        float_sum: the sum of floats.
    """

    title: str
    folder: str
    addresses: tuple[str, ...]
    examples: tuple[str, ...]
    open: Callable[[str], OpenDatabase]
    extra: str = ""
    is_awaited: bool = False
    types: Mapping[str, str]
    declared: Mapping[str, str] = {}
    binding: Mapping[str, str] = {}
    storing: Mapping[str, str] = {}
    reading: Mapping[str, str] = {}
    literal: Callable[[Default], str]
    identity: str
    after_child_table: str = ""
    after_outbox: tuple[str, ...] = ()
    words: frozenset[str]
    tables: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    longest_name: int = 0
    mark: str
    typed_mark: str
    among: str
    bind_list: str
    whole_sum: Sum
    float_sum: Sum

    def declaration(self, kind: str) -> str:
        """The type of a column as CREATE TABLE has it."""
        return self.declared.get(kind, self.types[kind])

    def bind(self, value: Value) -> str:
        """The expression for what is bound."""
        return self.binding.get(value.kind, value.plain)

    def store(self, value: Value) -> str:
        """The expression for what is bound for an attribute of a record."""
        return self.storing.get(value.kind, self.bind(value))

    def read(self, value: Value) -> str:
        """The expression for the value, over what a row holds."""
        return self.reading.get(value.kind, value.from_plain)


@cache
def all_dialects() -> Mapping[str, Dialect]:
    """Every dialect of this package by name: first those that need no driver, then the others, each sorted."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    found: dict[str, Dialect] = {name: importlib.import_module(f"{__name__}.{name}").DIALECT for name in names}
    return dict(sorted(found.items(), key=lambda item: (bool(item[1].extra), item[0])))


def url_advice() -> str:
    """Advice on the URL of a database, with an example or two for each dialect."""
    *others, last = (example for dialect in all_dialects().values() for example in dialect.examples)
    return f"write {', '.join(others)} or {last}"


def standard_literal(value: Default) -> str:
    """A default as every SQL database writes it: finite numbers, text in quotes, a duration in microseconds.

    Raises:
        TypeError: databases write such a value differently.
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, timedelta):
        return str(value // timedelta(microseconds=1))
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return repr(value)
    raise TypeError(type(value).__name__)
