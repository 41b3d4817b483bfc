"""Each file path and each type name belongs to one module of a registry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import text

from fieldstone.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy import Connection


def claim(connection: Connection, module: str, files: Iterable[str], types: Iterable[str]) -> None:
    """Claim file paths and full type names for a module; names that left it stay claimed.

    Args:
        connection: the connection of the transaction that adds the release.
        module: the module.
        files: the import paths of its files.
        types: the full names of its types.

    Raises:
        Invalid: one belongs to another module.
    """
    rows = [
        {"kind": kind, "name": name, "module": module}
        for kind, names in (("file", files), ("type", types))
        for name in sorted(names)
    ]
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
                f"the {row['kind']} {row['name']} of {module} belongs to the module {owner}",
                fix=f"import it from {owner}, or give it another name",
            )
