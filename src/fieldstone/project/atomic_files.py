"""Write many files so that a disk that refuses leaves what was there: each beside its place, then renamed."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fieldstone.errors import FieldstoneError

_STAGED = re.compile(r"\..+\.\w{8}\.new")


@contextmanager
def replacing(
    out: Path, contents: Mapping[str, bytes], *, undone: str, again: str, flushed: bool = False
) -> Iterator[None]:
    """Write files below a folder, in their order; the body of the `with` runs after the last.

    All new contents lie on the disk before the first file is replaced, each by a rename.

    Args:
        out: the folder; it need not be there.
        contents: path relative to it, with `/`, to content.
        undone: what to say when nothing was replaced.
        again: what to do when something was.
        flushed: whether the contents must outlive a power cut that follows.

    Raises:
        FieldstoneError: the disk refuses, also in the body.
    """
    staged = _stage_all(out, contents, undone, flushed=flushed)
    try:
        for target, temporary in staged.items():
            temporary.replace(target)
        yield
    except OSError as error:
        _undo(staged.values(), [])
        raise FieldstoneError(f"cannot replace {error.filename}: {error.strerror}", fix=again) from error


def remove_stale(out: Path) -> None:
    """Remove what a process that was killed had staged below a folder.

    Raises:
        OSError: the disk refuses.
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
        raise FieldstoneError(f"cannot write {error.filename or out}: {error.strerror}; {undone}") from error
    except BaseException:
        _undo(staged.values(), made)
        raise
    return staged


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; gives those that were not there.

    Raises:
        OSError: the disk refuses; none was made.
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
    """Remove those of these folders that hold nothing."""
    for folder in sorted(folders, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _stage(target: Path, content: bytes) -> Path:
    """The content in a file of its own beside the target, with the target's mode or that of a new file."""
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
