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
    then = release.protos
    now = project.cache.digests.of(str(module.root), module.proto_paths)
    changed = {path for path in now.keys() | then.keys() if now.get(path) != then.get(path)}
    if len(then) < _FEW or not changed or len(changed) > MOST * len(then):
        return None
    return ChangedFiles(release, frozenset(changed), tuple(sorted(changed & now.keys())), frozenset(then))
