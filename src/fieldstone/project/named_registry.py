"""Refuses a misspelled folder of the registry: it would look like one without any release, where everything passes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fieldstone.errors import NotFound
from fieldstone.registry.release import NAME
from fieldstone.suggestions import closest

if TYPE_CHECKING:
    from fieldstone.project.settings import Settings


def require_registry(settings: Settings) -> None:
    """Refuse settings that name a folder which is not there, while one beside it holds releases.

    Raises:
        NotFound: they do.
    """
    folder = settings.registry_folder
    if folder is None or folder.exists() or "registry" not in settings.values or not folder.parent.is_dir():
        return
    others = [path.name for path in sorted(folder.parent.iterdir()) if path.is_dir() and _holds_releases(path)]
    if not others:
        return
    meant = closest(folder.name, others) or others
    raise NotFound(
        f"the settings name the registry {folder}, and there is no such folder",
        fix=f"releases are in {' and in '.join(meant)}: name that; for a new registry, `mkdir {folder.name}` first",
    )


def _holds_releases(folder: Path) -> bool:
    return next(folder.glob(f"*/*/{NAME}"), None) is not None
