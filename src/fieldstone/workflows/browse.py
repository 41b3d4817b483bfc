"""Browse: what people look up in a registry's releases: documentation, the life of an element, a comparison."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.baseline import ledger_of
from fieldstone.compatibility.reader import Reader
from fieldstone.consumers.answer import Answer, Readers
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.impact import Touched, impact, used_by
from fieldstone.consumers.published import Known
from fieldstone.documentation.document import Source, document
from fieldstone.documentation.life import Life, life
from fieldstone.documentation.model import Documentation
from fieldstone.errors import NotFound
from fieldstone.project.project import Project
from fieldstone.registry import Registry
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.release import IMAGE, Release
from fieldstone.registry.sql import SqlStore, audit
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.descriptors.written import Sources, written
from fieldstone.schema.model import Schema
from fieldstone.suggestions import did_you_mean
from fieldstone.workflows.diff import Diff, judged
from fieldstone.workflows.server_policy import newest_policy


class Traced(Struct, frozen=True):
    """An element through the releases of its module, and who uses it.

    Attributes:
        life: its life.
        answer: whether it can be removed; None if it is gone.
        readers: the known uses of it.
    """

    life: Life
    answer: Answer | None
    readers: tuple[Reader, ...]


class Compared(Struct, frozen=True):
    """Two releases of a module.

    Attributes:
        diff: the changes and the findings, with witnesses and with the known uses that each concerns.
        impact: the consumers that the findings concern.
        doubts: why others may use what breaks, each as a sentence without a full stop.
        elements: the full names of the changed elements that have a history.
    """

    diff: Diff
    impact: Sequence[Touched]
    doubts: Sequence[str]
    elements: frozenset[str]


def documentation_of(registry: Registry, release: Release) -> Documentation:
    """The documentation of a release.

    Raises:
        FieldstoneError: the release cannot be read.
    """
    schema, sources = _schema(registry, release), Sources({}, {})
    if not release.retired:
        where = registry.place(release, IMAGE)
        sources = written(registry.read(release, IMAGE), release.protos.keys(), where=where)

    @cache
    def homes() -> dict[str, tuple[str, str]]:
        links = (link for link in release.dependencies if link.is_release)
        return {path: (at.name, at.version) for at in links for path in registry.release(at.name, at.version).protos}

    ledger = ledger_of(registry, release)
    return document(Source(release.name, release.version, schema, sources, ledger, lambda path: homes().get(path)))


def trace(registry: Registry, module: str, subject: str, known: Known) -> Traced:
    """The life of an element, and what is known about its users.

    Args:
        registry: where the releases are.
        module: the module.
        subject: the full name of the element.
        known: what is known of consumers.

    Raises:
        NotFound: no release has or had it; the error names some that are alike.
        FieldstoneError: a release cannot be read.
    """
    lived = life(registry, module, subject)
    versions = registry.versions(module)
    if lived is None:
        newest = registry.release(module, str(versions[-1])) if versions else None
        names = Structure(_schema(registry, newest)).names if newest else []
        raise NotFound(f"{module} has and had no {subject}", fix=did_you_mean(subject, names))
    release = registry.release(module, lived.newest)
    structure = Structure(_schema(registry, release))
    readers = Readers.known(known, module, structure, datetime.now(UTC).date())
    answer = readers.can_remove(subject) if structure.has(subject) else None
    return Traced(lived, answer, readers.of(subject))


def compare(project: Project, module: str, old: str, new: str, known: Known) -> Compared:
    """Two releases of a module: what changed, what breaks, and for whom.

    Args:
        project: the settings to judge by, and the registry.
        module: the module.
        old: the version before.
        new: the version after.
        known: what is known of consumers.

    Raises:
        NotFound: there is no such release.
        FieldstoneError: a release cannot be read.
    """
    for version in (old, new):
        project.registry.release(module, version)
    compared = judged(project, module, old, new, witness=True)
    found, structure = compared.diff, Structure(compared.before)
    readers = Readers.known(known, module, structure, datetime.now(UTC).date())
    findings = [replace(one, used_by=used_by(readers, one)) if one.is_breaking else one for one in found.findings]
    names = {*structure.names, *Structure(compared.after).names}
    told = {*(change.subject for change in found.changes), *(finding.subject for finding in findings)}
    doubts = [doubt.problem for doubt in readers.doubts]
    return Compared(replace(found, findings=findings), impact(findings), doubts, frozenset(told & names))


class Shelf:
    """The releases and consumers of a database registry, for looking things up.

    Args:
        store: its releases.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store, self._database = store, store.database
        self._known: tuple[str, Known] | None = None

    @property
    def registry(self) -> Registry:
        """Its releases, as they are now."""
        return FetchedRegistry(self._store)

    def known(self) -> Known:
        """The consumers that it knows, read again when something was written to the registry."""
        head = audit.head(self._database)
        if self._known is None or self._known[0] != head:
            self._known = head, SqlConsumers(self._database).known()
        return self._known[1]

    @contextmanager
    def project(self, module: str) -> Iterator[Project]:
        """A project without sources, with the registry's policy for a module."""
        with tempfile.TemporaryDirectory(prefix="fieldstone-") as folder:
            policy = newest_policy(self._database)
            settings = policy.settings(Path(folder), {module: {}}, registry=self._store.address)
            yield Project(settings, opened=self.registry, has_sources=False)


def _schema(registry: Registry, release: Release) -> Schema:
    if release.retired:
        return Schema()
    where = registry.place(release, IMAGE)
    return load_schema(registry.read(release, IMAGE), where=where, own_files=release.protos.keys())
