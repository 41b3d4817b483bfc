"""First releases: of every module without a release, imported modules before their importers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fieldstone.project.project import Project
from fieldstone.workflows.release import Released, release
from fieldstone.workspace.modules import Module


def first_releases(project: Project) -> Iterator[Released]:
    """Release the modules one by one, until one is refused.

    Raises:
        FieldstoneError: a module is retired, there is an import cycle of modules, or the registry cannot be written.
    """
    for name in project.workspace.modules:
        project.require_living(name)
    for module in _in_order(project):
        if project.newest(module) is None:
            outcome = release(project, module.name)
            yield outcome
            if outcome.release is None:
                return


def _in_order(project: Project) -> Iterator[Module]:
    waiting = list(project.workspace.modules.values())
    while waiting:
        ready = next(module for module in waiting if not _waits(project, module, waiting))
        waiting.remove(ready)
        yield ready


def _waits(project: Project, module: Module, waiting: Iterable[Module]) -> bool:
    needed = {other.name for other in project.dependencies.of(module)}
    return any(other.name in needed for other in waiting if other.name != module.name)
