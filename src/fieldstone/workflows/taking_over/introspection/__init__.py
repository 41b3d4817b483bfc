"""Descriptions of tables by each database: a module for each dialect of `codegen.storage.dialects`, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from fieldstone.errors import Invalid
from fieldstone.workflows.taking_over.differences import Difference
from fieldstone.workflows.taking_over.tables import Tables

Cursor = Any
"""A cursor of the dialect's driver."""


class Introspection(Protocol):
    """The functions of such a module."""

    def inspecting(self, url: str) -> AbstractContextManager[Cursor]:
        """A cursor in the database at a URL, which must be there; nothing that is written with it stays.

        Raises:
            FieldstoneError: the database cannot be opened.
            StorageError: the same.
        """

    def tables(self, cursor: Cursor, names: Iterable[str]) -> Tables:
        """The tables, and whatever else has one of these names, that are there."""

    def grown(self, cursor: Cursor, migrations: Sequence[Sequence[str]]) -> list[Tables]:
        """The tables that an empty database has after each migration, by its statements; nothing of it stays."""

    def misfits(self, cursor: Cursor, found: Tables, wanted: Tables) -> list[Difference]:
        """Values in the columns of tables that fit otherwise, if the database lets a column hold any type."""

    def alter(self, table: str, change: str) -> str:
        """Advice on changing a table, by what follows ALTER TABLE in standard SQL."""

    def is_recorded(self, cursor: Cursor, module: str) -> bool:
        """Whether migrations of a module are recorded."""


def introspection(dialect: str) -> Introspection:
    """The introspection of a dialect, by its name.

    Raises:
        FieldstoneError: the dialect has none.
    """
    name = f"{__name__}.{dialect}"
    if find_spec(name) is None:
        raise Invalid(
            f"a database of {dialect} cannot be taken over: {name} is missing",
            fix="leave out --baseline, and begin with an empty database",
        )
    return cast("Introspection", import_module(name))
