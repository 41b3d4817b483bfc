"""Publish: build the client package of a release in a database registry, and store its files there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fieldstone.packaging.index.packages import Distribution
from fieldstone.packaging.index.parsing import parse_package
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings
from fieldstone.registry.buffered import BufferedStore
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.sql import SqlStore, audit, open_store, packages
from fieldstone.registry.sql.packages import PackageFile
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.publishing import Wanted


def publish(address: str, wanted: Wanted) -> None:
    """Build the package of a release as `fieldstone package` does, and list its files; built ones never change.

    Args:
        address: the address of a database registry; see `open_registry`.
        wanted: the release and the language.

    Raises:
        Conflict: another module or release has the package's name or file.
        Unavailable: the database or a program that builds packages cannot be reached.
        FieldstoneError: the release cannot be packaged.
    """
    store = open_store(address, existing=True)
    files = _built(store, wanted)
    contents = {path: content for path, (_, content) in files.items()}
    listed = [
        PackageFile(path, wanted.language, name, wanted.module, wanted.version, file_digest(content))
        for path, (name, content) in sorted(files.items())
    ]
    store.upload(contents.values())
    with store.database.transaction() as connection:
        store.keep(connection, wanted.module, contents)
        if packages.add(connection, listed):
            details = {"version": wanted.version, "files": {file.path: file.digest for file in listed}}
            entry = audit.Entry("package", "server", "", wanted.module, details)
            audit.append(connection, entry, is_sqlite=store.database.is_sqlite)


def _built(store: SqlStore, wanted: Wanted) -> dict[str, tuple[str, bytes]]:
    """The files of a package: its path in the index to the package's name and the content."""
    from fieldstone.workflows.package import package

    registry = FetchedRegistry(BufferedStore(store, wanted.address))
    with tempfile.TemporaryDirectory(prefix="fieldstone-package-") as scratch:
        folder = Path(scratch).resolve()
        values = {"registry": registry.address, "package": wanted.naming.settings}
        project = Project(Settings(folder, values=values), opened=registry)
        reference = f"{wanted.module}@{wanted.version}"
        packaged = package(project, reference, language=wanted.language, out=folder / "dist")
        found = {}
        for file in packaged.built:
            parsed = parse_package(file.name, file.name, file.read_bytes())
            name = parsed.project if isinstance(parsed, Distribution) else parsed.name
            found[parsed.path] = name, parsed.content
        return found
