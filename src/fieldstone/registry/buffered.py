"""Releases that are not written yet, in front of a store: judged on top of each other, and written at once."""

from __future__ import annotations

from collections.abc import Mapping

from fieldstone.registry.chain import refuse_if_overtaken
from fieldstone.registry.fetched import FetchedRegistry, Store
from fieldstone.registry.release import NAME, Release


class BufferedStore:
    """A store whose new releases stay in memory until `write`; see `Store`.

    The versions of a module are those that the store behind had at the first question, so that all of them are judged
    against one state; `write` finds out whether it is still so.

    Args:
        store: the store behind it.
        address: the address for messages, where that of the store is not for everybody.
    """

    def __init__(self, store: Store, address: str = "") -> None:
        self.address, self.remedy = address or store.address, store.remedy
        self._store = store
        self._copies: list[Release] = []
        self._versions: dict[str, list[str]] = {}
        self.added: dict[tuple[str, str], tuple[Release, Mapping[str, bytes]]] = {}
        """The new releases by module and version, in their order: the release, and its files with its manifest."""

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""
        return sorted({*self._store.modules(), *(module for module, _ in self.added)})

    def versions(self, module: str) -> list[str]:
        """The versions of a module."""
        if module not in self._versions:
            self._versions[module] = self._store.versions(module)
        return [*self._versions[module], *(version for name, version in self.added if name == module)]

    def manifest(self, module: str, version: str) -> bytes | None:
        """The text of a release's manifest."""
        if (module, version) in self.added:
            return self.added[module, version][1][NAME]
        return self._store.manifest(module, version)

    def content(self, release: Release, path: str) -> bytes | None:
        """One file of a release."""
        home = release.name, release.home(path)
        if home in self.added:
            return self.added[home][1].get(path)
        return self._store.content(release, path)

    def add(self, release: Release, text: bytes, files: Mapping[str, bytes], *, is_copy: bool = False) -> None:
        """Keep a new release.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
        """
        refuse_if_overtaken(release, FetchedRegistry(self), is_copy=is_copy)
        if is_copy:
            self._copies.append(release)
        self.added[release.name, release.version] = release, {**files, NAME: text}

    @property
    def contents(self) -> list[bytes]:
        """The files of the new releases, without their manifests."""
        return [data for _, files in self.added.values() for path, data in files.items() if path != NAME]

    def write(self) -> None:
        """Write the new releases to the store behind.

        Raises:
            Conflict: another release was added there meanwhile.
        """
        for release, files in self.added.values():
            without_manifest = {path: content for path, content in files.items() if path != NAME}
            self._store.add(release, files[NAME], without_manifest, is_copy=release in self._copies)
