"""Opens the project that a command works in, and warns about an ignored cache."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fieldstone.cache.permission import Permission

if TYPE_CHECKING:
    from pathlib import Path

    from fieldstone.errors import FieldstoneError
    from fieldstone.project.project import Project


def open_project(folder: Path | None = None, *, bare: bool = False, cached: bool | None = None) -> Project:
    """The project that a folder belongs to; a warning on standard error names an ignored cache.

    Args:
        folder: the folder; the working directory by default.
        bare: whether a folder without a buf configuration counts as one module.
        cached: whether to use the cache; None leaves it to the environment.

    Raises:
        FieldstoneError: its settings cannot be read.
    """
    from pathlib import Path

    from fieldstone.project.project import Project

    project = Project.at(folder or Path.cwd(), bare=bare, permission=permission(asked=cached))
    _warn_if_offline(project.settings.registry)
    return project


def _warn_if_offline(registry: str) -> None:
    if not registry.startswith(("http://", "https://")):
        return
    from fieldstone.registry.connection import OFFLINE, is_offline

    if is_offline():
        said = f"warning: {OFFLINE}=1: releases of {registry} that were not seen here before are unknown"
        print(said, file=sys.stderr)  # noqa: T201 - click may not be imported yet


def permission(*, asked: bool | None) -> Permission:
    """Permission to use a cache, from the command line; a warning on standard error names an ignored one."""
    return Permission(asked, _tell)


def _tell(ignored: FieldstoneError) -> None:
    print(f"warning: {ignored}", file=sys.stderr)  # noqa: T201 - click may not be imported yet
