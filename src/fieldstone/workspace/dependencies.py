"""The imports between a workspace's modules, and the b5 digests that depend on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.regular_file import read_regular
from fieldstone.schema.digest import b5, imports, manifest
from fieldstone.toolchain import buf
from fieldstone.workspace.modules import Module, Workspace


class RemoteDependency(Struct, frozen=True):
    """A module of a remote registry, pinned by buf.lock."""

    name: str
    commit: str
    digest: str


class Sources(Protocol):
    """Access to source files, given as a name for the group and name to absolute path (`cache.digests.Digests`)."""

    def of(self, folder: str, files: Mapping[str, str]) -> Mapping[str, str]:
        """The digest of each file."""

    def imports(self, folder: str, files: Mapping[str, str]) -> Mapping[str, list[str]]:
        """The paths that each file imports."""


class _Uncached:
    """Reads every file, without a cache."""

    def of(self, folder: str, files: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        return manifest({name: read_regular(path) for name, path in files.items()})

    def imports(self, folder: str, files: Mapping[str, str]) -> dict[str, list[str]]:  # noqa: ARG002
        return {name: imports(read_regular(path)) for name, path in files.items()}


class Dependencies:
    """The dependency graph of a workspace, read from the imports of its sources.

    Raises:
        FieldstoneError: from any method, when a source cannot be read or buf cannot resolve buf.lock.
    """

    def __init__(self, workspace: Workspace, sources: Sources | None = None) -> None:
        self.workspace = workspace
        self._sources = sources or _Uncached()
        self._digests: dict[str, str] = {}

    @cached_property
    def _owners(self) -> Mapping[str, Module]:
        return {path: module for module in self.workspace.everything for path in module.all_paths}

    def of(self, module: Module) -> tuple[Module, ...]:
        """The workspace's own modules that `module` depends on, directly or not, sorted by name."""
        return tuple(found for found in self._needed(module) if found.name in self.workspace.modules)

    def third_party(self, module: Module) -> tuple[Module, ...]:
        """The workspace's third-party modules that `module` depends on, directly or not, sorted by path."""
        return tuple(found for found in self._needed(module) if found.name not in self.workspace.modules)

    def third_party_imports(self, module: Module) -> dict[str, Path]:
        """The files of third-party modules that `module` imports, directly or not: import path to absolute path."""
        files = {path: Path(file) for other in self.third_party(module) for path, file in other.all_paths.items()}
        owners = (module, *self.of(module))
        found: dict[str, Path] = {}
        waiting = {path for owner in owners for path in self.imports(owner) if path in files}
        while waiting:
            new = {path: files[path] for path in waiting}
            found |= new
            imported = self._sources.imports("third-party imports", {path: str(file) for path, file in new.items()})
            waiting = {path for paths in imported.values() for path in paths if path in files} - found.keys()
        return found

    def _needed(self, module: Module) -> tuple[Module, ...]:
        """All modules of the workspace that `module` depends on, directly or not, sorted by name."""
        needed: dict[str, Module] = {}
        waiting = [module] if len(self.workspace.everything) > 1 else []
        while waiting:
            importer = waiting.pop()
            for found in self._direct(importer):
                if found.name == module.name and importer is not module:
                    raise Invalid(
                        f"modules import each other in a circle: {module.name} and {importer.name}",
                        fix="move what they share into a module of its own",
                    )
                if found.name not in needed and found.name != module.name:
                    needed[found.name] = found
                    waiting.append(found)
        return tuple(needed[name] for name in sorted(needed))

    def remote(self, module: Module) -> tuple[RemoteDependency, ...]:
        """The modules from buf.lock that `module` depends on, directly or not, sorted by name; copies replace all."""
        folders = set() if self.workspace.copies else {self.workspace.root, self.workspace.config_folder(module)}
        if not any(_pins_anything(folder / "buf.lock") for folder in folders):
            return ()
        found: dict[str, RemoteDependency] = {}
        waiting = [node for node in self._graph if node["name"] == self._name_in_graph(module)]
        while waiting:
            for node in waiting.pop().get("deps", ()):
                waiting.append(node)
                if not node.get("local"):
                    found[node["name"]] = RemoteDependency(node["name"], node.get("commit", ""), node["digest"])
        return tuple(found[name] for name in sorted(found))

    def _name_in_graph(self, module: Module) -> str:
        """The name that buf gives a module in its graph: its own, or its path, numbered where several have one path."""
        if module.buf_name:
            return module.buf_name
        path = module.target or module.path
        same = [other.key for other in self.workspace.modules.values() if other.path == module.path]
        number = same.index(module.key) + 1
        return path if number == 1 else f"{path}-{number}"

    def digest(self, module: Module) -> str:
        """The b5 digest of the module's current sources."""
        if module.name not in self._digests:
            needed = [self.digest(other) for other in self._needed(module)]
            needed += [dependency.digest for dependency in self.remote(module)]
            self._digests[module.name] = b5(self._digests_of(module), needed)
        return self._digests[module.name]

    def _digests_of(self, module: Module) -> dict[str, str]:
        """The module's manifest: its sources and its documents, which may lie elsewhere."""
        documents = {name: str(path) for name, path in module.documents.items()}
        of = self._sources.of
        return {**of(str(module.root), module.all_paths), **of(f"{module.root} documents", documents)}

    @cached_property
    def _graph(self) -> list[dict[str, Any]]:
        return buf.dependency_graph(cwd=self.workspace.root)

    def imports(self, module: Module) -> frozenset[str]:
        """The paths that the module's files import."""
        every = self._sources.imports(str(module.root), module.all_paths)
        return frozenset(path for imported in every.values() for path in imported)

    def owner(self, path: str) -> Module | None:
        """The module of the workspace that declares a file, by import path; None if there is none."""
        return self._owners.get(path)

    def _direct(self, module: Module) -> Iterable[Module]:
        return {owner.name: owner for path in self.imports(module) if (owner := self.owner(path))}.values()


def _pins_anything(lock: Path) -> bool:
    return lock.is_file() and b"commit:" in lock.read_bytes()
