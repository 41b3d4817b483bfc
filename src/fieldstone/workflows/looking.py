"""git is asked early how the files stand, so that it has answered when that is needed."""

from __future__ import annotations

import os.path
from pathlib import Path

from fieldstone.cache.standing import Standing
from fieldstone.schema.asked import Asked
from fieldstone.workflows.project import Project


def ask_git(project: Project, begun: Asked | None = None) -> Standing:
    """Ask git of the modules and of the registry of a project, where that lies in it; once is enough.

    Args:
        project: the project.
        begun: git, at work already; it is ended if it was asked for something else.

    Raises:
        FieldstoneError: the modules cannot be told.
    """
    cache = project.cache
    if cache.standing is None:
        settings, workspace = project.settings, project.workspace
        counted = {**{module.root: ".proto" for module in workspace.modules.values()}, settings.registry.resolve(): ""}
        folder = Path(os.path.commonpath([settings.root.resolve(), workspace.root]))
        below = {path: ending for path, ending in counted.items() if path.is_relative_to(folder)}
        wanted = str(folder), [*map(str, below)]
        if begun and begun.of != wanted:
            begun.close()
            begun = None
        cache.standing = Standing(cache.store, folder, below, begun or Asked(*wanted))
    return cache.standing
