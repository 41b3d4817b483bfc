"""Settings, modules and releases at the merge base of a change and its target branch."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.checking.since.reference import Parting
from fieldstone.consumers.published import Known
from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.project.extending.lock import LOCK
from fieldstone.project.known_style import KNOWN_STYLE
from fieldstone.project.project import Project
from fieldstone.project.settings import FILES, Settings, find_settings
from fieldstone.registry.consumers import open_consumers
from fieldstone.registry.folder import CONSUMERS
from fieldstone.registry.release import NAME as MANIFEST
from fieldstone.regular_file import read_file
from fieldstone.toolchain import git
from fieldstone.workspace.modules import CONFIG_FILES, Module

_READ = (*FILES, KNOWN_STYLE, *CONFIG_FILES, "buf.lock", LOCK)
"""The files whose content is needed; of sources, only the names are needed."""

_RELEASE_DEPTH = 3
"""The least number of parts in the path of a released file below the registry: module, version, name."""

ReleaseFiles = Mapping[str, git.Entry]
"""The files of a release in git, by their path in its folder."""


class Base(Struct, dict=True):
    """The merge base, written to a temporary folder without the contents of its sources.

    Attributes:
        parting: the commit.
        root: the absolute folder that corresponds to the root of the checkout.
        folder: the absolute folder in it that corresponds to the command's working directory.
    """

    parting: Parting
    root: Path
    folder: Path

    @cached_property
    def settings(self) -> Settings:
        """The settings of the folder at the merge base.

        Raises:
            FieldstoneError: they cannot be read; the error names the revision and the file.
        """
        with self.named():
            return find_settings(self.folder, copies=self.checkout)

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """The modules that its buf configuration lists, by name; none if it has no buf configuration.

        Raises:
            FieldstoneError: the configuration cannot be read; the error names the revision and the file.
        """
        return self.project.workspace.modules if self.has_workspace else {}

    @cached_property
    def project(self) -> Project:
        """Its settings and modules; the registry is not written out.

        Raises:
            FieldstoneError: they cannot be read; the error names the revision and the file.
        """
        project = Project(self.settings, has_sources=False)
        self._lay_out_sources()
        with self.named():
            modules = project.workspace.modules if self.has_workspace else {}
        for module in modules.values():
            if not self._links:
                vars(module)["proto_paths"] = self._protos(module)
        return project

    def _protos(self, module: Module) -> dict[str, str]:
        """The .proto files of a module by import path, as found by a walk over the folder."""
        start = f"{self.path(module.root)}/" if module.root != self.root else ""
        paths = (entry.path.removeprefix(start) for entry in self._outside if entry.path.startswith(start))
        return {path: f"{module.root}/{path}" for path in paths if path.endswith(".proto") and module.owns(path)}

    @cached_property
    def _outside(self) -> list[git.Entry]:
        """Its files outside the registry."""
        return [entry for entry in self._entries if not (self.keeps_registry and self._below_registry(entry))]

    @cached_property
    def _links(self) -> list[git.Entry]:
        return [entry for entry in self._outside if entry.is_link]

    @property
    def has_workspace(self) -> bool:
        """Whether it has a buf configuration."""
        return any((self.settings.workspace / name).is_file() for name in CONFIG_FILES)

    def path(self, path: Path) -> str:
        """A path in the base or in the checkout, made relative to its root."""
        top = self.root if path.is_relative_to(self.root) else self.parting.top
        return PurePosixPath(os.path.relpath(path, top)).as_posix()

    def checkout(self, path: Path) -> Path:
        """The path in the checkout that corresponds to a path in the base."""
        return Path(os.path.normpath(self.parting.top / self.path(path)))

    def folder_in(self, settings: Settings, folder: Path) -> str:
        """A folder named in settings of the base or of the checkout, relative to the root of the checkout.

        It begins with `..` if it is outside.
        """
        if not folder.is_relative_to(settings.root):  # the settings give an absolute path
            return self.path(folder)
        return PurePosixPath(os.path.normpath(self.path(settings.root) / folder.relative_to(settings.root))).as_posix()

    @property
    def is_gated(self) -> bool:
        """Whether it uses Fieldstone: it has settings or a release."""
        return self.settings.file is not None or bool(self.releases)

    @cached_property
    def registry(self) -> str:
        """The folder of its registry, relative to the root of the checkout; begins with `..` if it is outside."""
        folder = self.settings.registry_folder
        return self.folder_in(self.settings, folder) if folder else ".."

    @property
    def keeps_registry(self) -> bool:
        """Whether its registry is in the checkout, so that git has its releases."""
        return self.registry.partition("/")[0] != ".."

    @cached_property
    def releases(self) -> Mapping[tuple[str, str], ReleaseFiles]:
        """Its releases, by module and version.

        Raises:
            FieldstoneError: the registry is a link, a file or a submodule in git.
        """
        found: dict[tuple[str, str], dict[str, git.Entry]] = {}
        for entry in self._entries if self.keeps_registry else ():
            if self.registry == entry.path or self.registry.startswith(f"{entry.path}/"):
                kind = "a submodule" if entry.is_submodule else "a symbolic link" if entry.is_link else "a file"
                raise Invalid(
                    f"the registry {self.registry} at {self.parting.label} is {kind}: git has no files of its releases",
                    fix="name the folder itself as `registry` in the settings, or keep the registry in this repository",
                )
            parts = self._below_registry(entry)
            if len(parts) >= _RELEASE_DEPTH and not parts[0].startswith((".git", CONSUMERS)):
                found.setdefault((parts[0], parts[1]), {})["/".join(parts[2:])] = entry
        return found

    @cached_property
    def _entries(self) -> list[git.Entry]:
        return git.entries(self.parting.commit, cwd=self.parting.top)

    def _below_registry(self, entry: git.Entry) -> list[str]:
        start = "" if self.registry == "." else f"{self.registry}/"
        return entry.path.removeprefix(start).split("/") if entry.path.startswith(start) else []

    def differs(self, was: Module, now: Module) -> bool:
        """Whether a source file of a module was changed, added or removed since the base."""
        blobs = {entry.path: entry.blob for entry in self._entries}
        before = {path: blobs.get(self.path(Path(file)), "") for path, file in was.proto_paths.items()}
        if before.keys() != now.proto_paths.keys():
            return True
        return any(git.blob_hash(read_file(Path(now.proto_paths[p])), like=blob) != blob for p, blob in before.items())

    def lay_out_settings(self) -> None:
        """Write the files with the settings and the list of modules."""
        self.folder.mkdir(parents=True)
        (self.root / ".git").mkdir(exist_ok=True)  # ends the search for settings at the root
        wanted = [e for e in self._entries if PurePosixPath(e.path).name in _READ and not e.is_submodule]
        self._write({entry.path: self._followed(entry).blob for entry in wanted})
        if any(b"extends" in (self.root / e.path).read_bytes() for e in wanted if PurePosixPath(e.path).name in FILES):
            self._lay_out_shared_settings()

    def _lay_out_shared_settings(self) -> None:
        """Write the other .toml files, any of which settings may extend."""
        found: dict[str, str] = {}
        for entry in self._entries:
            if entry.path.endswith(".toml") and PurePosixPath(entry.path).name not in {*_READ, MANIFEST}:
                with suppress(Invalid):  # a broken link: whoever extends it is told that there is no such file
                    found[entry.path] = self._followed(entry).blob
        self._write(found)

    def lay_out_registry(self) -> Path:
        """Write its releases, and return the absolute folder that they are in."""
        files = (entry for release in self.releases.values() for entry in release.values() if not entry.is_link)
        self._write({entry.path: entry.blob for entry in files})
        return self.root / self.registry

    def known_consumers(self) -> Known:
        """The consumers that its registry knows: a change cannot hide whom it breaks.

        Raises:
            FieldstoneError: the registry cannot be asked.
        """
        if not self.keeps_registry:
            return open_consumers(self.settings.registry).known()
        found = [entry for entry in self._entries if self._below_registry(entry)[:1] == [CONSUMERS]]
        self._write({entry.path: entry.blob for entry in found if not entry.is_link})
        with self.named():
            return open_consumers(str(self.root / self.registry)).known()

    def _write(self, files: Mapping[str, str]) -> None:
        """Write files, given as paths from its root with the hashes of their contents."""
        contents = git.blobs([*files.values()], self.parting.top)
        for path, content in zip(files, contents, strict=True):
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def _lay_out_sources(self) -> None:
        """Create every folder outside the registry; if there are links, also them and empty .proto files.

        The folder of a submodule is empty: git has only its commit here.
        """
        for folder in {e.path if e.is_submodule else e.path.rpartition("/")[0] for e in self._outside}:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for entry in self._outside if self._links else ():
            if entry.path.endswith(".proto") and not entry.is_link:
                (self.root / entry.path).touch()
        targets = git.blobs([entry.blob for entry in self._links], self.parting.top)
        for entry, target in zip(self._links, targets, strict=True):
            if not (self.root / entry.path).exists():  # a linked settings file is already written
                (self.root / entry.path).symlink_to(os.fsdecode(target))

    def _followed(self, entry: git.Entry) -> git.Entry:
        """The entry of a settings file, with symbolic links followed."""
        found, seen = entry, {entry.path}
        while found.is_link:
            target = os.fsdecode(git.blobs([found.blob], self.parting.top)[0])
            path = os.path.normpath(PurePosixPath(found.path).parent / target)
            linked = next((other for other in self._entries if other.path == path), None)
            if linked is None or path in seen:
                raise Invalid(
                    f"at {self.parting.label}: {entry.path} is a symbolic link to {target}, which is not a file in it",
                    fix="put the file itself there",
                )
            found = linked
            seen.add(path)
        return found

    @contextmanager
    def named(self) -> Iterator[None]:
        """Rewrite errors about its files: they name the revision, and the paths in it."""
        try:
            yield
        except FieldstoneError as error:
            if str(self.root) not in f"{error.problem} {error.fix}":
                raise
            problem, fix = (self._without_root(text) for text in (error.problem, error.fix))
            raise type(error)(f"at {self.parting.label}: {problem}", fix=fix) from error

    def _without_root(self, text: str) -> str:
        return text.replace(f"{self.root}/", "").replace(str(self.root), self.parting.top.name)


@contextmanager
def base_at(parting: Parting, folder: Path) -> Iterator[Base]:
    """The merge base of a change.

    Args:
        parting: the commit.
        folder: the absolute working directory of the command, in the checkout.

    Raises:
        FieldstoneError: git lacks its files.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        root = Path(scratch).resolve() / parting.top.name  # a module at the root is named after its folder
        base = Base(parting, root, root / folder.resolve().relative_to(parting.top))
        base.lay_out_settings()
        yield base
