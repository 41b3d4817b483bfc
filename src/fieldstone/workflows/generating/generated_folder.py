"""The folder of generated code: how it differs from what would be generated, and how it is brought up to date."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from fieldstone.atomic_files import replacing
from fieldstone.codegen.headers import has_header
from fieldstone.errors import Invalid, Unavailable
from fieldstone.regular_file import read_regular

_BY_TOOLS = ("__pycache__", "build", "dist")
_MARKER = "py.typed"


class Difference(Struct, frozen=True):
    """The difference between a folder and the code that would be generated; paths are relative to it, with `/`.

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
        raise Invalid(f"{out} is a file, not a folder to generate into", fix="move it away, or use --out")
    try:
        there = {path: _read(out / path) for path in expected}
        extra = {path for path in known if path not in expected and (out / path).is_file()}
        found = {path for folder in folders for path in _files(out, folder) if path not in expected}
        foreign = {path for path in found - extra if not _was_generated(out / path)}
    except OSError as error:
        raise Unavailable(f"cannot read {error.filename or out}: {error.strerror}") from error
    return Difference(
        differing=tuple(sorted(p for p, content in there.items() if content not in {None, expected[p]})),
        missing=tuple(sorted(p for p, content in there.items() if content is None)),
        orphaned=tuple(sorted((extra | found) - foreign)),
        foreign=tuple(sorted(foreign)),
    )


def update(out: Path, expected: Mapping[str, bytes], difference: Difference) -> None:
    """Write what differs or is missing, and remove what is orphaned.

    Raises:
        FieldstoneError: the disk refuses; nothing was replaced.
    """
    changed = {path: expected[path] for path in (*difference.differing, *difference.missing)}
    with replacing(out, changed, undone="nothing was generated", again="run `fieldstone generate` again"):
        for path in difference.orphaned:
            (out / path).unlink(missing_ok=True)
            _prune(out, (out / path).parent)


def _read(path: Path) -> bytes | None:
    """The content of a file; None if it is not there."""
    try:
        return read_regular(path)
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


def _prune(out: Path, folder: Path) -> None:
    """Remove a folder that holds nothing any more, and those above it up to `out`."""
    while folder != out and folder.is_dir():
        left = [entry.name for entry in folder.iterdir()]
        if left not in ([], ["__pycache__"]):
            return
        shutil.rmtree(folder)
        folder = folder.parent
