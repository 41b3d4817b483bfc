"""The note of `fieldstone init` about what the first release makes permanent."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.codegen.names import CONTRACTS, distribution, import_name
from fieldstone.project.project import Project


def permanent(project: Project) -> Iterator[str]:
    """The names that the first release makes permanent, a line for each module without one.

    Args:
        project: the project that was set up.
    """
    registry, prefix = project.settings.registry_folder, project.settings.python_prefix
    shown = f"{registry.name}/" if registry else project.settings.registry
    for module in project.workspace.modules.values():
        if project.newest(module) is not None:
            continue
        package = distribution(module.name, CONTRACTS, prefix)
        yield (
            f"module {module.name} ({module.path}): its name, its releases in {shown}{module.name}/, and its packages "
            f"{package} (imported as {import_name(package)})"
        )
