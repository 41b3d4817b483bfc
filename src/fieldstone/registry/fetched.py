"""Registries without a folder: what memory, databases and servers share on top of a store of releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fieldstone.errors import Damaged, NotFound
from fieldstone.registry import Defect, manifest
from fieldstone.registry.chain import broken_links, broken_retirements
from fieldstone.registry.local import Objects, checked
from fieldstone.registry.release import NAME, Release
from fieldstone.registry.versions import in_order
from fieldstone.suggestions import VERSION_LIKENESS, did_you_mean

if TYPE_CHECKING:
    from semver import Version

    from fieldstone.cache import Cache


class Store(Protocol):
    """The bytes of releases. Every method may raise `Unavailable`."""

    address: str
    """The address for messages, without secrets."""
    remedy: str
    """The fix in errors about a missing or changed release."""

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""

    def versions(self, module: str) -> list[str]:
        """The versions of a module in any order; empty if there is no release."""

    def manifest(self, module: str, version: str) -> bytes | None:
        """The text of a release's manifest; None if there is no such release."""

    def content(self, release: Release, path: str) -> bytes | None:
        """The bytes of one file of a release, unverified; None if they are missing."""

    def add(self, release: Release, text: bytes, files: Mapping[str, bytes], *, is_copy: bool = False) -> None:
        """Write a new release atomically.

        Args:
            release: the release.
            text: its manifest.
            files: its files by their paths in `Release.files`.
            is_copy: whether it is a copy of another registry's release.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
        """


class FetchedRegistry:
    """A registry whose releases are fetched from a store, and verified on arrival.

    Args:
        store: the store.
        cache: the cache with the local copies of files; without it they lie in a temporary folder.
    """

    def __init__(self, store: Store, cache: Cache | None = None) -> None:
        self.store = store
        self.address, self.remedy = store.address, store.remedy
        self._objects = Objects(cache.store.folder if cache else None)
        self._manifests: dict[tuple[str, str], Release] = {}

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""
        return self.store.modules()

    def versions(self, module: str) -> list[Version]:
        """The versions of a module in semver order; empty if there is no release."""
        return [*in_order(self.store.versions(module), f"{self.address}/{module}").values()]

    def release(self, module: str, version: str) -> Release:
        """The manifest of a release.

        Raises:
            NotFound: there is no such module or version.
            Damaged: its manifest is not one of this release.
        """
        if (module, version) not in self._manifests:
            self._manifests[module, version] = self._fetched(module, version)
        return self._manifests[module, version]

    def releases(self, module: str) -> list[Release]:
        """The manifests of all releases of a module in semver order."""
        return [self.release(module, str(version)) for version in self.versions(module)]

    def text(self, release: Release) -> bytes:
        """The bytes of a release's manifest, as they were written.

        Raises:
            Damaged: they are missing.
        """
        text = self.store.manifest(release.name, release.version)
        if text is None:
            raise Damaged(f"{self.place(release, NAME)} is missing", fix=self.remedy)
        return text

    def read(self, release: Release, path: str) -> bytes:
        """One file of a release.

        Raises:
            Damaged: it is missing, or differs from the released file.
        """
        what = self.place(release, path)
        return checked(self._content(release, path), release.files.get(path), what=what, remedy=self.remedy)

    def local(self, release: Release, path: str) -> Path:
        """A local file with the content of one file of a release; see `Objects`."""
        digest, what = release.files.get(path, ""), self.place(release, path)
        return self._objects.local(digest, lambda: self._content(release, path), what=what, remedy=self.remedy)

    def place(self, release: Release, path: str) -> str:
        """The address of the content of a file of a release."""
        return f"{self.address}/{release.name}/{release.home(path)}/{path}"

    def label(self, release: Release) -> str:
        """The address of a release."""
        return f"{self.address}/{release.name}/{release.version}"

    def add(self, release: Release, files: Mapping[str, bytes], *, text: bytes = b"") -> None:
        """Add a new release; see `Registry.add`.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
        """
        self.store.add(release, text or manifest.to_toml(release).encode(), files, is_copy=bool(text))

    def defects(self, module: str) -> Iterator[Defect]:
        """The defects in the files and the chain of a module's releases."""
        releases = self.releases(module)
        for release in releases:
            yield from self._seal_defects(release)
            for path in release.own_files:
                try:
                    self.read(release, path)
                except Damaged as error:
                    yield self._changed(release, path, error.problem, error.fix)
        yield from broken_links(releases, self.label, self.remedy)
        yield from broken_retirements(releases, self.label, self.remedy)

    def links(self) -> Iterator[Defect]:
        """No defects: only folders have symbolic links."""
        return iter(())

    def _seal_defects(self, release: Release) -> Iterator[Defect]:
        text = (self.store.manifest(release.name, release.version) or b"").decode("utf-8", "replace")
        if release.seal != manifest.seal_of(text):
            yield self._changed(release, NAME, f"{self.place(release, NAME)} does not match its seal", self.remedy)

    def _changed(self, release: Release, path: str, problem: str, fix: str) -> Defect:
        where = self.place(release, path)
        return Defect("registry-file-changed", release.name, release.version, where, problem, fix)

    def _fetched(self, module: str, version: str) -> Release:
        text = self.store.manifest(module, version)
        where = f"{self.address}/{module}/{version}"
        if text is None:
            known = [*map(str, self.versions(module))]
            has = f"it has {', '.join(known) or 'no release of that module'}"
            fix = did_you_mean(version, known, has, likeness=VERSION_LIKENESS)
            raise NotFound(f"no release {version} of {module} in {self.address}", fix=fix)
        found = manifest.from_toml(text.decode("utf-8", "replace"), where=f"{where}/{NAME}")
        if (found.name, found.version) != (module, version):
            raise Damaged(f"{where} holds a release {found.version} of {found.name}", fix=self.remedy)
        return found

    def _content(self, release: Release, path: str) -> bytes:
        content = self.store.content(release, path)
        if content is None:
            raise Damaged(f"{self.place(release, path)} is missing", fix=self.remedy)
        return content
