"""The files of a module that differ from its newest release: these are compiled first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.registry.release import PROTO, SOURCES, Link, Release
from fieldstone.workspace.modules import DOCUMENTS, Module

BUILT_IN = "google/protobuf/"
"""The folder of the files that are built into compilers, such as descriptor.proto."""

PROTOVALIDATE = "buf/validate/validate.proto"
"""The import of files with validation expressions over fields, also those of imported messages.

buf's rule PROTOVALIDATE is the only one that needs more of an imported file than its exported part.
"""

MOST = 0.5
"""The share of changed files above which the whole module is judged: a part would save nothing."""

_FEW = 20
"""The least number of files in a release to judge a part of it: a smaller one compiles faster than it is linted."""


class ChangedFiles(Struct, frozen=True):
    """The .proto files of a module that differ from its newest release, by import path.

    Attributes:
        release: the release that they differ from.
        paths: the added, removed and edited files.
        there: the added and edited files, sorted.
        elsewhere: files of other modules that differ from the releases that the release imports, by module name; each
            with whether it exists.
        same_sources: whether everything that the module's digest covers is unchanged, its documents included.
    """

    release: Release
    paths: frozenset[str]
    there: tuple[str, ...]
    elsewhere: Mapping[str, Mapping[str, bool]] = {}
    same_sources: bool = False

    @property
    def gone(self) -> frozenset[str]:
        """The removed files."""
        return self.paths - {*self.there}

    def released(self, paths: Iterable[str]) -> set[str]:
        """The given paths that are files of the module in the release."""
        return {path for path in paths if path.endswith(PROTO) and SOURCES + path in self.release.files}


def changed_files(project: Project, module: Module, release: Release) -> ChangedFiles | None:
    """The changed files of a module; None if the whole is to be judged.

    That is if too much changed, the module is small, or a third-party file that it may import is another one.

    Raises:
        FieldstoneError: a file cannot be read, or a release that it needs is not in the registry.
    """
    changed = differing(project, module, release)
    released = len(release.files)
    if released < _FEW or len(changed) > MOST * released or _third_party_differs(project, module, release):
        return None
    elsewhere = _elsewhere(project, release)
    if elsewhere is None or any(path in changed for paths in elsewhere.values() for path in paths):
        return None
    there = sorted(path for path, is_there in changed.items() if is_there)
    same = not changed and not elsewhere and is_unchanged(project, module, release, with_documents=True)
    return ChangedFiles(release, frozenset(changed), tuple(there), elsewhere, same)


def is_unchanged(project: Project, module: Module, release: Release, *, with_documents: bool = False) -> bool:
    """Whether a module's .proto files, and those of the modules that it imports, are unchanged since a release.

    Args:
        project: where the module is.
        module: the module.
        release: the release.
        with_documents: whether to compare its LICENSE and documentation as well: everything that its digest covers.

    Raises:
        FieldstoneError: a file cannot be read, or a release that it needs is not in the registry.
    """
    if differing(project, module, release) or _third_party_differs(project, module, release):
        return False
    if with_documents and _documents_differ(project, module, release):
        return False
    return all(_is_pinned(project, link, with_documents=with_documents) for link in release.dependencies)


def _is_pinned(project: Project, link: Link, *, with_documents: bool) -> bool:
    """Whether an import of a release is unchanged in the workspace."""
    if link.is_third_party:
        third_party = project.workspace.third_party.get(link.name)
        return third_party is not None and project.dependencies.digest(third_party) == link.digest
    other = project.workspace.modules.get(link.name)
    if other is None:
        return _is_locked(project, link.version)
    released = project.registry.release(link.name, link.version)
    return is_unchanged(project, other, released, with_documents=with_documents)


def _third_party_differs(project: Project, module: Module, release: Release) -> bool:
    """Whether the third-party files in a module differ from a release."""
    if not module.imports_only and not release.third_party:
        return False
    return project.cache.digests.of(f"{module.root} third-party", module.third_party_paths) != release.third_party


def _documents_differ(project: Project, module: Module, release: Release) -> bool:
    before = {name: release.files[SOURCES + name] for name in DOCUMENTS if SOURCES + name in release.files}
    documents = {name: str(path) for name, path in module.documents.items()}
    return project.cache.digests.of(f"{module.root} documents", documents) != before


def _elsewhere(project: Project, release: Release) -> dict[str, dict[str, bool]] | None:
    """The files that differ in the modules that a release imports; None if one of them is not released and differs."""
    found: dict[str, dict[str, bool]] = {}
    for link in release.dependencies:
        if link.is_third_party:
            if not _is_pinned(project, link, with_documents=False):
                return None
            continue
        other = project.workspace.modules.get(link.name)
        if other is not None:
            found[other.name] = differing(project, other, project.registry.release(link.name, link.version))
        elif not _is_locked(project, link.version):
            return None
    return {name: paths for name, paths in found.items() if paths}


def added_files(project: Project) -> dict[str, frozenset[str]]:
    """The .proto files of each module of the workspace that its newest release does not have, by import path.

    All of them if the release cannot be read: the check of its own module reports that.

    Raises:
        FieldstoneError: a folder cannot be read.
    """
    return {name: frozenset(_added(project, module)) for name, module in project.workspace.modules.items()}


def _added(project: Project, module: Module) -> Iterable[str]:
    try:
        newest = project.newest(module)
        changed = differing(project, module, newest) if newest else {}
    except FieldstoneError:
        newest = None
    if newest is None:
        return module.proto_paths
    return (path for path, there in changed.items() if there and SOURCES + path not in newest.files)


def built_in_files(module: Module) -> list[str]:
    """The files of a module that replace files built into compilers (google/protobuf)."""
    folder = module.root / BUILT_IN
    paths = [BUILT_IN + file.relative_to(folder).as_posix() for file in folder.rglob("*.proto")]
    return [path for path in paths if module.owns(path)]


def _is_locked(project: Project, commit: str) -> bool:
    """Whether a buf.lock of the workspace pins a commit of a remote module."""
    locks = {project.workspace.root, *(module.root for module in project.workspace.modules.values())}
    return any(commit.encode() in (lock / "buf.lock").read_bytes() for lock in locks if (lock / "buf.lock").is_file())


def differing(project: Project, module: Module, release: Release) -> dict[str, bool]:
    """The .proto files of a module that differ from a release, each with whether it exists.

    Raises:
        FieldstoneError: a file cannot be read.
    """
    after = project.cache.digests.of(str(module.root), module.proto_paths)
    before = release.protos
    return {path: path in after for path in before.keys() | after.keys() if after.get(path) != before.get(path)}
