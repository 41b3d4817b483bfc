"""Modules and commits of a database registry, as buf knows them: a release and a draft are both a commit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, json
from sqlalchemy import text

from fieldstone.errors import Invalid
from fieldstone.proposals.proposal import label_of
from fieldstone.registry.clock import now
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.release import Link, Release
from fieldstone.registry.sql import SqlStore, labels
from fieldstone.registry.sql.identities import module_id, release_id
from fieldstone.registry.sql.labels import PROPOSAL_LABEL

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAIN = "main"
"""The default label of every module: its newest release."""
_MODULE = "SELECT name, id, owner, description, created_at, releases, url, deprecated_at FROM modules WHERE "
_COMMIT_ID = re.compile("[0-9a-f]{32}")
_VERSION_LABEL = re.compile(r"v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")


class ListedModule(Struct, frozen=True):
    """A module of the registry, with or without releases.

    Attributes:
        name: its name.
        id: its id for buf.
        owner: the first part of its name in buf.
        description: a text for people.
        created_at: see `clock`.
        releases: the number of its releases.
        url: where people read more about it.
        deprecated_at: see `clock`; empty if it is not deprecated.
    """

    name: str
    id: str
    owner: str
    description: str
    created_at: str
    releases: int
    url: str = ""
    deprecated_at: str = ""


class Commit(Struct, frozen=True, kw_only=True):
    """A release or a draft of a module.

    Attributes:
        id: 32 hexadecimal digits.
        module: the module's name.
        digest: its b5 digest.
        created_at: see `clock`.
        files: its sources, path to digest.
        dependencies: the ids of the commits that it was compiled with.
        version: the version of a release; empty for a draft.
        label: the label of a draft; empty for a release.
    """

    id: str
    module: str
    digest: str
    created_at: str
    files: Mapping[str, str]
    dependencies: tuple[str, ...] = ()
    version: str = ""
    label: str = ""


class Catalog:
    """Look-ups of modules and commits. Every method may raise `Unavailable`."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.database = store.database
        self.registry = FetchedRegistry(store)

    def module(self, name: str) -> ListedModule | None:
        """The module of a name."""
        return self._module("name = :value", name)

    def module_of_id(self, id_: str) -> ListedModule | None:
        """The module of an id."""
        return self._module("id = :value", id_)

    def modules(self) -> list[ListedModule]:
        """All modules, by name."""
        with self.database.reading() as connection:
            return sorted((ListedModule(*row) for row in connection.execute(text(f"{_MODULE} 1 = 1"))), key=_name)

    def newest(self, module: str) -> Commit | None:
        """The newest release of a module, by semver."""
        versions = self.registry.versions(module)
        return self.release(module, str(versions[-1])) if versions else None

    def release(self, module: str, version: str) -> Commit:
        """A release as a commit.

        Raises:
            NotFound: there is no such release.
        """
        return self._of_release(self.registry.release(module, version))

    def commit(self, id_: str) -> Commit | None:
        """The commit of an id; None if it is none of this registry."""
        if not _COMMIT_ID.fullmatch(id_):
            return None
        with self.database.reading() as connection:
            released = connection.execute(
                text("SELECT module, version FROM releases WHERE commit_id = :id"), {"id": id_}
            ).one_or_none()
        if released:
            return self.release(*released)
        return self._draft("commit_id = :id", {"id": id_}) or self._proposed("commit_id = :id", {"id": id_})

    def labelled(self, module: str, label: str) -> Commit | None:
        """The commit of a module's label: `main`, `v1.2.3`, `1.2.3` or `proposal-1`, a given one, or its id."""
        if label in {"", MAIN}:
            return self.newest(module)
        if not label.isprintable():
            return None
        version = _VERSION_LABEL.fullmatch(label)
        if version and version[1] in self.store.versions(module):
            return self.release(module, version[1])
        proposal = PROPOSAL_LABEL.fullmatch(label)
        if proposal:
            return self._of_proposal(module, int(proposal[1]))
        draft = self._draft("module = :module AND label = :label", {"module": module, "label": label})
        if draft is not None:
            return draft
        given = labels.labels_of(self.database, module).get(label)
        id_ = given.commit if given else label if _COMMIT_ID.fullmatch(label) else ""
        found = self.commit(id_) if id_ else None
        return found if found and found.module == module else None

    def drafts(self, module: str) -> list[Commit]:
        """The drafts of a module that have not expired, by label."""
        with self.database.reading() as connection:
            query = text(f"{_DRAFT} module = :module AND expires_at > :now ORDER BY label")
            return [_as_draft(row) for row in connection.execute(query, {"module": module, "now": now()})]

    def proposals(self, module: str) -> list[Commit]:
        """The newest revision of each proposal of a module that waits for a decision or its release, by number."""
        with self.database.reading() as connection:
            query = text("SELECT number FROM proposals WHERE module = :module AND closed = '' ORDER BY number")
            numbers = [row.number for row in connection.execute(query, {"module": module})]
        found = (self._proposed("proposal = :number", {"number": number}) for number in numbers)
        return [commit for commit in found if commit]

    def with_dependencies(self, commits: Iterable[Commit]) -> list[Commit]:
        """Commits and all that they depend on, each once.

        Raises:
            Damaged: a dependency is not there.
        """
        found: dict[str, Commit] = {}
        waiting = [*commits]
        while waiting:
            commit = waiting.pop(0)
            if commit.id not in found:
                found[commit.id] = commit
                waiting += [other for id_ in commit.dependencies if (other := self.commit(id_))]
        return [*found.values()]

    def contents(self, commit: Commit, paths: Iterable[str]) -> dict[str, bytes]:
        """Source files of a commit, by path.

        Args:
            commit: the commit.
            paths: paths of files that it has.

        Raises:
            Damaged: a content is missing or is another one.
        """
        from fieldstone.registry.local import checked

        wanted = {path: commit.files[path] for path in paths}
        found = self.store.by_digests(commit.module, wanted.values())
        of = f"{commit.module} {commit.version or commit.label}"
        return {
            path: checked(found.get(digest, b""), digest, what=f"{path} of {of}", remedy=self.store.remedy)
            for path, digest in wanted.items()
        }

    def _module(self, condition: str, value: str) -> ListedModule | None:
        if not value.isprintable():  # PostgreSQL has no NUL in a text
            return None
        with self.database.reading() as connection:
            row = connection.execute(text(_MODULE + condition), {"value": value}).one_or_none()
        return ListedModule(*row) if row else None

    def _of_release(self, release: Release) -> Commit:
        return Commit(
            id=release_id(release.seal),
            module=release.name,
            digest=release.digest,
            created_at=release.released_at,
            files=release.sources,
            dependencies=tuple(self._id_of(link) for link in release.dependencies if link.is_release),
            version=release.version,
        )

    def _id_of(self, link: Link) -> str:
        return release_id(self.registry.release(link.name, link.version).seal)

    def _draft(self, condition: str, values: Mapping[str, str]) -> Commit | None:
        with self.database.reading() as connection:
            query = text(f"{_DRAFT} {condition} AND expires_at > :now")
            row = connection.execute(query, {**values, "now": now()}).one_or_none()
        return _as_draft(row) if row else None

    def _of_proposal(self, module: str, number: int) -> Commit | None:
        """The newest revision of a module's proposal, or the release that it became."""
        with self.database.reading() as connection:
            query = text("SELECT version FROM proposals WHERE number = :number AND module = :module")
            version = connection.execute(query, {"number": number, "module": module}).scalar_one_or_none()
        if version is None:
            return None
        return self.release(module, version) if version else self._proposed("proposal = :number", {"number": number})

    def _proposed(self, condition: str, values: Mapping[str, str | int]) -> Commit | None:
        """The newest revision of a proposal that a condition holds for."""
        with self.database.reading() as connection:
            query = text(f"{_PROPOSED} AND {condition} ORDER BY r.number DESC LIMIT 1")
            row = connection.execute(query, values).one_or_none()
        if row is None:
            return None
        *columns, number = row
        return _as_draft((*columns, label_of(number)))


_PROPOSED = (
    "SELECT r.commit_id, p.module, r.digest, r.created_at, r.files, r.dependencies, p.number AS proposal "
    "FROM proposal_revisions r JOIN proposals p ON p.number = r.proposal WHERE r.digest <> ''"
)
_DRAFT = "SELECT commit_id, module, digest, created_at, files, dependencies, label FROM drafts WHERE"


def create_module(connection: Connection, name: str, owner: str, description: str = "") -> None:
    """Create a module without a release.

    Raises:
        Invalid: it exists with another owner.
    """
    row = {"name": name, "id": module_id(name), "owner": owner, "description": description, "now": now()}
    connection.execute(
        text(
            "INSERT INTO modules (name, id, owner, description, created_at) "
            "VALUES (:name, :id, :owner, :description, :now) ON CONFLICT (name) DO NOTHING"
        ),
        row,
    )
    # A module that was copied here has no owner yet.
    connection.execute(text("UPDATE modules SET owner = :owner WHERE name = :name AND owner = ''"), row)
    found = connection.execute(text("SELECT owner FROM modules WHERE name = :name"), row).scalar_one()
    if found != owner:
        raise Invalid(f"module {name} belongs to {found}, not to {owner}", fix=f"push it as {found}/{name}")


def give_owner(connection: Connection, name: str, owner: str) -> None:
    """Give a module without an owner one."""
    statement = "UPDATE modules SET owner = :owner WHERE name = :name AND owner = ''"
    connection.execute(text(statement), {"name": name, "owner": owner})


def update_module(connection: Connection, name: str, changes: Mapping[str, str]) -> None:
    """Change `description`, `url` or `deprecated_at` of a module.

    Args:
        connection: the connection of a transaction.
        name: the module.
        changes: the new values by attribute.
    """
    for attribute in ("description", "url", "deprecated_at"):
        if attribute in changes:
            query = text(f"UPDATE modules SET {attribute} = :value WHERE name = :name")  # noqa: S608 - a constant
            connection.execute(query, {"value": changes[attribute], "name": name})


def delete_module(connection: Connection, name: str) -> None:
    """Delete a module that has no release, with its drafts and labels.

    Args:
        connection: the connection of a transaction.
        name: the module.
    """
    for table, column in (
        ("drafts", "module"),
        ("labels", "module"),
        ("module_contents", "module"),
        ("modules", "name"),
    ):
        connection.execute(text(f"DELETE FROM {table} WHERE {column} = :name"), {"name": name})  # noqa: S608 - constants


def save_draft(connection: Connection, draft: Commit, expires_at: str) -> None:
    """Save a draft under its label, in place of the one that had it.

    Args:
        connection: the connection of a transaction, in which its contents were stored.
        draft: the draft.
        expires_at: see `clock`.
    """
    row = {
        "module": draft.module,
        "label": draft.label,
        "id": draft.id,
        "digest": draft.digest,
        "files": json.encode(draft.files).decode(),
        "dependencies": json.encode(draft.dependencies).decode(),
        "created_at": now(),
        "expires_at": expires_at,
    }
    connection.execute(text("DELETE FROM drafts WHERE module = :module AND label = :label"), row)
    labels.forget(connection, draft.module, draft.label)
    connection.execute(
        text(
            "INSERT INTO drafts VALUES (:module, :label, :id, :digest, :files, :dependencies, :created_at, :expires_at)"
        ),
        row,
    )


def _as_draft(row: Iterable[Any]) -> Commit:
    id_, module, digest, created_at, files, dependencies, label = row
    return Commit(
        id=id_,
        module=module,
        digest=digest,
        created_at=created_at,
        files=json.decode(files, type=dict[str, str]),
        dependencies=json.decode(dependencies, type=tuple[str, ...]),
        label=label,
    )


def _name(module: ListedModule) -> str:
    return module.name
