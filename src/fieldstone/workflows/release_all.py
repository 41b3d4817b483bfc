"""Release every module that changed, imported modules before their importers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.incremental.changed_files import is_unchanged
from fieldstone.project.project import Project
from fieldstone.registry.release import Release
from fieldstone.workflows.release import Released, release, require_order
from fieldstone.workspace.modules import Module


class Step(Struct, frozen=True):
    """The outcome of one module.

    Attributes:
        module: its name.
        released: the result of releasing it; None if it was not tried.
        waits_for: the module that was refused, if this one imports it and was not tried for that reason.
    """

    module: str
    released: Released | None = None
    waits_for: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether it was refused, or was not tried because of another."""
        tried = self.released
        return bool(self.waits_for) or bool(tried and (tried.refused or not tried.report.allowed))


def release_all(
    project: Project, *, dry_run: bool = False, style: bool = True, now: datetime | None = None
) -> Iterator[Step]:
    """Release the modules one by one, each after those that it imports.

    A refused module stops the modules that import it, and no others. A module that did not change is not tried.

    Args:
        project: the project; the cache is used only if it was enabled explicitly.
        dry_run: check the modules and determine the versions, but write nothing.
        style: whether faults of style refuse a release.
        now: the time of the releases in UTC; by default the current time.

    Raises:
        FieldstoneError: a module is retired, modules import each other, or a release fails for another reason than
            its findings. Modules that were released before that stay released.
    """
    project = replace(project, permission=project.permission.only_if_asked())
    require_order(project)
    refused: dict[str, str] = {}
    drafted: dict[str, Release] = {}
    for module in in_order(project):
        because = next((refused[other.name] for other in project.dependencies.of(module) if other.name in refused), "")
        if because:
            step = Step(module.name, waits_for=because)
        elif drafted.keys().isdisjoint(_imported(project, module)) and _is_as_released(project, module):
            step = Step(module.name)
        else:
            made = release(project, module.name, dry_run=dry_run, style=style, now=now, expected=drafted)
            step = Step(module.name, made)
        if step.is_refused:
            refused[module.name] = because or module.name
        elif step.released and step.released.release:
            drafted[module.name] = step.released.release
        yield step


def in_order(project: Project) -> list[Module]:
    """The modules of the workspace, each after those that it imports.

    Raises:
        FieldstoneError: a module is retired, or modules import each other.
    """
    waiting = list(project.workspace.modules.values())
    for module in waiting:
        project.require_living(module.name)
    ordered: list[Module] = []
    while waiting:
        names = {module.name for module in waiting}
        ready = next(module for module in waiting if names.isdisjoint(_imported(project, module)))
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _imported(project: Project, module: Module) -> Collection[str]:
    return [other.name for other in project.dependencies.of(module)]


def _is_as_released(project: Project, module: Module) -> bool:
    """Whether there is nothing to release: nothing changed since the newest release, which is no pre-release."""
    newest = project.newest(module)
    if newest is None or project.stable_before(module.name):
        return False
    return is_unchanged(project, module, newest, with_documents=True)
