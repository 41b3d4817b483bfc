"""Files of client packages that a database registry serves: once listed here, a file never changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import text

from fieldstone.errors import Conflict

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database

_COLUMNS = "path, language, name, module, version, digest"
_SELECT = f"SELECT {_COLUMNS} FROM packages WHERE"  # noqa: S608 - a constant
_INSERT = (
    "INSERT INTO packages VALUES (:path, :language, :name, :module, :version, :digest) ON CONFLICT (path) DO NOTHING"
)


class PackageFile(Struct, frozen=True):
    """A file of a client package.

    Attributes:
        path: where it is served: `files/shop_contracts-1.0.0-py3-none-any.whl`.
        language: one of the languages of client packages.
        name: the package's name.
        module: the module that it was built from.
        version: the semver of the release that it was built from.
        digest: the digest of its content; see `schema.digest`.
    """

    path: str
    language: str
    name: str
    module: str
    version: str
    digest: str


def add(connection: Connection, files: Sequence[PackageFile]) -> bool:
    """List the files of one release's package; those that another server listed meanwhile stay.

    Args:
        connection: the connection of a transaction, in which their contents were stored.
        files: the files, by path.

    Returns:
        whether any was not listed before.

    Raises:
        Conflict: another release has a file of that path.
    """
    new = [file for file in files if connection.execute(text(_INSERT), asdict(file)).rowcount]
    for file in files:
        owner = PackageFile(*connection.execute(text(f"{_SELECT} path = :path"), {"path": file.path}).one())
        if (owner.module, owner.version) != (file.module, file.version):
            raise Conflict(
                f"{file.path} of {file.module} {file.version} is already the package of {owner.module} {owner.version}",
                fix="release it again under a version of its own",
            )
    return bool(new)


def files_of(database: Database, language: str, name: str) -> list[PackageFile]:
    """The files of a package, by path.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        query = text(f"{_SELECT} language = :language AND name = :name ORDER BY path")
        found = connection.execute(query, {"language": language, "name": name})
        return [PackageFile(*row) for row in found]


def file_at(database: Database, path: str) -> PackageFile | None:
    """The file that is served at a path; None if there is none.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        row = connection.execute(text(f"{_SELECT} path = :path"), {"path": path}).one_or_none()
    return PackageFile(*row) if row else None


def released(database: Database) -> list[tuple[str, str]]:
    """Module and version of all releases.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        found = connection.execute(text("SELECT module, version FROM releases ORDER BY module, number"))
        return [(module, version) for module, version in found]
