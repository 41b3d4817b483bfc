"""The setting `imports-only` of a change: what the target branch governs stays governed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath

from fieldstone.checking.since.base import Base
from fieldstone.checking.since.policy import Weakened, location_of
from fieldstone.project.settings import Settings
from fieldstone.workspace.imports_only import is_at_or_below
from fieldstone.workspace.modules import load_workspace


def third_party_paths(base: Base, own: Settings, settings: Settings) -> tuple[str, ...]:
    """The third-party paths of a change that it may call so: not those of files that the branch governs.

    Args:
        base: the branch.
        own: the settings of the change.
        settings: the settings that the change is judged by.

    Raises:
        FieldstoneError: the buf configuration of either cannot be read.
    """
    return tuple(path for path in _named(own, settings) if not _governed_below(base, path))


def weakened_third_party(base: Base, own: Settings, settings: Settings) -> Iterator[Weakened]:
    """The third-party paths of a change with files that the branch governs; arguments as for `third_party_paths`."""
    for path in _named(own, settings):
        count = len(_governed_below(base, path))
        if count:
            files = "1 file" if count == 1 else f"{count} files"
            yield Weakened(
                f"imports-only {path}",
                f"{path} is imports only now, and {files} there would be judged no more",
                "leave it out of imports-only, or have the owners of the schema agree",
                location_of(own, "imports-only"),
            )


def _named(own: Settings, settings: Settings) -> tuple[str, ...]:
    """The third-party paths of a change: those of its setting, else those found by their folders' names."""
    if own.imports_only is not None:
        return own.imports_only
    found = load_workspace(settings.workspace, outside=settings.registry_folder).third_party
    return tuple(module.path for module in found.values())


def _governed_below(base: Base, path: str) -> list[str]:
    """The files at or below a path that modules of the branch have as their own, relative to the workspace."""
    root = base.settings.workspace
    files = (
        PurePosixPath(os.path.relpath(file, root)).as_posix()
        for module in base.modules.values()
        for file in module.proto_paths.values()
    )
    return [file for file in files if is_at_or_below(file, [path])]
