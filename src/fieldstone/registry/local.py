"""Files of releases on this machine, for registries that lie elsewhere: each is downloaded once."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from fieldstone.cache.store import OBJECTS, make_folder
from fieldstone.errors import Damaged, Unavailable
from fieldstone.schema.digest import file_digest


class Objects:
    """Files by the digest of their content.

    Args:
        folder: the folder of the cache, where `objects/<digest>` is; None for a folder of this process alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self._cache = folder

    @cached_property
    def _folder(self) -> Path:
        if self._cache is not None:
            return self._cache / OBJECTS
        scratch = tempfile.mkdtemp(prefix="fieldstone-")
        weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
        return Path(scratch)

    def local(self, digest: str, fetch: Callable[[], bytes], *, what: str, remedy: str) -> Path:
        """A file with the content of a digest; it is fetched where it is not there, or is damaged.

        Args:
            digest: of the content, as `file_digest` gives it.
            fetch: gives the content.
            what: what people call the file, for the error.
            remedy: the fix of that error.

        Raises:
            Damaged: the content that was fetched has another digest.
            Unavailable: it cannot be written.
        """
        place = self._folder / digest.rpartition(":")[2]
        if _digest_of(place) == digest:
            return place
        content = checked(fetch(), digest, what=what, remedy=remedy)
        try:
            if self._cache is not None:
                make_folder(self._cache)
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, incoming = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(incoming).replace(place)
        except OSError as error:
            raise Unavailable(f"cannot write {place}: {error.strerror}") from error
        return place


def checked(content: bytes, digest: str | None, *, what: str, remedy: str) -> bytes:
    """The content, whose digest is as it should be.

    Raises:
        Damaged: it has another digest.
    """
    if file_digest(content) != digest:
        raise Damaged(f"{what} is not what was released ({len(content)} bytes)", fix=remedy)
    return content


def _digest_of(place: Path) -> str:
    try:
        return file_digest(place.read_bytes())
    except OSError:
        return ""
