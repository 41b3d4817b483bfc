"""A registry in the memory of this process, for tests: `memory:NAME`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fieldstone.registry.chain import refuse_if_overtaken
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.release import NAME, Release

if TYPE_CHECKING:
    from fieldstone.cache import Cache

Files = dict[str, bytes]
"""The files of a release by path, including its manifest."""

_STORES: dict[str, dict[tuple[str, str], Files]] = {}
"""The releases of each registry by module and version."""


def open_address(address: str, cache: Cache | None) -> FetchedRegistry:
    """The registry with a name; it exists until the process ends. See `open_registry`."""
    return FetchedRegistry(MemoryStore(address, _STORES.setdefault(address, {})), cache)


class MemoryStore:
    """Releases in a dictionary; see `Store`."""

    remedy = "release again"

    def __init__(self, address: str, files: dict[tuple[str, str], Files]) -> None:
        self.address = address
        self._files = files

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""
        return sorted({module for module, _ in self._files})

    def versions(self, module: str) -> list[str]:
        """The versions of a module."""
        return [version for name, version in self._files if name == module]

    def manifest(self, module: str, version: str) -> bytes | None:
        """The text of a release's manifest."""
        return self._files.get((module, version), {}).get(NAME)

    def content(self, release: Release, path: str) -> bytes | None:
        """One file of a release."""
        return self._files.get((release.name, release.home(path)), {}).get(path)

    def add(self, release: Release, text: bytes, files: Mapping[str, bytes], *, is_copy: bool = False) -> None:
        """Add a release.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
        """
        refuse_if_overtaken(release, FetchedRegistry(self), is_copy=is_copy)
        self._files[release.name, release.version] = {**files, NAME: text}
