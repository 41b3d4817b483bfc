"""Which files of a module differ from its newest release: what is to be compiled first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.registry.release import PROTO, SOURCES, Link, Release
from fieldstone.workspace.modules import DOCUMENTS, Module

BUILT_IN = "google/protobuf/"
"""Where the files are that compilers know by themselves, descriptor.proto among them."""

PROTOVALIDATE = "buf/validate/validate.proto"
"""What files import that check messages by expressions over their fields, and the fields of what these hold: the only
rule that asks more of an imported file than what it shows (PROTOVALIDATE)."""

MOST = 0.5
"""The share of a module above which it is judged whole: then it saves nothing to judge less."""

_FEW = 20
"""How many files a release has at least to be judged in part: one of fewer compiles while its style is judged."""


class ChangedFiles(Struct, frozen=True):
    """The .proto files of a module that differ from its newest release, by import path.

    Attributes:
        release: the release that they differ from.
        paths: those that are new, gone or edited.
        there: those of them that the module has, sorted.
        elsewhere: files of other modules that differ from the releases that the release imports, by module name; each
            with whether it is there.
        same_sources: whether nothing differs that the module's digest covers, its documents included.
    """

    release: Release
    paths: frozenset[str]
    there: tuple[str, ...]
    elsewhere: Mapping[str, Mapping[str, bool]] = {}
    same_sources: bool = False

    @property
    def gone(self) -> frozenset[str]:
        """Those that the module has no more."""
        return self.paths - {*self.there}

    def released(self, paths: Iterable[str]) -> set[str]:
        """Those of these paths that the release has as files of the module."""
        return {path for path in paths if path.endswith(PROTO) and SOURCES + path in self.release.files}


def changed_files(project: Project, module: Module, release: Release) -> ChangedFiles | None:
    """What changed in a module; None where it is so much, or the module so small, that the whole is judged.

    Raises:
        FieldstoneError: a file cannot be read, or a release that it needs is not in the registry.
    """
    changed = differing(project, module, release)
    released = len(release.files)
    if released < _FEW or len(changed) > MOST * released:
        return None
    elsewhere = _elsewhere(project, release)
    if elsewhere is None or any(path in changed for paths in elsewhere.values() for path in paths):
        return None
    there = sorted(path for path, is_there in changed.items() if is_there)
    same = not changed and not elsewhere and is_unchanged(project, module, release, with_documents=True)
    return ChangedFiles(release, frozenset(changed), tuple(there), elsewhere, same)


def is_unchanged(project: Project, module: Module, release: Release, *, with_documents: bool = False) -> bool:
    """Whether a module's .proto files, and those of the modules that it imports, are as released.

    Args:
        project: where the module is.
        module: the module.
        release: what it is held against.
        with_documents: whether its LICENSE and documentation are, too: all that its digest covers.

    Raises:
        FieldstoneError: a file cannot be read, or a release that it needs is not in the registry.
    """
    if differing(project, module, release) or (with_documents and _documents_differ(project, module, release)):
        return False
    return all(_is_pinned(project, link, with_documents=with_documents) for link in release.dependencies)


def _is_pinned(project: Project, link: Link, *, with_documents: bool) -> bool:
    """Whether what a release imports is here as it was there."""
    other = project.workspace.modules.get(link.name)
    if other is None:
        return _is_locked(project, link.version)
    then = project.registry.release(link.name, link.version)
    return is_unchanged(project, other, then, with_documents=with_documents)


def _documents_differ(project: Project, module: Module, release: Release) -> bool:
    then = {name: release.files[SOURCES + name] for name in DOCUMENTS if SOURCES + name in release.files}
    documents = {name: str(path) for name, path in module.documents.items()}
    return project.cache.digests.of(f"{module.root} documents", documents) != then


def _elsewhere(project: Project, release: Release) -> dict[str, dict[str, bool]] | None:
    """What differs in the modules that a release imports; None where a remote one of them is pinned anew."""
    found: dict[str, dict[str, bool]] = {}
    for link in release.dependencies:
        other = project.workspace.modules.get(link.name)
        if other is not None:
            found[other.name] = differing(project, other, project.registry.release(link.name, link.version))
        elif not _is_locked(project, link.version):
            return None
    return {name: paths for name, paths in found.items() if paths}


def added_files(project: Project) -> dict[str, frozenset[str]]:
    """The .proto files of each module of the workspace that its newest release does not have, by import path.

    All of them where that is not known: what is wrong with a release is told by a check of its own module.

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
    """The files of a module that stand for those which compilers know by themselves (google/protobuf)."""
    folder = module.root / BUILT_IN
    paths = [BUILT_IN + file.relative_to(folder).as_posix() for file in folder.rglob("*.proto")]
    return [path for path in paths if module.owns(path)]


def _is_locked(project: Project, commit: str) -> bool:
    """Whether a buf.lock of the workspace pins a commit of a remote module."""
    locks = {project.workspace.root, *(module.root for module in project.workspace.modules.values())}
    return any(commit.encode() in (lock / "buf.lock").read_bytes() for lock in locks if (lock / "buf.lock").is_file())


def differing(project: Project, module: Module, release: Release) -> dict[str, bool]:
    """The .proto files of a module that are not as released, each with whether it is there.

    Raises:
        FieldstoneError: a file cannot be read.
    """
    now = project.cache.digests.of(str(module.root), module.proto_paths)
    then = release.protos
    return {path: path in now for path in then.keys() | now.keys() if now.get(path) != then.get(path)}
