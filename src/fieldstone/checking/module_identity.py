"""Renamed modules, recognised by their files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from fieldstone.errors import FieldstoneError
from fieldstone.incremental.changed_files import differing
from fieldstone.project.project import Project
from fieldstone.workspace.modules import Module

_SHARE = 0.5
"""The share of a module's files that another module must have to count as its new name."""


def successor(files: Collection[str], candidates: Iterable[Module]) -> Module | None:
    """The module that has most of some files, and at least half of them.

    Args:
        files: import paths of the .proto files of the former module.
        candidates: the modules that may be its successor.

    Returns:
        the one with the most files, on a tie the first by path; None if none has half, or there are no files.

    Raises:
        FieldstoneError: the folder of a candidate cannot be read.
    """
    known = frozenset(files)
    held = [(len(known & module.proto_paths.keys()), module) for module in candidates]
    enough = [(count, module) for count, module in held if count and count >= _SHARE * len(known)]
    return min(enough, key=lambda each: (-each[0], each[1].path))[1] if enough else None


def renamed_modules(project: Project) -> dict[str, Module]:
    """The released modules that the buf configuration lists under another name: old name to current module.

    A released module counts as renamed if it is not listed, or if another released module has taken its name: two may
    swap names. A module that is still listed and gave files to a new one is split, not renamed.

    Args:
        project: the modules and the registry; the result is empty for a shared registry.

    Raises:
        FieldstoneError: a folder or a release cannot be read.
    """
    listed = project.workspace.modules
    gone = [name for name in project.unlisted() if not project.retirement(name)]
    if not project.owns_registry or (not gone and len(listed) == 1):
        return {}
    strayed = [module.name for module in listed.values() if _has_lost_its_files(project, module)]
    free = [module for module in listed.values() if module.name in strayed or not _is_released(project, module)]
    found: dict[str, tuple[int, Module]] = {}
    for name in (*gone, *(strayed if len(strayed) > 1 or gone else ())):
        files = _newest_files(project, name)
        now = successor(files, (module for module in free if module.name != name))
        if now is not None:
            found[name] = len(files), now
    return _settled(found, gone)


def _is_released(project: Project, module: Module) -> bool:
    return bool(project.registry.versions(module.name))


def _newest_files(project: Project, name: str) -> Collection[str]:
    newest = project.registry.versions(name)[-1]
    return project.registry.release(name, str(newest)).protos.keys()


def _has_lost_its_files(project: Project, module: Module) -> bool:
    """Whether a listed module lacks more than half of the files of its newest release, or is retired."""
    try:
        newest = project.newest(module)
        if newest is None or newest.retired:
            return newest is not None
        lost = [path for path, is_there in differing(project, module, newest).items() if not is_there]
    except FieldstoneError:
        return False  # the check of the module itself reports the defect
    return bool(lost) and len(newest.protos) - len(lost) < _SHARE * len(newest.protos)


def _settled(found: Mapping[str, tuple[int, Module]], gone: Collection[str]) -> dict[str, Module]:
    """The consistent renames: one old name per module, and a still listed name only if another rename takes it."""
    taken: dict[str, str] = {}
    for name in sorted(found, key=lambda name: (-found[name][0], name)):
        taken.setdefault(found[name][1].name, name)
    kept = {name: now for name, (_, now) in found.items() if taken[now.name] == name}
    while True:
        given_away = {module.name for module in kept.values()}
        rest = {name: now for name, now in kept.items() if name in gone or name in given_away}
        if len(rest) == len(kept):
            return kept
        kept = rest
