"""A registry in the memory of this process, for tests: `memory:NAME`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fieldstone.errors import Damaged, NotFound
from fieldstone.registry import Defect, manifest
from fieldstone.registry.chain import broken_links, broken_retirements, refuse_if_overtaken
from fieldstone.registry.local import Objects, checked
from fieldstone.registry.release import NAME, Release
from fieldstone.registry.versions import in_order
from fieldstone.suggestions import VERSION_LIKENESS, did_you_mean

if TYPE_CHECKING:
    from semver import Version

    from fieldstone.cache import Cache

Files = dict[str, bytes]
"""The files of a release by path, including its manifest."""

_STORES: dict[str, dict[tuple[str, str], Files]] = {}
"""The releases of each registry by module and version."""


def open_address(address: str, cache: Cache | None) -> MemoryRegistry:
    """The registry with a name; it exists until the process ends. See `open_registry`."""
    return MemoryRegistry(address, _STORES.setdefault(address, {}), cache)


class MemoryRegistry:
    """A registry with its files in a dictionary."""

    remedy = "release again"

    def __init__(self, address: str, files: dict[tuple[str, str], Files], cache: Cache | None = None) -> None:
        self.address = address
        self._files = files
        self._objects = Objects(cache.store.folder if cache else None)

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""
        return sorted({module for module, _ in self._files})

    def versions(self, module: str) -> list[Version]:
        """The versions of a module in semver order; empty if there is no release."""
        names = [version for name, version in self._files if name == module]
        return [*in_order(names, f"{self.address}/{module}").values()]

    def release(self, module: str, version: str) -> Release:
        """The manifest of a release.

        Raises:
            NotFound: there is no such module or version.
        """
        if (module, version) not in self._files:
            known = [*map(str, self.versions(module))]
            has = f"it has {', '.join(known) or 'no release of that module'}"
            fix = did_you_mean(version, known, has, likeness=VERSION_LIKENESS)
            raise NotFound(f"no release {version} of {module} in {self.address}", fix=fix)
        where = f"{self.address}/{module}/{version}/{NAME}"
        return manifest.from_toml(self._files[module, version][NAME].decode("utf-8", "replace"), where=where)

    def releases(self, module: str) -> list[Release]:
        """The manifests of all releases of a module in semver order."""
        return [self.release(module, str(version)) for version in self.versions(module)]

    def read(self, release: Release, path: str) -> bytes:
        """One file of a release.

        Raises:
            Damaged: it is missing, or differs from the released file.
        """
        return checked(
            self._fetch(release, path), release.files.get(path), what=self.place(release, path), remedy=self.remedy
        )

    def local(self, release: Release, path: str) -> Path:
        """A local file with the content of one file of a release; see `Objects`."""
        digest, what = release.files.get(path, ""), self.place(release, path)
        return self._objects.local(digest, lambda: self._fetch(release, path), what=what, remedy=self.remedy)

    def label(self, release: Release) -> str:
        """The address of a release."""
        return f"{self.address}/{release.name}/{release.version}"

    def add(self, release: Release, files: Mapping[str, bytes]) -> None:
        """Add a new release.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
        """
        refuse_if_overtaken(release, self)
        text = manifest.to_toml(release)
        self._files[release.name, release.version] = {**files, NAME: text.encode()}

    def defects(self, module: str) -> Iterator[Defect]:
        """The defects in the files and the chain of a module's releases."""
        releases = self.releases(module)
        for release in releases:
            for path in release.own_files:
                try:
                    self.read(release, path)
                except Damaged as error:
                    where = self.place(release, path)
                    yield Defect("registry-file-changed", module, release.version, where, error.problem, error.fix)
        yield from broken_links(releases, self.label, self.remedy)
        yield from broken_retirements(releases, self.label, self.remedy)

    def links(self) -> Iterator[Defect]:
        """No defects: there are no links in memory."""
        return iter(())

    def _fetch(self, release: Release, path: str) -> bytes:
        content = self._files.get((release.name, release.home(path)), {}).get(path)
        if content is None:
            raise Damaged(f"{self.place(release, path)} is missing", fix=self.remedy)
        return content

    def place(self, release: Release, path: str) -> str:
        """The address of the content of a file of a release."""
        return f"{self.address}/{release.name}/{release.home(path)}/{path}"
