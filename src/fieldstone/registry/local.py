"""Local copies of released files, for remote registries: each file is downloaded once."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fieldstone.cache.store import OBJECTS, make_folder
from fieldstone.errors import Damaged, Unavailable
from fieldstone.schema.digest import file_digest

if TYPE_CHECKING:
    from fieldstone.cache.digests import Digests


class Objects:
    """Local files by the digest of their content.

    Args:
        folder: the folder of the cache, with `objects/<digest>`; None for a temporary folder.
        digests: the digests of files; without it, the whole file is read each time.
    """

    def __init__(self, folder: Path | None, digests: Digests | None = None) -> None:
        self._cache = folder
        self._digests = digests
        self._known: set[Path] = set()

    @cached_property
    def _folder(self) -> Path:
        if self._cache is not None:
            return self._cache / OBJECTS
        scratch = tempfile.mkdtemp(prefix="fieldstone-")
        weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
        return Path(scratch)

    def known(self, digest: str) -> Path | None:
        """The file with the content of a digest, if this process has written it; else None."""
        target = self._folder / digest.rpartition(":")[2]
        return target if target in self._known else None

    def local(self, digest: str, fetch: Callable[[], bytes], *, what: str, remedy: str) -> Path:
        """The path of a file with the content of a digest; the content is fetched if the file is missing or damaged.

        Args:
            digest: the digest of the content; see `file_digest`.
            fetch: returns the content.
            what: the name of the file in the error.
            remedy: the fix in the error.

        Raises:
            Damaged: the fetched content has another digest.
            Unavailable: the file cannot be written.
        """
        target = self._folder / digest.rpartition(":")[2]
        if target in self._known or self._digest_of(target) == digest:
            return target
        content = checked(fetch(), digest, what=what, remedy=remedy)
        try:
            if self._cache is not None:
                make_folder(self._cache)
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, incoming = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(incoming).replace(target)
            if self._digests is not None:  # which would say again what was there before
                self._known.add(target)
        except OSError as error:
            raise Unavailable(f"cannot write {target}: {error.strerror}") from error
        return target

    def _digest_of(self, path: Path) -> str:
        if self._digests is not None:
            return self._digests.one(str(path))
        try:
            return file_digest(path.read_bytes())
        except OSError:
            return ""


def checked(content: bytes, digest: str | None, *, what: str, remedy: str) -> bytes:
    """The content, after a check of its digest.

    Raises:
        Damaged: it has another digest.
    """
    if file_digest(content) != digest:
        raise Damaged(f"{what} is not what was released ({len(content)} bytes)", fix=remedy)
    return content
