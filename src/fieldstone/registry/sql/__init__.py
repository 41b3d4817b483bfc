"""A registry in a database: `sqlite:///PATH` or `postgresql://USER@HOST/NAME`, with `?objects=URL` for large contents.

A release is one transaction. Contents are stored once by their digest, in the database or in the object store; the
rows of releases have pointers only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from fieldstone.errors import Unavailable
from fieldstone.registry.chain import refuse_if_overtaken
from fieldstone.registry.clock import now
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.local import checked
from fieldstone.registry.manifest import seal_of
from fieldstone.registry.release import Release
from fieldstone.registry.sql import audit
from fieldstone.registry.sql.contents import Contents, open_contents
from fieldstone.registry.sql.database import Database
from fieldstone.registry.sql.facts import release_facts
from fieldstone.registry.sql.identities import module_id, release_id
from fieldstone.schema.digest import file_digest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.cache import Cache

_OBJECTS = "objects="
_AT_ONCE = 500
"""The most contents of one query."""
_INSIDE = text(
    "SELECT module, digest, bytes FROM contents JOIN module_contents USING (digest) "
    "WHERE digest IN :digests AND module IN :modules"
).bindparams(bindparam("digests", expanding=True), bindparam("modules", expanding=True))
_VERSIONS = text("SELECT module, version FROM releases ORDER BY module, number")
_VERSIONS_OF = text("SELECT module, version FROM releases WHERE module IN :modules ORDER BY module, number").bindparams(
    bindparam("modules", expanding=True)
)
_UPLOADS = 8
"""The most objects that are written at once."""
_ADD_CONTENT = "INSERT INTO contents VALUES (:digest, :size, :bytes) ON CONFLICT (digest) DO NOTHING"
_ADD_TO_MODULE = "INSERT INTO module_contents VALUES (:module, :digest) ON CONFLICT (module, digest) DO NOTHING"


def open_address(address: str, cache: Cache | None) -> FetchedRegistry:
    """The registry in a database, which is set up if it is empty. See `open_registry`.

    Raises:
        Invalid: the address is no address of a database, or a newer Fieldstone changed its tables.
        Unavailable: the database cannot be reached.
    """
    return FetchedRegistry(open_store(address), cache)


def open_store(address: str, *, existing: bool = False) -> SqlStore:
    """The releases in a database; see `open_address`.

    Args:
        address: its address.
        existing: whether its tables must exist already; otherwise they are made.
    """
    database, _, query = address.partition("?")
    options = query.split("&") if query else []
    objects = [option.removeprefix(_OBJECTS) for option in options if option.startswith(_OBJECTS)]
    rest = "&".join(option for option in options if not option.startswith(_OBJECTS))
    return SqlStore(
        Database(f"{database}?{rest}" if rest else database, existing=existing),
        open_contents(objects[-1]) if objects else None,
    )


class SqlStore:
    """Releases in the tables of `migrations/0001_registry.sql`; see `Store`.

    Args:
        database: the database.
        contents: the store of contents; None keeps them in the database.

    Attributes:
        actor: who adds releases, for the audit.
    """

    remedy = "restore it from a backup of the database"

    def __init__(self, database: Database, contents: Contents | None = None) -> None:
        self.database = database
        self.address = database.address
        self._contents = contents
        self._uploaded: set[str] = set()
        """The digests of what this object has brought to the object store."""
        self.actor = audit.operator()

    def require_ready(self) -> None:
        """Raise unless database and object store answer.

        Raises:
            Outdated: a newer Fieldstone has changed the database.
            Unavailable: one of the two does not answer.
        """
        self.database.require_known_version()
        if self._contents is not None:
            self._contents.require_ready()

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""
        with self.database.reading() as connection:
            found = connection.execute(text("SELECT name FROM modules WHERE releases > 0"))
            return sorted(name for (name,) in found)

    def versions(self, module: str) -> list[str]:
        """The versions of a module, in the order of their releases."""
        with self.database.reading() as connection:
            return _versions(connection, module)

    def every_version(self, modules: Collection[str] | None = None) -> dict[str, list[str]]:
        """The versions of each module that has a release, in the order of their releases.

        Args:
            modules: the modules; by default all.
        """
        query, values = _VERSIONS, {}
        if modules is not None:
            query, values = _VERSIONS_OF, {"modules": [*modules]}
        found: dict[str, list[str]] = {}
        with self.database.reading() as connection:
            for module, version in connection.execute(query, values):
                found.setdefault(module, []).append(version)
        return found

    def seals(self, module: str) -> dict[str, str]:
        """The seal of each release of a module, by its version, in the order of their releases."""
        with self.database.reading() as connection:
            found = connection.execute(
                text("SELECT version, seal FROM releases WHERE module = :module ORDER BY number"), {"module": module}
            )
            return {row.version: row.seal for row in found}

    def manifest(self, module: str, version: str) -> bytes | None:
        """The text of a release's manifest."""
        with self.database.reading() as connection:
            found = connection.execute(
                text("SELECT manifest FROM releases WHERE module = :module AND version = :version"),
                {"module": module, "version": version},
            ).scalar_one_or_none()
        return None if found is None else bytes(found)

    def content(self, release: Release, path: str) -> bytes | None:
        """One file of a release."""
        return self.by_digest(release.name, release.files.get(path, ""))

    def by_digest(self, module: str, digest: str) -> bytes | None:
        """A content of a module's releases; None if no release of that module has it.

        Raises:
            Damaged: it is missing in the object store, or another one.
            Unavailable: the database or the object store cannot be reached, or the object store was not named.
        """
        return self.by_digests(module, [digest]).get(digest)

    def by_digests(self, module: str, digests: Iterable[str]) -> dict[str, bytes]:
        """Contents of a module's releases, by digest; those that no release has are left out.

        Raises:
            Damaged: one is missing in the object store, or another one.
            Unavailable: the database or the object store cannot be reached, or the object store was not named.
        """
        wanted = [(module, digest) for digest in dict.fromkeys(digests)]
        found: dict[str, bytes] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            for (_, digest), content in self.inside(wanted[start : start + _AT_ONCE]).items():
                found[digest] = self.outside(digest) if content is None else content
        return found

    def outside(self, digest: str) -> bytes:
        """A content in the object store.

        Raises:
            Damaged: it is missing there, or another one.
            Unavailable: the object store cannot be reached, or was not named.
        """
        if self._contents is None:
            raise Unavailable(
                f"contents of {self.address} are in an object store, and none was named",
                fix="name it: `--objects URL`, or `?objects=URL` in the address",
            )
        return self._contents.get(digest)

    def inside(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes | None]:
        """Contents in the database, in one query.

        Args:
            wanted: module and digest of each.

        Returns:
            the contents of those that are there; None for a content in the object store.

        Raises:
            Unavailable: the database cannot be reached.
        """
        modules, digests = ([*{pair[part] for pair in wanted}] for part in (0, 1))
        with self.database.reading() as connection:
            found = connection.execute(_INSIDE, {"modules": modules, "digests": digests})
            rows = {(row.module, row.digest): row.bytes for row in found}
        return {pair: rows[pair] and bytes(rows[pair]) for pair in wanted if pair in rows}

    def add(self, release: Release, text_: bytes, files: Mapping[str, bytes], *, is_copy: bool = False) -> None:
        """Write a new release and its row of the audit in one transaction.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
            Damaged: a file is not the one that the release names, or the object store has another one.
            Unavailable: the database or the object store cannot be reached; nothing was written.
        """
        refuse_if_overtaken(release, FetchedRegistry(self), is_copy=is_copy)
        contents = _verified(release, files)
        self.upload(contents.values())
        with self.database.transaction() as connection:
            _lock(connection, release.name)
            versions = _versions(connection, release.name)
            refuse_if_overtaken(release, FetchedRegistry(self), is_copy=is_copy)
            self._write_contents(connection, release.name, contents)
            seal = seal_of(text_.decode())
            row = {
                "module": release.name,
                "version": release.version,
                "number": len(versions) + 1,
                "commit": release_id(seal),
                "seal": seal,
                "manifest": text_,
            }
            connection.execute(
                text("INSERT INTO releases VALUES (:module, :version, :number, :commit, :seal, :manifest)"), row
            )
            entry = self.actor.entry("copy" if is_copy else "release", release.name, release_facts(release, seal))
            audit.append(connection, entry, is_sqlite=self.database.is_sqlite)

    def upload(self, contents: Iterable[bytes]) -> None:
        """Bring contents to the object store, if there is one, before a transaction that holds locks.

        Raises:
            Damaged: the object store has another content under the digest of one.
            Unavailable: the object store cannot be reached.
        """
        if self._contents is None:
            return
        new = {digest: content for content in contents if (digest := file_digest(content)) not in self._uploaded}
        with ThreadPoolExecutor(_UPLOADS) as pool:
            list(pool.map(self._contents.put, new.keys(), new.values()))
        self._uploaded |= new.keys()

    def keep(self, connection: Connection, module: str, files: Mapping[str, bytes]) -> None:
        """Store the files of a module's draft.

        Args:
            connection: the connection of a transaction.
            module: the module, which has a row.
            files: path to bytes.

        Raises:
            Damaged, Unavailable: see `upload`.
        """
        self.upload(files.values())
        self._write_contents(connection, module, {file_digest(content): content for content in files.values()})

    def _write_contents(self, connection: Connection, module: str, contents: Mapping[str, bytes]) -> None:
        rows = []
        for digest, content in sorted(contents.items()):
            inside = content if self._contents is None else None
            rows.append({"module": module, "digest": digest, "size": len(content), "bytes": inside})
        for statement in (_ADD_CONTENT, _ADD_TO_MODULE) if rows else ():
            connection.execute(text(statement), rows)


def lock_module(connection: Connection, module: str) -> None:
    """Lock the row of a module until the transaction ends; who locks several does so in the order of their names.

    Args:
        connection: the connection of a transaction.
        module: the module, which has a row.
    """
    connection.execute(text("UPDATE modules SET releases = releases WHERE name = :module"), {"module": module})


def _verified(release: Release, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The contents of a release's files by their digests.

    Raises:
        Damaged: a file is not the one that the release names.
    """
    what = f"{release.name} {release.version}"
    return {
        release.files.get(path, ""): checked(
            content, release.files.get(path), what=f"{path} of {what}", remedy="release again"
        )
        for path, content in files.items()
    }


def _versions(connection: Connection, module: str) -> list[str]:
    found = connection.execute(
        text("SELECT version FROM releases WHERE module = :module ORDER BY number"), {"module": module}
    )
    return [version for (version,) in found]


def _lock(connection: Connection, module: str) -> None:
    """Lock the row of a module, and count its new release."""
    row = {"module": module, "id": module_id(module), "now": now()}
    connection.execute(
        text("INSERT INTO modules (name, id, created_at) VALUES (:module, :id, :now) ON CONFLICT (name) DO NOTHING"),
        row,
    )
    connection.execute(text("UPDATE modules SET releases = releases + 1 WHERE name = :module"), {"module": module})
