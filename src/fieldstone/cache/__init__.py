"""The cache of results of earlier checks, in `.fieldstone/`: ignored by git, safe to delete, used with `Permission`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fieldstone.cache.digests import Digests

FOLDER = ".fieldstone"
"""The folder of the cache, beside the settings."""


class Cache:
    """The cache of a repository.

    Args:
        folder: the folder that contains it; None for a cache in memory only.
        unsaved: texts that stand for files, by absolute path: their digests are of these.
    """

    def __init__(self, folder: Path | None = None, unsaved: Mapping[str, bytes] | None = None) -> None:
        from fieldstone.cache.store import Store

        self._unsaved = {} if unsaved is None else unsaved
        self.store = Store(folder / FOLDER if folder else None)

    @cached_property
    def digests(self) -> Digests:
        """The digests of files, looked up by their stat."""
        from fieldstone.cache.digests import Digests

        return Digests(self.store, self._unsaved)
