"""Each file path, type name and name of packages belongs to one module of a registry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import text

from fieldstone.codegen.names import CONTRACTS, distribution
from fieldstone.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy import Connection


def claim(connection: Connection, module: str, files: Iterable[str], types: Iterable[str]) -> None:
    """Claim file paths, full type names and the name of its packages for a module; names that left it stay claimed.

    Args:
        connection: the connection of the transaction that adds the release.
        module: the module.
        files: the import paths of its files.
        types: the full names of its types.

    Raises:
        Invalid: one belongs to another module.
    """
    package = distribution(module, CONTRACTS)
    _claim(connection, module, "package", [package], fix="give the module another name")
    fix = "import it from {owner}, or give it another name"
    _claim(connection, module, "file", files, fix=fix)
    _claim(connection, module, "type", types, fix=fix)


def _claim(connection: Connection, module: str, kind: str, names: Iterable[str], *, fix: str) -> None:
    rows = [{"kind": kind, "name": name, "module": module} for name in sorted(names)]
    if not rows:
        return
    connection.execute(
        text("INSERT INTO declared VALUES (:kind, :name, :module) ON CONFLICT (kind, name) DO NOTHING"), rows
    )
    for row in rows:
        query = text("SELECT module FROM declared WHERE kind = :kind AND name = :name")
        owner = connection.execute(query, row).scalar_one()
        if owner != module:
            raise Invalid(
                f"the {kind} {row['name']} of {module} belongs to the module {owner}", fix=fix.format(owner=owner)
            )
