"""Folders as buf walks over them: links are followed, and names are UTF-8."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fieldstone.errors import Invalid, Unavailable

ABSOLUTE = "absolute "
"""The beginning of a target that was reached by an absolute link."""


def entries_of(folder: str) -> list[os.DirEntry[str]]:
    """The entries of a folder, by name; empty if there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Unavailable(f"cannot read {folder}: {error.strerror}") from error


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link to one.

    Raises:
        FieldstoneError: it cannot be read.
    """
    try:
        return entry.is_dir()
    except OSError as error:
        raise Unavailable(f"cannot read {entry.path}: {error.strerror}") from error


def target_of(path: str, parent: str) -> str:
    """The resolved target of a path, as buf distinguishes targets: one reached by an absolute link is different."""
    by_absolute = parent.startswith(ABSOLUTE) or (os.path.islink(path) and Path(path).readlink().is_absolute())  # noqa: PTH114
    return f"{ABSOLUTE if by_absolute else ''}{os.path.realpath(path)}"


def proto_files_below(root: Path, excludes: Sequence[Path], includes: Sequence[Path]) -> Iterator[str]:
    """The .proto files that buf finds below a folder: it follows links, but visits every target once.

    Args:
        root: the absolute folder.
        excludes: folders to pass over, absolute.
        includes: if not empty, the only folders whose files count, absolute.

    Raises:
        FieldstoneError: a folder cannot be read.
    """
    left_out = {str(path) for path in excludes}
    been: set[str] = set()

    def below(folder: str, target: str, *, is_linked: bool) -> Iterator[str]:
        is_included = not includes or is_within(Path(folder), includes)
        been.add(target)
        for entry in entries_of(folder):
            linked = is_linked or entry.is_symlink()
            here = target_of(entry.path, target) if entry.is_symlink() else f"{target}/{entry.name}"
            if linked and here in been:
                continue
            if is_folder(entry):
                if entry.name != ".git" and entry.path not in left_out:
                    yield from below(entry.path, here, is_linked=linked)
            elif is_included and entry.name.endswith(".proto") and entry.is_file():
                been.add(here)
                yield entry.path

    return below(str(root), target_of(str(root), ""), is_linked=False)


def is_within(folder: Path, tops: Sequence[Path]) -> bool:
    """Whether a folder is one of some folders, or lies in one."""
    return any(folder == top or top in folder.parents for top in tops)


def as_texts(paths: Mapping[str, str]) -> Mapping[str, str]:
    """The import paths with their files, after checking that the paths are UTF-8, as protobuf requires.

    Raises:
        FieldstoneError: a path is not UTF-8.
    """
    try:
        "\0".join(paths).encode()
    except UnicodeEncodeError as error:
        odd = str(error.object).count("\0", 0, error.start)
        where = [*paths.values()][odd].encode(errors="backslashreplace").decode()
        raise Invalid(f"the name of {where} is no UTF-8", fix="rename it") from error
    return paths
