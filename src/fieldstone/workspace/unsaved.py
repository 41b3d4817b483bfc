"""Unsaved texts of an editor: they stand for the files on disk, also for buf.

buf reads files only. So it runs in a folder of links to the workspace in which the unsaved files are real ones.
Paths in that folder are those of the workspace.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from fieldstone.errors import Unavailable

_IN_GIT = ".git"


class Unsaved:
    """Texts that stand for files, and the folders in which buf reads them.

    Args:
        texts: the absolute path of each file, which need not exist, to its content. `stand` replaces them.

    A `with` removes the folders at its end.
    """

    def __init__(self, texts: Mapping[str, bytes] | None = None) -> None:
        self.texts: dict[str, bytes] = dict(texts or {})
        self._laid_out: dict[str, _Layout] = {}

    def __enter__(self) -> Self:
        """The same."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folders."""
        self.close()

    def stand(self, texts: Mapping[str, bytes]) -> None:
        """Take other texts: those before are forgotten. Who holds `texts` sees them, too."""
        self.texts.clear()
        self.texts.update(texts)

    def below(self, folder: Path) -> dict[str, str]:
        """The files below a folder: path relative to it, with `/`, to absolute path."""
        start = f"{str(folder).rstrip(os.sep)}{os.sep}"
        return {path[len(start) :].replace(os.sep, "/"): path for path in self.texts if path.startswith(start)}

    def laid_out(self, root: Path, base: Path) -> Path:
        """A folder in which buf finds a workspace with the unsaved texts; `base` itself if none lies in it.

        Args:
            root: the folder of the workspace, which the paths of the texts lie below.
            base: the folder to run buf in without them: `root`, or links to it.

        Raises:
            FieldstoneError: the folder cannot be written.
        """
        texts = {path: self.texts[file] for path, file in self.below(root).items()}
        if not texts:
            return base
        try:
            return self._laid_out.setdefault(str(base), _Layout()).holding(base, texts)
        except OSError as error:
            raise Unavailable(
                f"cannot lay out the unsaved files of {root}: {error.filename}: {error.strerror}",
                fix="save them, or free space in the folder for temporary files (TMPDIR)",
            ) from error

    def close(self) -> None:
        """Remove the folders."""
        for layout in self._laid_out.values():
            layout.close()
        self._laid_out.clear()


class _Layout:
    """A folder of links with some real files; it is made anew only if what it links to changed."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._key: object = None
        self._texts: dict[str, bytes] = {}

    def holding(self, base: Path, texts: Mapping[str, bytes]) -> Path:
        """The folder with these texts by path, and links to all else of `base`."""
        key = tuple(sorted(texts)), tuple(_state(base / path) for path in _folders(texts))
        if self._folder is None or self._key != key:
            self.close()
            self._folder = Path(tempfile.mkdtemp(prefix="fieldstone-")).resolve()
            _lay_out(base, self._folder, _tree(texts))
            self._key = key
        for path, text in texts.items():
            if self._texts.get(path) != text:
                (self._folder / path).write_bytes(text)
                self._texts[path] = text
        return self._folder

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self._key, self._texts = None, None, {}


def _folders(paths: Mapping[str, bytes]) -> Iterator[str]:
    """The folders that contain one of the files, the top included, sorted."""
    found = {"", *(path[:end] for path in paths for end, letter in enumerate(path) if letter == "/")}
    yield from sorted(found)


def _state(folder: Path) -> tuple[int, int] | None:
    """A value that changes when an entry of a folder appears or disappears; None if there is no folder."""
    try:
        stat = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_mtime_ns, stat.st_ino


_Tree = dict[str, "_Tree"]
"""Folders by name, and in them files, which have no entries."""


def _tree(paths: Mapping[str, bytes]) -> _Tree:
    tree: _Tree = {}
    for path in paths:
        at = tree
        for name in path.split("/"):
            at = at.setdefault(name, {})
    return tree


def _lay_out(source: Path, target: Path, tree: _Tree) -> None:
    """Link the entries of a folder, except those on the way to a text."""
    target.mkdir(exist_ok=True)
    if source.is_dir():
        for entry in os.scandir(source):
            if entry.name not in tree and entry.name != _IN_GIT:
                _link(Path(entry.path), target / entry.name)
    for name, inner in tree.items():
        if inner:
            _lay_out(source / name, target / name, inner)


def _link(source: Path, target: Path) -> None:
    """A link, or a copy where the system has none, as on Windows without the right to make them."""
    try:
        target.symlink_to(source)
    except (OSError, NotImplementedError):
        if os.name != "nt":
            raise
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, target)
