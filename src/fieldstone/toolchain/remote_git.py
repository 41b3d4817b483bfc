"""Single files of other git repositories, fetched without a clone."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from fieldstone.errors import FieldstoneError, NotFound, Unavailable
from fieldstone.toolchain import git


class RemoteFiles:
    """Reads files of other repositories; each revision is fetched once.

    Use it in a `with`: it keeps what it fetched in a temporary folder until the end.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._fetched: dict[tuple[str, str], tuple[Path, str]] = {}

    def __enter__(self) -> Self:
        """Start; nothing is fetched yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the temporary folders."""
        self._open.close()

    def read(self, url: str, ref: str, path: str) -> tuple[bytes, str]:
        """The content of a file, and the full hash of the commit that it is from.

        Args:
            url: the address of the repository.
            ref: a branch, a tag or the full hash of a commit.
            path: the path of the file in it, with `/`.

        Raises:
            FieldstoneError: the repository cannot be reached, or lacks the revision or the file.
        """
        if (url, ref) not in self._fetched:
            self._fetched[url, ref] = self._fetch(url, ref)
        folder, commit = self._fetched[url, ref]
        entry = next((entry for entry in git.entries(commit, cwd=folder) if entry.path == path), None)
        if entry is None or entry.is_link or entry.is_submodule:
            raise NotFound(f"{url} has no file {path} at {ref} ({commit[:9]})", fix="correct the path after `#`")
        return git.blobs([entry.blob], folder)[0], commit

    def _fetch(self, url: str, ref: str) -> tuple[Path, str]:
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="fieldstone-")))
        git.run("init", "--quiet", "--template=", ".", cwd=folder)
        try:
            git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--", url, ref, cwd=folder)
        except FieldstoneError as error:
            said = error.problem.rpartition(": ")[2]
            raise Unavailable(
                f"cannot fetch {ref} from {url}: {said}",
                fix="see that the address and the revision are right, and that git may read it here",
            ) from error
        return folder, git.resolve("FETCH_HEAD", folder)
