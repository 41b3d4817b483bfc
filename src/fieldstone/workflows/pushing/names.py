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
    """Claim file paths and full type names for a module; names that left it stay claimed.

    Args:
        connection: the connection of the transaction that adds the release.
        module: the module.
        files: the import paths of its files.
        types: the full names of its types.

    Raises:
        Invalid: one belongs to another module.
    """
    for kind, names in (("file", files), ("type", types)):
        for name in sorted(names):
            owner = _claim(connection, kind, name, module)
            if owner != module:
                raise Invalid(
                    f"the {kind} {name} of {module} belongs to the module {owner}",
                    fix=f"import it from {owner}, or give it another name",
                )


def claim_package(connection: Connection, module: str, *, is_copy: bool = False) -> None:
    """Claim the name of a module's client packages.

    Args:
        connection: the connection of the transaction that adds the release.
        module: the module.
        is_copy: whether it comes from another registry: then two modules may have one name, and no packages.

    Raises:
        Invalid: it belongs to another module.
    """
    name = distribution(module, CONTRACTS)
    owner = _claim(connection, "package", name, module)
    if owner != module and not is_copy:
        raise Invalid(
            f"the package {name} of {module} belongs to the module {owner}", fix="give the module another name"
        )


def _claim(connection: Connection, kind: str, name: str, module: str) -> str:
    """The module that has a name, which is this one if no other was first."""
    row = {"kind": kind, "name": name, "module": module}
    connection.execute(
        text("INSERT INTO declared VALUES (:kind, :name, :module) ON CONFLICT (kind, name) DO NOTHING"), row
    )
    query = text("SELECT module FROM declared WHERE kind = :kind AND name = :name")
    return str(connection.execute(query, row).scalar_one())
