"""The registry as a folder, by default in git: `<root>/<module>/<version>/`.

There is no central index. A release is written into a temporary folder, flushed to disk and renamed
into place, so that a crash leaves the old state or the new one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from semver import Version

from fieldstone.cache import Cache
from fieldstone.errors import FieldstoneError
from fieldstone.registry import Defect, manifest
from fieldstone.registry.chain import broken_links
from fieldstone.registry.manifest import Release
from fieldstone.schema.digest import file_digest

_INCOMING = ".incoming-"
_MANIFESTS = "manifests"
"""The table of the cache that holds what a manifest of a digest says, and the seal that it should have."""


class FolderRegistry:
    """A registry in a folder; `url` is the folder's path."""

    def __init__(self, root: Path, cache: Cache | None = None) -> None:
        self.root = root
        self.url = str(root)
        self._cache = cache or Cache()
        self._manifests: dict[Path, tuple[Release, bool]] = {}

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""
        return sorted(self._releases)

    def versions(self, module: str) -> list[Version]:
        """The versions of a module in the order of semver; empty for one without a release."""
        return sorted(release.semver for release in self._releases.get(module, {}).values())

    def release(self, module: str, version: str) -> Release:
        """The manifest of a release.

        Raises:
            FieldstoneError: there is no such module or version.
        """
        known = self._releases.get(module, {})
        if version in known:
            return known[version]
        has = f"it has {', '.join(map(str, self.versions(module)))}" if known else "it has no release of that module"
        raise FieldstoneError(f"no release {version} of {module} in {self.root}", fix=has)

    def read(self, release: Release, path: str) -> bytes:
        """One file of a release, by its path in `Release.files`.

        Raises:
            FieldstoneError: it is not there.
        """
        return _read(self._folder(release) / path)

    def place(self, release: Release) -> str:
        """The folder of a release."""
        return str(self._folder(release))

    def _folder(self, release: Release) -> Path:
        return self.root / release.name / release.version

    def add(self, release: Release, files: Mapping[str, bytes]) -> None:
        """Write a new release, its files by their paths in `Release.files`: all of it, or nothing.

        Raises:
            FieldstoneError: it exists already, another release came first, or the disk refuses.
        """
        text = manifest.to_toml(release)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with locked(self.root):
                self._refuse_if_overtaken(release)
                self._write(release, {**files, manifest.NAME: text.encode()})
        except OSError as error:
            raise FieldstoneError(
                f"cannot write release {release.version} of {release.name} below {self.root}: {error.strerror}; "
                "nothing was released"
            ) from error
        vars(self).pop("_releases", None)

    def defects(self, module: str) -> Iterator[Defect]:
        """What is wrong with the files and the chain of a module's releases."""
        releases = sorted(self._releases.get(module, {}).values(), key=lambda release: release.semver)
        for release in releases:
            yield from self._file_defects(release)
        yield from broken_links(releases, self.root)

    def _file_defects(self, release: Release) -> Iterator[Defect]:
        folder = self._folder(release)
        where = (release.name, release.version)
        restore = f"released versions never change: restore it with `git checkout -- {folder}`"
        if not self._manifest(folder)[1]:
            problem = f"{manifest.NAME} does not match its seal"
            yield Defect("registry-file-changed", *where, str(folder / manifest.NAME), problem, restore)
        found = self._cache.digests.of(str(folder), {name: f"{folder}/{name}" for name in release.files})
        for name, digest in release.files.items():
            if name not in found:
                yield Defect("registry-file-missing", *where, str(folder / name), f"{name} is missing", restore)
            elif found[name] != digest:
                problem = f"{name} is not what was released"
                yield Defect("registry-file-changed", *where, str(folder / name), problem, restore)

    @cached_property
    def _releases(self) -> dict[str, dict[str, Release]]:
        if not self.root.exists():
            return {}
        if not self.root.is_dir():
            raise FieldstoneError(f"the registry {self.root} is not a folder")
        found = {folder.name: self._read_module(folder) for folder in _folders(self.root)}
        return {name: releases for name, releases in found.items() if releases}

    def _read_module(self, folder: Path) -> dict[str, Release]:
        found: dict[str, Release] = {}
        for entry in _folders(folder):
            release = self._read_release(folder.name, entry)
            same = [v for v in found if Version.parse(v).compare(release.version) == 0]
            if same:
                raise FieldstoneError(
                    f"two releases of one number in {folder}: {entry.name} is {same[0]} too",
                    fix="keep the one that was released, and remove the other",
                )
            found[release.version] = release
        for version in found:
            if not (folder / version).is_dir():
                raise FieldstoneError(f"release {version} in {folder} is not in a folder of that name", fix="rename it")
        return found

    def _read_release(self, module: str, folder: Path) -> Release:
        if not Version.is_valid(folder.name):
            raise FieldstoneError(
                f"stray folder in the registry: {folder} is no version",
                fix="remove it: a module's folder holds releases only",
            )
        if not (folder / manifest.NAME).is_file():
            raise FieldstoneError(
                f"half a release: {folder} has no {manifest.NAME}",
                fix="restore it from git, or remove the folder if it was never released",
            )
        release, _ = self._manifest(folder)
        if release.name != module:
            raise FieldstoneError(f"{folder} holds a release of {release.name}, not of {module}", fix="move it back")
        _refuse_stray_files(release, folder)
        return release

    def _manifest(self, folder: Path) -> tuple[Release, bool]:
        """The manifest in a release's folder, and whether its seal fits it."""
        if folder not in self._manifests:
            self._manifests[folder] = self._parsed(folder)
        return self._manifests[folder]

    def _parsed(self, folder: Path) -> tuple[Release, bool]:
        path = folder / manifest.NAME
        digest = self._cache.digests.one(str(path))
        try:
            parsed, seal = json.loads(self._cache.store.get(_MANIFESTS, digest) or b"")
        except (ValueError, TypeError):
            content = _read(path)
            text = content.decode("utf-8", "replace")
            parsed, seal = manifest.parse(text, where=str(path)), manifest.seal_of(text)
            known = json.dumps([parsed, seal], separators=(",", ":")).encode()
            self._cache.store.put(_MANIFESTS, {file_digest(content): known})
        release = manifest.from_content(parsed, where=str(path))
        return release, release.seal == seal

    def _refuse_if_overtaken(self, release: Release) -> None:
        """Under the lock: whether the release before is still the newest."""
        vars(self).pop("_releases", None)
        versions = self.versions(release.name)
        newest = str(versions[-1]) if versions else None
        previous = release.previous.version if release.previous else None
        if newest != previous:
            raise FieldstoneError(
                f"{release.name} {newest} was released meanwhile, and {release.version} stands on {previous}",
                fix="release again on top of it",
            )

    def _write(self, release: Release, files: dict[str, bytes]) -> None:
        for stale in self.root.glob(f"{_INCOMING}*"):
            shutil.rmtree(stale)
        incoming = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self.root))
        target = self._folder(release)
        try:
            for path, content in files.items():
                _write_flushed(incoming / path, content)
            for folder, _, _ in os.walk(incoming):
                _flush_folder(Path(folder))
            incoming.chmod(0o755)
            target.parent.mkdir(exist_ok=True)
            incoming.rename(target)
            _flush_folder(target.parent)
            _flush_folder(self.root)
        except BaseException:
            shutil.rmtree(incoming, ignore_errors=True)
            if target.parent.is_dir() and not any(target.parent.iterdir()):
                target.parent.rmdir()
            raise


def _folders(parent: Path) -> list[Path]:
    """The folders in `parent`; anything else there, but what git and an interrupted release leave, is refused."""
    try:
        entries = sorted(parent.iterdir())
    except OSError as error:
        raise FieldstoneError(f"cannot read the registry folder {parent}: {error.strerror}") from error
    kept = [entry for entry in entries if not entry.name.startswith((".git", _INCOMING))]
    stray = [entry for entry in kept if not entry.is_dir()]
    if stray:
        raise FieldstoneError(
            f"stray file in the registry: {stray[0]}", fix="move it away: a registry holds releases only"
        )
    return kept


def _refuse_stray_files(release: Release, folder: Path) -> None:
    start = len(str(folder)) + 1
    for here, _, names in os.walk(str(folder)):
        below = f"{here[start:]}/".replace(os.sep, "/") if len(here) > start else ""
        for name in names:
            path = f"{below}{name}"
            if path != manifest.NAME and path not in release.files:
                raise FieldstoneError(
                    f"stray file in the registry: {folder / path} is no part of {release.name} {release.version}",
                    fix="remove it: a release never changes",
                )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FieldstoneError(f"cannot read {path}: {error.strerror}", fix="restore it from git") from error


def _write_flushed(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle to a folder that can be flushed
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time works in a folder that others read; on Windows the rename alone decides.

    Raises:
        OSError: the folder cannot be opened.
    """
    if os.name == "nt":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
