"""Verify: recompute everything that the registry claims."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cached_property, partial
from pathlib import Path

from fieldstone import __version__
from fieldstone.checking.judgement import today_utc
from fieldstone.checking.line_conflicts import line_conflicts
from fieldstone.checking.release_audit import Audit
from fieldstone.checking.since.base import base_at
from fieldstone.checking.since.consumers import lost_consumers
from fieldstone.checking.since.reference import named, parting
from fieldstone.checking.since.releases import lost_releases, new_releases
from fieldstone.checking.since.tagged_history import unproven_history
from fieldstone.consumers.published import Known
from fieldstone.errors import FieldstoneError, Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.project.settings import ModuleSettings, Settings
from fieldstone.registry import Defect, Registry, open_registry
from fieldstone.registry.lines import predecessors
from fieldstone.registry.release import Release
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.heads import Head, lost_heads
from fieldstone.workflows.verify_consumers import consumer_defects

_VERIFIED = "verified"
"""The cache table of the releases that passed an audit."""


def verify(
    project: Project,
    *,
    since: str | None = None,
    trusted: Mapping[str, str] | None = None,
    anchored: Iterable[Head] = (),
    full: bool = False,
) -> list[Defect]:
    """Verify every release against its manifest, the release before it and the settings.

    Args:
        project: the project with the registry.
        since: a git revision; if given, its releases must be unchanged, and are not audited again.
        trusted: module to version: this release and earlier ones are compiled, but not judged again.
        anchored: heads that were recorded earlier, and that must still be in the chains.
        full: whether to audit all releases, including those that passed an audit here or are in the revision.

    Returns:
        the defects; none if the registry is sound. If releases were edited or deleted, only these.

    Raises:
        FieldstoneError: the registry or the revision cannot be read, a trusted release does not exist, or there is no
            release at all and no revision to compare with.
    """
    if since is None and not open_registry(project.settings.registry).modules():
        raise NotFound(
            f"there is no release in {project.settings.registry}",
            fix="name their folder as `registry` in the settings, or release: `fieldstone release MODULE`",
        )
    if lost := [*lost_heads(open_registry(project.settings.registry), anchored)]:
        return lost
    reference = named(since, {})
    if reference is None:
        found = Verification(project, project.settings, trusted=trusted or {}, full=full).defects()
        return [*found, *_consumers(project)]
    folder = project.settings.root
    with base_at(parting(reference, folder), folder) as base:
        folder = _folder(project)
        if lost := [*lost_releases(base, folder), *lost_consumers(base, folder)]:
            return lost
        ask = base.known_consumers
        verification = Verification(project, base.settings, trusted=trusted or {}, full=full, ask=ask)
        older = base.releases.keys()
        registry = open_registry(project.settings.registry)
        unproven = unproven_history(new_releases(base, registry), registry, project, base.parting.top)
        found = verification.defects(known=() if full else older, older=older, today=today_utc())
        return [*unproven, *found, *_consumers(project)]


def _consumers(project: Project) -> Iterator[Defect]:
    """The defects in what the registry of a project knows of consumers."""
    address = project.settings.registry
    return consumer_defects(address, open_registry(address))


class Verification:
    """One pass over a registry, read without the cache.

    Args:
        project: the project with the registry.
        settings: the settings to judge by.
        trusted: as for `verify`.
        full: as for `verify`.
        ask: gives what is known of consumers, for new releases.

    Raises:
        FieldstoneError: a trusted release does not exist.
    """

    def __init__(
        self,
        project: Project,
        settings: Settings,
        *,
        trusted: Mapping[str, str],
        full: bool,
        ask: Callable[[], Known] | None = None,
    ) -> None:
        self._ask = ask
        self._phases = project.phases
        self._store = project.cache.store
        self._registry: Registry = open_registry(project.settings.registry)
        self._settings, self._full = settings, full
        self._trusted = {module: _trusted(self._registry, module, version) for module, version in trusted.items()}

    def defects(
        self,
        *,
        known: Collection[tuple[str, str]] = (),
        older: Collection[tuple[str, str]] = (),
        today: date | None = None,
    ) -> list[Defect]:
        """The defects in the files, the chains and the claims of all releases.

        Args:
            known: modules and versions that are not audited again.
            older: modules and versions that are not new in the judged change.
            today: the day that waivers and sunsets are judged as of, in UTC; all releases but `older` are new then. By
                default it is the date of each release, and no release is new.

        Raises:
            FieldstoneError: a release cannot be read.
        """
        return [*self.links(), *self.broken, *self.audited(known=known, older=older, today=today)]

    def links(self) -> list[Defect]:
        """The symbolic links in the registry.

        Raises:
            FieldstoneError: a folder cannot be read.
        """
        return [*self._registry.links()]

    def audited(
        self, *, known: Collection[tuple[str, str]], older: Collection[tuple[str, str]] = (), today: date | None
    ) -> list[Defect]:
        """The defects in manifests alone, for releases with undamaged files; see `defects`."""
        audits: list[Callable[[], list[Defect]]] = []
        for module in self._registry.modules():
            broken = [defect for defect in self.broken if defect.module == module]
            if not any(defect.kind.startswith("registry-file") for defect in broken):
                audits += self._audits(module, known, older, today, judged=not broken)
            if not broken:
                audits.append(partial(self._conflicts, module, known))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found: list[Defect] = []
            for number, defects in enumerate(pool.map(lambda audit: audit(), audits), 1):
                self._phases.told(f"audited {number:,} of {len(audits):,} releases")
                found += defects
        self._store.save()
        return found

    @cached_property
    def broken(self) -> list[Defect]:
        """The defects in the files and chains of all releases.

        Raises:
            FieldstoneError: a release cannot be read.
        """
        return [defect for module in self._registry.modules() for defect in self._registry.defects(module)]

    def _audits(
        self,
        module: str,
        known: Collection[tuple[str, str]],
        older: Collection[tuple[str, str]],
        today: date | None,
        *,
        judged: bool,
    ) -> Iterator[Callable[[], list[Defect]]]:
        """An audit of each release of a module that has not passed one; of its contents only unless `judged`."""
        releases = self._registry.releases(module)
        settings = self._settings.module(module)
        before = predecessors(releases)
        for release in releases:
            name = (module, release.version)
            is_new = today is not None and name not in older
            key = _key(release, settings, is_new=is_new)
            if name in known or (not self._full and self._store.get(_VERIFIED, key) is not None):
                continue
            day = release.released_on if today is None or release.accepted else today
            line = _line_before(release, before)
            audit = Audit(self._registry, release, line, settings, day, is_new=is_new, ask=self._ask)
            yield partial(self._audited, audit, key) if judged else audit.content_defects

    def _conflicts(self, module: str, known: Collection[tuple[str, str]]) -> list[Defect]:
        """The conflicts between the lines of a module, unless both releases are known or trusted."""
        trusted = self._trusted.get(module)
        return [
            conflict.defect
            for conflict in line_conflicts(self._registry, module)
            if not all((module, release.version) in known for release in conflict.releases)
            and not (trusted and all(release.semver <= trusted.semver for release in conflict.releases))
        ]

    def _audited(self, audit: Audit, key: str) -> list[Defect]:
        trusted = self._trusted.get(audit.release.name)
        if trusted is not None and audit.release.semver <= trusted.semver:
            return audit.content_defects()
        found = audit.defects()
        if not found:
            self._store.put(_VERIFIED, {key: b""})
        return found


def _line_before(release: Release, before: Mapping[str, Release | None]) -> list[Release]:
    """The releases before one in its line, the first one first."""
    found: list[Release] = []
    last = before[release.version]
    while last is not None:
        found.append(last)
        last = before[last.version]
    return found[::-1]


def _folder(project: Project) -> Path:
    folder = project.settings.registry_folder
    if folder is None:
        raise Invalid(
            f"--since compares with git, and the registry {project.settings.registry} does not lie in it",
            fix="verify it without --since",
        )
    return folder


def _trusted(registry: Registry, module: str, version: str) -> Release:
    try:
        return registry.release(module, version)
    except FieldstoneError as error:
        raise type(error)(f"cannot trust {module}@{version}: {error.problem}", fix=error.fix) from error


def _key(release: Release, settings: ModuleSettings, *, is_new: bool) -> str:
    """The cache key of an audit: the release's seal, this version of Fieldstone, the settings, new or not."""
    policy = file_digest(f"{settings!r} {is_new}".encode())
    return f"{release.seal} {__version__} {policy}"
