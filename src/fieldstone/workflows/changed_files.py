"""Which files of a module differ from its newest release: what is to be compiled first."""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.registry.manifest import Release
from fieldstone.schema.workspace import Module
from fieldstone.workflows.project import Project

MOST = 0.5
"""The share of a module above which it is judged whole: then it saves nothing to judge less."""

_FEW = 20
"""How many files a module has at least to be judged in part: a smaller one compiles whole while its style is judged."""


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """The files of a module that differ from its newest release, by import path.

    Attributes:
        release: the release that they differ from.
        paths: those that are new, gone or edited.
        there: those of them that the module has, sorted.
        released: the files of the release.
    """

    release: Release
    paths: frozenset[str]
    there: tuple[str, ...]
    released: frozenset[str]


def changed_files(project: Project, module: Module, release: Release) -> ChangedFiles | None:
    """What changed in a module; None where it is so much, or the module so small, that the whole is judged.

    Raises:
        FieldstoneError: a file cannot be read.
    """
    changed = differing(project, module, release)
    if not changed:
        return None
    released = release.protos.keys()
    if len(released) < _FEW or len(changed) > MOST * len(released):
        return None
    there = sorted(path for path, is_there in changed.items() if is_there)
    return ChangedFiles(release, frozenset(changed), tuple(there), frozenset(released))


def differing(project: Project, module: Module, release: Release) -> dict[str, bool]:
    """The .proto files of a module that are not as released, each with whether it is there.

    Raises:
        FieldstoneError: a file cannot be read.
    """
    standing, stands = project.cache.standing, f"{release.version} {release.seal}"
    suspects = standing.suspects(module.root, stands) if standing else None
    then = release.protos if suspects or suspects is None else {}
    if suspects is None:
        asked = then.keys() | module.proto_paths.keys()
        now = project.cache.digests.of(str(module.root), module.proto_paths)
    else:
        asked = {path for path in suspects if module.owns(path)}
        places = {path: f"{module.root}/{path}" for path in sorted(asked)}
        now = project.cache.digests.of(f"{module.root} suspects", places)
    found = {path: path in now for path in asked if now.get(path) != then.get(path)}
    if standing:
        standing.note(module.root, stands, found)
    return found
