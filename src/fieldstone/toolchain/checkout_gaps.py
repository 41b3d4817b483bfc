"""Parts of a commit that a checkout lacks: submodules that were not fetched, and symbolic links written as text.

A clone has no files of its submodules without `--recurse-submodules`. Without symbolic links (`core.symlinks` of git,
often off on Windows) a link is a small file with the path of its target (https://git-scm.com/docs/git-config).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.errors import FieldstoneError
from fieldstone.toolchain import git

_SHOWN = 5
"""The most paths that an advice names."""


class Gaps(Struct, frozen=True):
    """The gaps of a checkout; paths are relative to its root, with `/`.

    Attributes:
        top: the root of the checkout.
        submodules: the submodules without files.
        links: the symbolic links that are text files here, with their targets.
    """

    top: Path
    submodules: tuple[str, ...] = ()
    links: Mapping[str, str] = {}

    def way_out(self, path: Path) -> str:
        """How to complete the checkout at a path that is not as in git; empty if nothing is missing.

        Args:
            path: the path; only what can hold it counts.
        """
        inside = PurePosixPath(os.path.relpath(path, self.top)).as_posix()
        submodules = [name for name in self.submodules if _can_hold(name, inside)]
        links = [link for link in self.links if _can_hold(link, inside)]
        return _advice(submodules, links)

    def way_to(self, imported: str) -> str:
        """How to complete the checkout for an import without a file: any submodule can have it; empty if none can.

        Args:
            imported: the path that a .proto file imports.
        """
        parts = PurePosixPath(imported).parts
        ends = [PurePosixPath(*parts[start:]) for start in range(len(parts))]
        leading = [link for link in self.links if any((self.target(link) / end).is_file() for end in ends)]
        direct = [link for link in self.links if link.endswith(parts[-1]) and self.target(link).is_file()]
        return _advice(self.submodules, list(dict.fromkeys((*leading, *direct))))

    def way_back(self, links: Sequence[str]) -> str:
        """How to get some symbolic links back that are text files here."""
        return _about_links(links)

    def target(self, link: str) -> Path:
        """The absolute path that a symbolic link leads to; it need not exist."""
        return self.top / PurePosixPath(link).parent / self.links[link]


def find_gaps(folder: Path) -> Gaps:
    """The gaps of the checkout of a folder; none outside a checkout, or without git.

    Args:
        folder: any folder of the checkout.
    """
    try:
        top = git.top_of(folder)
        entries = git.staged(cwd=top).values()
    except FieldstoneError:
        return Gaps(folder)
    submodules = tuple(entry.path for entry in entries if entry.is_submodule and not _has_entries(top / entry.path))
    links = {entry.path: top / entry.path for entry in entries if entry.is_link}
    written = {path: file for path, file in links.items() if file.is_file() and not file.is_symlink()}
    return Gaps(top, submodules, {path: file.read_bytes().decode("utf-8", "replace") for path, file in written.items()})


def _advice(submodules: Sequence[str], links: Sequence[str]) -> str:
    return ", and ".join(filter(None, (_about_submodules(submodules), _about_links(links))))


def _has_entries(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _can_hold(name: str, inside: str) -> bool:
    return inside in {".", name} or inside.startswith(f"{name}/") or name.startswith(f"{inside}/")


def _about_submodules(paths: Sequence[str]) -> str:
    if not paths:
        return ""
    wanted = f" {shlex.join(paths)}" if len(paths) <= _SHOWN else ""
    verb = "submodules of this clone are" if len(paths) > 1 else "submodule of this clone is"
    return f"run `git submodule update --init{wanted}`: {len(paths)} {verb} not checked out"


def _about_links(paths: Sequence[str]) -> str:
    if not paths:
        return ""
    wanted = shlex.join(paths) if len(paths) <= _SHOWN else "PATH"
    others = f" and {len(paths) - 1} more are symbolic links" if len(paths) > 1 else " is a symbolic link"
    return (
        f"run `git config core.symlinks true` and `git checkout -- {wanted}` (on Windows in its Developer Mode): "
        f"{paths[0]}{others} in git, and text here"
    )
