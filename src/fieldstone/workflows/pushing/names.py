"""Each file path, type name and name of packages belongs to one module of a registry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import text

from fieldstone.codegen.names import CONTRACTS, distribution
from fieldstone.errors import Invalid
from fieldstone.registry.release import IMAGE
from fieldstone.schema.descriptors import load_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.fetched import FetchedRegistry
    from fieldstone.registry.release import Release


def claim(connection: Connection, registry: FetchedRegistry, release: Release) -> None:
    """Claim the file paths, types and package name of a release for its module; names that left it stay claimed.

    Args:
        connection: the connection of the transaction that adds the release.
        registry: the registry, which has the release.
        release: the release.

    Raises:
        Invalid: one belongs to another module.
        FieldstoneError: the image of the release cannot be read.
    """
    module = release.name
    _claim(connection, module, "package", [distribution(module, CONTRACTS)], fix="give the module another name")
    fix = "import it from {owner}, or give it another name"
    _claim(connection, module, "file", release.protos, fix=fix)
    _claim(connection, module, "type", _types(registry, release), fix=fix)


def _types(registry: FetchedRegistry, release: Release) -> list[str]:
    """The full names of the types of a release; a retired one has none."""
    if release.retired:
        return []
    own = load_schema(registry.read(release, IMAGE), where=IMAGE, own_files=release.sources.keys())
    return [element.full_name for element in own.types()]


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
