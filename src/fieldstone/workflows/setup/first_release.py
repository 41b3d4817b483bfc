"""First releases: of every module without a release, imported modules before their importers."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.project.project import Project
from fieldstone.workflows.release import Released, release
from fieldstone.workflows.release_all import in_order


def first_releases(project: Project) -> Iterator[Released]:
    """Release the modules one by one, until one is refused.

    Raises:
        FieldstoneError: a module is retired, there is an import cycle of modules, or the registry cannot be written.
    """
    for module in in_order(project):
        if project.newest(module) is None:
            outcome = release(project, module.name)
            yield outcome
            if outcome.release is None:
                return
