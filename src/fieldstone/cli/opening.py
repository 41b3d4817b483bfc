"""Opens the project that a command works in, and warns about an ignored cache."""

from __future__ import annotations

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
        FieldstoneError: its settings cannot be read, or name a registry that is not there.
    """
    from pathlib import Path

    from fieldstone.project.named_registry import require_registry
    from fieldstone.project.project import Project

    project = Project.at(folder or Path.cwd(), bare=bare, permission=permission(asked=cached))
    require_registry(project.settings)
    _warn_if_offline(project.settings.registry)
    return project


def _warn_if_offline(registry: str) -> None:
    if not registry.startswith(("http://", "https://")):
        return
    from fieldstone.registry.connection import OFFLINE, is_offline

    if is_offline():
        said = f"{OFFLINE}=1: releases of {registry} that were not seen here before are unknown"
        _warn(said)


def permission(*, asked: bool | None) -> Permission:
    """Permission to use a cache, from the command line; a warning on standard error names an ignored one."""
    return Permission(asked, _tell)


def _tell(ignored: FieldstoneError) -> None:
    _warn(str(ignored))


def _warn(said: str) -> None:
    from fieldstone.cli.output import say

    say(f"warning: {said}", err=True)
