"""Export: the sources of a release and of all that it imports, as a buf workspace."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from fieldstone.errors import Conflict, Unavailable
from fieldstone.project.released_workspace import lay_out
from fieldstone.registry import Registry
from fieldstone.registry.release import Release


def export(registry: Registry, release: Release, folder: Path) -> None:
    """Write the sources of a release, whole, with those of the releases that it imports, below a folder.

    Args:
        registry: where the release is.
        release: the release.
        folder: the folder to make; it may exist if it is empty.

    Raises:
        FieldstoneError: the folder has files, a release that it imports is missing, a file is damaged, or the folder
            cannot be written; then nothing was written.
    """
    try:
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise Conflict(f"{folder} exists already, and is no empty folder", fix="name another folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            lay_out(registry, release, scratch)
            scratch.chmod(0o755)
            scratch.replace(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise Unavailable(f"cannot write {folder}: {error.strerror}") from error
