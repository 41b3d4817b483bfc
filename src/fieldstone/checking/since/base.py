"""The branch that a change wants to enter, as it was where the change parted from it: settings, modules, releases."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.checking.since.reference import Parting
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.project.settings import FILES, Settings, find_settings
from fieldstone.toolchain import git
from fieldstone.workspace.modules import CONFIG_FILES, Module, read_file

_READ = (*FILES, *CONFIG_FILES, "buf.lock")
"""The files whose content is needed; of sources, only the names are."""

_RELEASE_DEPTH = 3
"""The least parts that the path of a released file has below the registry: module, version, name."""

ReleaseFiles = Mapping[str, git.Entry]
"""The files of a release as git has them, by their path in its folder."""


class Base(Struct, dict=True):
    """The merge base, laid out in a folder of its own without the contents of its sources.

    Attributes:
        parting: the commit.
        root: the absolute folder that stands for the root of the checkout.
        folder: the absolute folder in it that stands for the one that the command runs in.
    """

    parting: Parting
    root: Path
    folder: Path

    @cached_property
    def settings(self) -> Settings:
        """The settings that the folder had.

        Raises:
            FieldstoneError: they cannot be read; the error names the revision and the file.
        """
        with self.named():
            return find_settings(self.folder)

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """The modules that its buf configuration lists, by name; none where it has no buf configuration.

        Raises:
            FieldstoneError: the configuration cannot be read; the error names the revision and the file.
        """
        return self.project.workspace.modules if self.has_workspace else {}

    @cached_property
    def project(self) -> Project:
        """Its settings and modules; the registry is not laid out.

        Raises:
            FieldstoneError: they cannot be read; the error names the revision and the file.
        """
        project = Project(self.settings)
        self._lay_out_sources()
        with self.named():
            modules = project.workspace.modules if self.has_workspace else {}
        for module in modules.values():
            if not self._links:
                vars(module)["proto_paths"] = self._protos(module)
        return project

    def _protos(self, module: Module) -> dict[str, str]:
        """The .proto files of a module by import path, as a walk over them would find them."""
        start = f"{self.path(module.root)}/" if module.root != self.root else ""
        paths = (entry.path.removeprefix(start) for entry in self._outside if entry.path.startswith(start))
        return {path: f"{module.root}/{path}" for path in paths if path.endswith(".proto") and module.owns(path)}

    @cached_property
    def _outside(self) -> list[git.Entry]:
        """Its files that are none of the registry."""
        return [entry for entry in self._entries if not (self.keeps_registry and self._below_registry(entry))]

    @cached_property
    def _links(self) -> list[git.Entry]:
        return [entry for entry in self._outside if entry.is_link]

    @property
    def has_workspace(self) -> bool:
        """Whether it has a buf configuration."""
        return any((self.settings.workspace / name).is_file() for name in CONFIG_FILES)

    def path(self, place: Path) -> str:
        """A folder or file of it, or of the checkout, relative to its root."""
        top = self.root if place.is_relative_to(self.root) else self.parting.top
        return PurePosixPath(os.path.relpath(place, top)).as_posix()

    def checkout(self, place: Path) -> Path:
        """The place in the checkout where a folder or file of the base was."""
        return Path(os.path.normpath(self.parting.top / self.path(place)))

    def folder_in(self, settings: Settings, folder: Path) -> str:
        """A folder that settings of the base or of the checkout name, relative to the root of the checkout.

        It begins with `..` where it lies outside.
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
        """The folder of its registry, relative to the root of the checkout; `..` where it lies elsewhere."""
        folder = self.settings.registry_folder
        return self.folder_in(self.settings, folder) if folder else ".."

    @property
    def keeps_registry(self) -> bool:
        """Whether its registry lies in the checkout, so that git has its releases."""
        return self.registry.partition("/")[0] != ".."

    @cached_property
    def releases(self) -> Mapping[tuple[str, str], ReleaseFiles]:
        """Its releases, by module and version.

        Raises:
            FieldstoneError: git has no files of its registry, but a link or another repository.
        """
        found: dict[tuple[str, str], dict[str, git.Entry]] = {}
        for entry in self._entries if self.keeps_registry else ():
            if self.registry == entry.path or self.registry.startswith(f"{entry.path}/"):
                kind = "a submodule" if entry.is_submodule else "a symbolic link" if entry.is_link else "a file"
                raise FieldstoneError(
                    f"the registry {self.registry} at {self.parting.label} is {kind}, whose releases git does not tell",
                    fix="name the folder itself as `registry` in the settings, or keep the registry in this repository",
                )
            parts = self._below_registry(entry)
            if len(parts) >= _RELEASE_DEPTH and not parts[0].startswith(".git"):
                found.setdefault((parts[0], parts[1]), {})["/".join(parts[2:])] = entry
        return found

    @cached_property
    def _entries(self) -> list[git.Entry]:
        return git.entries(self.parting.commit, cwd=self.parting.top)

    def _below_registry(self, entry: git.Entry) -> list[str]:
        start = "" if self.registry == "." else f"{self.registry}/"
        return entry.path.removeprefix(start).split("/") if entry.path.startswith(start) else []

    def differs(self, was: Module, now: Module) -> bool:
        """Whether a source file of a module is not as the base has it, or is there on one side alone."""
        blobs = {entry.path: entry.blob for entry in self._entries}
        then = {path: blobs.get(self.path(Path(place)), "") for path, place in was.proto_paths.items()}
        if then.keys() != now.proto_paths.keys():
            return True
        return any(git.blob_hash(read_file(Path(now.proto_paths[p])), like=blob) != blob for p, blob in then.items())

    def lay_out_settings(self) -> None:
        """Write the files that say what the settings and the modules are."""
        self.folder.mkdir(parents=True)
        (self.root / ".git").mkdir(exist_ok=True)  # nothing above the checkout counts
        wanted = [e for e in self._entries if PurePosixPath(e.path).name in _READ and not e.is_submodule]
        self._write({entry.path: self._followed(entry).blob for entry in wanted})

    def lay_out_registry(self) -> Path:
        """Write its releases, and give the absolute folder that they are in."""
        files = (entry for release in self.releases.values() for entry in release.values() if not entry.is_link)
        self._write({entry.path: entry.blob for entry in files})
        return self.root / self.registry

    def _write(self, files: Mapping[str, str]) -> None:
        """Write files, given as paths from its root with the hashes of their contents."""
        contents = git.blobs([*files.values()], self.parting.top)
        for path, content in zip(files, contents, strict=True):
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def _lay_out_sources(self) -> None:
        """Make every folder outside the registry; where links may lead to sources, also these, empty, and the links."""
        for folder in {entry.path.rpartition("/")[0] for entry in self._outside}:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for entry in self._outside if self._links else ():
            if entry.path.endswith(".proto") and not entry.is_link:
                (self.root / entry.path).touch()
        targets = git.blobs([entry.blob for entry in self._links], self.parting.top)
        for entry, target in zip(self._links, targets, strict=True):
            if not (self.root / entry.path).exists():  # a settings file is there already, whatever leads to it
                (self.root / entry.path).symlink_to(os.fsdecode(target))

    def _followed(self, entry: git.Entry) -> git.Entry:
        """The file that a settings file is, or leads to by links."""
        found, seen = entry, {entry.path}
        while found.is_link:
            target = os.fsdecode(git.blobs([found.blob], self.parting.top)[0])
            path = os.path.normpath(PurePosixPath(found.path).parent / target)
            linked = next((other for other in self._entries if other.path == path), None)
            if linked is None or path in seen:
                raise FieldstoneError(
                    f"at {self.parting.label}: {entry.path} is a symbolic link to {target}, which is no file of it",
                    fix="put the file itself there",
                )
            found = linked
            seen.add(path)
        return found

    @contextmanager
    def named(self) -> Iterator[None]:
        """Have errors about its files name the revision, and the files by their paths in it."""
        try:
            yield
        except FieldstoneError as error:
            if str(self.root) not in f"{error.problem} {error.fix}":
                raise
            problem, fix = (self._told(text) for text in (error.problem, error.fix))
            raise FieldstoneError(f"at {self.parting.label}: {problem}", fix=fix) from error

    def _told(self, text: str) -> str:
        return text.replace(f"{self.root}/", "").replace(str(self.root), self.parting.top.name)


@contextmanager
def base_at(parting: Parting, folder: Path) -> Iterator[Base]:
    """The merge base of a change.

    Args:
        parting: the commit.
        folder: the absolute folder of the checkout that the command runs in.

    Raises:
        FieldstoneError: git lacks its files.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        root = Path(scratch).resolve() / parting.top.name  # a module of the root is called as its folder is
        base = Base(parting, root, root / folder.resolve().relative_to(parting.top))
        base.lay_out_settings()
        yield base
