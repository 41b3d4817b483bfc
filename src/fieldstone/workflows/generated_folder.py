"""The folder of generated code: how it differs from what would be generated, and how it is brought up to date."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldstone.codegen.headers import has_header
from fieldstone.errors import FieldstoneError

_BY_TOOLS = ("__pycache__", "build", "dist")
_MARKER = "py.typed"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a folder differs from what would be generated; paths are relative to it, with `/`.

    Attributes:
        differing: files with another content.
        missing: files that are not there.
        orphaned: files that were generated and no longer are.
        foreign: files in the folders of generated packages that nothing generated.
    """

    differing: tuple[str, ...]
    missing: tuple[str, ...]
    orphaned: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether there is nothing to write or remove."""
        return not (self.differing or self.missing or self.orphaned)


def compare(out: Path, expected: Mapping[str, bytes], *, folders: Iterable[str], known: Collection[str]) -> Difference:
    """Hold a folder against what would be generated.

    Args:
        out: the folder; it need not be there.
        expected: what would be generated, path to content.
        folders: folders below `out` that hold nothing but what is generated.
        known: the paths of what was generated before.

    Raises:
        FieldstoneError: `out` is no folder, or cannot be read.
    """
    if out.exists() and not out.is_dir():
        raise FieldstoneError(f"{out} is a file, not a folder to generate into", fix="move it away, or use --out")
    try:
        there = {path: _read(out / path) for path in expected}
        extra = {path for path in known if path not in expected and (out / path).is_file()}
        found = {path for folder in folders for path in _files(out, folder) if path not in expected}
        foreign = {path for path in found - extra if not _was_generated(out / path)}
    except OSError as error:
        raise FieldstoneError(f"cannot read {error.filename or out}: {error.strerror}") from error
    return Difference(
        differing=tuple(sorted(p for p, content in there.items() if content not in {None, expected[p]})),
        missing=tuple(sorted(p for p, content in there.items() if content is None)),
        orphaned=tuple(sorted((extra | found) - foreign)),
        foreign=tuple(sorted(foreign)),
    )


def update(out: Path, expected: Mapping[str, bytes], difference: Difference) -> None:
    """Write what differs or is missing, and remove what is orphaned.

    All new contents lie on the disk before the first file is replaced, each by a rename.

    Raises:
        FieldstoneError: the disk refuses; nothing was replaced.
    """
    staged: dict[Path, Path] = {}
    made: list[Path] = []
    try:
        for path in (*difference.differing, *difference.missing):
            target = out / path
            made += _make_folders(target.parent)
            staged[target] = _stage(target, expected[path])
    except OSError as error:
        _undo(staged.values(), made)
        raise FieldstoneError(
            f"cannot write {error.filename or out}: {error.strerror}; nothing was generated"
        ) from error
    except BaseException:
        _undo(staged.values(), made)
        raise
    try:
        for target, temporary in staged.items():
            temporary.replace(target)
        for path in difference.orphaned:
            (out / path).unlink(missing_ok=True)
            _prune(out, (out / path).parent)
    except OSError as error:
        _undo(staged.values(), [])
        raise FieldstoneError(
            f"cannot replace {error.filename}: {error.strerror}", fix="run `fieldstone generate` again"
        ) from error


def _read(path: Path) -> bytes | None:
    """The content of a file; None if it is not there."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _files(out: Path, folder: str) -> Iterator[str]:
    """The files below a folder, without what Python and build backends leave there."""
    for here, folders, names in os.walk(out / folder):
        folders[:] = [
            n for n in folders if n not in _BY_TOOLS and not n.startswith(".") and not n.endswith(".egg-info")
        ]
        for name in names:
            if not name.startswith("."):
                yield Path(here, name).relative_to(out).as_posix()


def _was_generated(path: Path) -> bool:
    if path.name == _MARKER:
        return path.stat().st_size == 0
    with path.open("rb") as file:
        return has_header(file.read(400))


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; gives those that were not there."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    made: list[Path] = []
    try:
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            made.append(path)
    except OSError:
        _undo((), made)
        raise
    return made


def _stage(target: Path, content: bytes) -> Path:
    """The content in a file of its own beside the target, with the target's mode or that of a new file."""
    if target.is_dir():
        raise IsADirectoryError(21, "a folder is in the place of a generated file", str(target))
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _undo(files: Iterable[Path], folders: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
    for folder in sorted(folders, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _prune(out: Path, folder: Path) -> None:
    """Remove a folder that holds nothing any more, and those above it up to `out`."""
    while folder != out and folder.is_dir():
        left = [entry.name for entry in folder.iterdir()]
        if left not in ([], ["__pycache__"]):
            return
        shutil.rmtree(folder)
        folder = folder.parent
