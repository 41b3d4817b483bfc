"""Atomic writes of many files: each is written to a temporary file, then renamed."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fieldstone.errors import Unavailable

_STAGED = re.compile(r"\..+\.\w{8}\.new")


@contextmanager
def replacing(
    out: Path, contents: Mapping[str, bytes], *, undone: str, again: str, flushed: bool = False
) -> Iterator[None]:
    """Write files below a folder in the given order, then run the body of the `with`.

    All contents are on disk in temporary files before the first file is replaced by a rename.

    Args:
        out: the folder; it need not exist.
        contents: path relative to the folder, with `/`, to content.
        undone: the end of the error message if no file was replaced.
        again: the fix if some files were replaced.
        flushed: whether to flush the contents to disk (fsync) before the renames.

    Raises:
        FieldstoneError: writing fails, also in the body.
    """
    staged = _stage_all(out, contents, undone, flushed=flushed)
    try:
        for target, temporary in staged.items():
            temporary.replace(target)
        yield
    except OSError as error:
        _undo(staged.values(), [])
        raise Unavailable(f"cannot replace {error.filename}: {error.strerror}", fix=again) from error


def remove_stale(out: Path) -> None:
    """Remove temporary files that a killed process left below a folder.

    Raises:
        OSError: a file cannot be removed.
    """
    for path in out.rglob(".*.new"):
        if _STAGED.fullmatch(path.name):
            path.unlink()


def _stage_all(out: Path, contents: Mapping[str, bytes], undone: str, *, flushed: bool) -> dict[Path, Path]:
    staged: dict[Path, Path] = {}
    made: list[Path] = []
    try:
        for path, content in contents.items():
            target = out / path
            made += make_folders(target.parent)
            staged[target] = _stage(target, content)
        for temporary in staged.values() if flushed else ():
            _flush(temporary)
    except OSError as error:
        _undo(staged.values(), made)
        raise Unavailable(f"cannot write {error.filename or out}: {error.strerror}; {undone}") from error
    except BaseException:
        _undo(staged.values(), made)
        raise
    return staged


def make_folders(folder: Path) -> list[Path]:
    """Create a folder and its parents, and return the new ones.

    Raises:
        OSError: one cannot be created; then none is left behind.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    made: list[Path] = []
    try:
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            made.append(path)
    except OSError:
        remove_empty(made)
        raise
    return made


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove the empty ones of some folders."""
    for folder in sorted(folders, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _stage(target: Path, content: bytes) -> Path:
    """Write the content to a temporary file next to the target, with the target's mode or that of a new file."""
    if target.is_dir():
        raise IsADirectoryError(21, "a folder is in the place of a file", str(target))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _undo(files: Iterable[Path], folders: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
    remove_empty(folders)
