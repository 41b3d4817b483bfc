"""A registry in a folder, by default in git: `<root>/<module>/<version>/`.

There is no central index. Writes are atomic: a release is written to a temporary folder, flushed to disk
and renamed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fieldstone.cache import Cache
from fieldstone.errors import Damaged, Invalid, NotFound, Unavailable
from fieldstone.locking import locked
from fieldstone.packed import packed, unpacked
from fieldstone.registry import Defect, manifest
from fieldstone.registry.chain import broken_links, broken_retirements, refuse_if_overtaken
from fieldstone.registry.local import Objects, checked
from fieldstone.registry.release import NAME, Release
from fieldstone.registry.versions import in_order, two_of_one_number
from fieldstone.regular_file import read_regular
from fieldstone.suggestions import VERSION_LIKENESS, did_you_mean

if TYPE_CHECKING:
    from semver import Version

_INCOMING = ".incoming-"
CONSUMERS = ".consumers"
"""The folder with what is known of consumers; modules have no such name."""
_NO_RELEASES = (".git", _INCOMING, CONSUMERS)
"""The beginnings of the names of other folders in a registry."""


def open_address(address: str, cache: Cache | None) -> FolderRegistry:
    """The registry in a folder; see `open_registry`."""
    return FolderRegistry(Path(address), cache)


class FolderRegistry:
    """A registry in a folder; its address is the folder's path.

    The list of releases comes from the names of folders. A manifest is read on demand; `releases` and `defects`
    read all of them.
    """

    def __init__(self, root: Path, cache: Cache | None = None) -> None:
        self.root = root
        self.address = str(root)
        self._cache = cache or Cache()
        self._versions: dict[str, dict[str, Version]] = {}
        self._manifests: dict[tuple[str, str], Release] = {}

    @cached_property
    def remedy(self) -> str:
        """The fix for a missing or changed file."""
        folder = self.root.absolute()
        in_git = any((parent / ".git").exists() for parent in (folder, *folder.parents))
        return "restore it from git" if in_git else "restore it from a copy of the registry"

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""
        return [module for module in self._folders if self._known(module)]

    def versions(self, module: str) -> list[Version]:
        """The versions of a module in semver order; empty if there is no release."""
        return [*self._known(module).values()]

    def release(self, module: str, version: str) -> Release:
        """The manifest of a release.

        Raises:
            FieldstoneError: there is no such module or version, or its folder is not a complete release of it.
        """
        if (module, version) not in self._manifests:
            self._manifests[module, version] = self._read_manifest(module, version)
        return self._manifests[module, version]

    def releases(self, module: str) -> list[Release]:
        """The manifests of all releases of a module in semver order.

        Raises:
            FieldstoneError: a release is incomplete or misplaced, or has a stray file.
        """
        found = [self.release(module, version) for version in self._known(module)]
        for release in found:
            _refuse_stray_files(release, self._folder(release))
        return found

    def read(self, release: Release, path: str) -> bytes:
        """One file of a release, by its path in `Release.files`.

        Raises:
            Damaged: it differs from the released file.
            Unavailable: it cannot be read.
        """
        return self._content(release, path)

    def text(self, release: Release) -> bytes:
        """The bytes of a release's manifest, as they were written."""
        return self._read(self._folder(release) / NAME)

    def local(self, release: Release, path: str) -> Path:
        """The verified path of a file of a release.

        Raises:
            Damaged: it is missing, or differs from the released file.
        """
        file, digest = self._file(release, path), release.files.get(path, "")
        if release.is_packed(path):
            return self._objects.local(digest, lambda: self._content(release, path), what=str(file), remedy=self.remedy)
        if self._cache.digests.one(str(file)) != digest:
            raise Damaged(f"{file} is not what was released", fix=self.remedy)
        return file

    def place(self, release: Release, path: str) -> str:
        """The file that has the content of a file of a release."""
        return str(self._file(release, path))

    def label(self, release: Release) -> str:
        """The folder of a release."""
        return str(self._folder(release))

    def _folder(self, release: Release) -> Path:
        return self.root / release.name / release.version

    def _file(self, release: Release, path: str) -> Path:
        return self.root / release.name / release.home(path) / _stored_as(release, path)

    def _content(self, release: Release, path: str) -> bytes:
        """The verified content of a file; a compressed one is unpacked once by a process that also needs it on disk."""
        file, digest = self._file(release, path), release.files.get(path, "")
        if not release.is_packed(path):
            return checked(self._read(file), digest, what=str(file), remedy=self.remedy)
        known = self._objects.known(digest)
        if known is not None:
            return checked(self._read(known), digest, what=str(known), remedy=self.remedy)
        try:
            content = unpacked(self._read(file))
        except ValueError as error:
            raise Damaged(f"{file} is not what was released: {error}", fix=self.remedy) from error
        checked(content, digest, what=str(file), remedy=self.remedy)
        self._cache.digests.learn_unpacked(str(file), digest)
        return content

    @cached_property
    def _objects(self) -> Objects:
        return Objects(self._cache.store.folder, self._cache.digests)

    def add(self, release: Release, files: Mapping[str, bytes], *, text: bytes = b"") -> None:
        """Write a new release atomically, with its own files by their paths in `Release.files`; see `Registry.add`.

        Raises:
            FieldstoneError: it exists already, another release came first, or writing fails.
        """
        written = text or manifest.to_toml(release).encode()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with locked(self.root):
                self._refuse_if_overtaken(release, is_copy=bool(text))
                self._write(release, {**_as_stored(release, files), NAME: written})
        except OSError as error:
            raise Unavailable(
                f"cannot write release {release.version} of {release.name} below {self.root}: {error.strerror}; "
                "nothing was released"
            ) from error
        self._forget()

    def defects(self, module: str) -> Iterator[Defect]:
        """The defects in the files and the chain of a module's releases.

        Raises:
            FieldstoneError: a release is incomplete or misplaced, or has a stray file.
        """
        releases = self.releases(module)
        for release in releases:
            yield from self._file_defects(release)
        yield from broken_links(releases, self.label, self.remedy)
        yield from broken_retirements(releases, self.label, self.remedy)

    def _file_defects(self, release: Release) -> Iterator[Defect]:
        folder = self._folder(release)
        where = (release.name, release.version)
        how = f"restore it with `git checkout -- {folder}`" if self.remedy.endswith(" git") else self.remedy
        restore = f"released versions never change: {how}"
        text = self._read(folder / NAME).decode("utf-8", "replace")
        if release.seal != manifest.seal_of(text):
            problem = f"{NAME} does not match its seal"
            yield Defect("registry-file-changed", *where, str(folder / NAME), problem, restore)
        own = {name: _stored_as(release, name) for name in release.own_files}
        found = self._digests(release, own)
        for name, stored in own.items():
            if name not in found:
                yield Defect("registry-file-missing", *where, str(folder / stored), f"{stored} is missing", restore)
            elif found[name] != release.files[name]:
                problem = f"{stored} is not what was released"
                yield Defect("registry-file-changed", *where, str(folder / stored), problem, restore)

    def _digests(self, release: Release, own: Mapping[str, str]) -> dict[str, str]:
        """The digests of the contents of a release's own files, as far as they exist.

        Args:
            release: the release.
            own: the path of each in the release's folder, by its path in the release.
        """
        folder, digests = self._folder(release), self._cache.digests
        whole = {name: f"{folder}/{stored}" for name, stored in own.items() if not release.is_packed(name)}
        found = digests.of(str(folder), whole)
        for name in own.keys() - whole.keys():
            digest = digests.unpacked(f"{folder}/{own[name]}")
            found |= {name: digest} if digest else {}
        return found

    @cached_property
    def _folders(self) -> list[str]:
        """The names of the modules' folders, sorted; a folder may be empty."""
        if not self.root.exists():
            return []
        if not self.root.is_dir():
            raise Invalid(f"the registry {self.root} is not a folder")
        return _names(self.root)

    def _known(self, module: str) -> Mapping[str, Version]:
        """The versions of a module by the names of their folders, in semver order."""
        if module not in self._versions:
            folder = self.root / module
            self._versions[module] = in_order(_names(folder), str(folder)) if module in self._folders else {}
        return self._versions[module]

    def _forget(self) -> None:
        """Discard the list of releases; manifests stay, because they never change."""
        self._versions.clear()
        vars(self).pop("_folders", None)

    def _read_manifest(self, module: str, version: str) -> Release:
        known = self._known(module)
        if version not in known:
            has = f"it has {', '.join(known)}" if known else "it has no release of that module"
            fix = did_you_mean(version, known, has, likeness=VERSION_LIKENESS)
            raise NotFound(f"no release {version} of {module} in {self.root}", fix=fix)
        folder = self.root / module / version
        release = self._parsed(folder)
        if release.name != module:
            raise Damaged(f"{folder} holds a release of {release.name}, not of {module}", fix="move it back")
        if release.version != version:
            raise _misplaced(release, folder, known)
        return release

    def _parsed(self, folder: Path) -> Release:
        """The manifest in the folder of a release."""
        path = folder / NAME
        if not path.exists():
            raise Damaged(
                f"half a release: {folder} has no {NAME}",
                fix=f"{self.remedy}, or remove the folder if it was never released",
            )
        text = self._read(path).decode("utf-8", "replace")
        try:
            return manifest.from_toml(text, where=str(path))
        except Damaged as error:
            raise Damaged(error.problem, fix=self.remedy) from error

    def _read(self, path: Path) -> bytes:
        try:
            return read_regular(path)
        except OSError as error:
            raise Unavailable(f"cannot read {path}: {error.strerror}", fix=self.remedy) from error

    def links(self) -> Iterator[Defect]:
        """The symbolic links in the registry: a target can change unnoticed by git and by the release.

        Raises:
            Unavailable: a folder cannot be read.
        """
        try:
            paths = sorted(_links(str(self.root))) if self.root.is_dir() else []
        except OSError as error:
            raise Unavailable(f"cannot read {error.filename}: {error.strerror}") from error
        for path in paths:
            module, version, *_ = (*Path(path).relative_to(self.root).parts, "", "")
            fix = f"put the files themselves there, or {self.remedy}"
            yield Defect("registry-linked", module, version, path, f"{path} is a symbolic link", fix)

    def _refuse_if_overtaken(self, release: Release, *, is_copy: bool) -> None:
        """Raise if the previous release is no longer the newest of its line; called under the lock."""
        self._forget()
        refuse_if_overtaken(release, self, is_copy=is_copy)

    def _write(self, release: Release, files: dict[str, bytes]) -> None:
        import shutil
        import tempfile

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


def _stored_as(release: Release, path: str) -> str:
    """The path of a file in the folder that has it."""
    return f"{path}.gz" if release.is_packed(path) else path


def _as_stored(release: Release, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a release's folder, from its own files."""
    return {
        _stored_as(release, path): packed(content) if release.is_packed(path) else content
        for path, content in files.items()
    }


def _names(parent: Path) -> list[str]:
    """The names of the folders in `parent`, except those without releases; raises for other files."""
    try:
        with os.scandir(parent) as entries:
            kept = sorted((e.name, e.is_dir()) for e in entries if not e.name.startswith(_NO_RELEASES))
    except OSError as error:
        raise Unavailable(f"cannot read the registry folder {parent}: {error.strerror}") from error
    for name, is_folder in kept:
        if not is_folder:
            raise Damaged(
                f"stray file in the registry: {parent / name}", fix="move it away: a registry holds releases only"
            )
    return [name for name, _ in kept]


def _links(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield entry.path
            elif entry.is_dir() and entry.name != ".git":
                yield from _links(entry.path)


def _misplaced(release: Release, folder: Path, known: Mapping[str, Version]) -> Damaged:
    """The error about a release in the folder of another version."""
    for name, version in known.items():
        if version == release.semver and name != folder.name:
            return two_of_one_number(str(folder.parent), folder.name, name)
    return Damaged(f"release {release.version} in {folder.parent} is not in a folder of that name", fix="rename it")


def _refuse_stray_files(release: Release, folder: Path) -> None:
    try:
        own = {NAME, *(_stored_as(release, path) for path in release.own_files)}
        for path in _files(str(folder)):
            if path not in own:
                raise Damaged(
                    f"stray file in the registry: {folder / path} is no part of {release.name} {release.version}",
                    fix="remove it: a release never changes",
                )
    except OSError as error:
        raise Unavailable(f"cannot read {error.filename}: {error.strerror}") from error


def _files(folder: str, below: str = "") -> Iterator[str]:
    """The relative paths of all files below a folder; linked folders are not followed.

    `.git` is skipped, as git does: it is never part of a commit.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == ".git":
                continue
            if not entry.is_dir():
                yield f"{below}{entry.name}"
            elif not entry.is_symlink():
                yield from _files(entry.path, f"{below}{entry.name}/")


def _write_flushed(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot flush a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
