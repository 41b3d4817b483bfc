"""A module at an earlier commit, wherever its folder was then and whatever buf configuration it had."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.errors import Conflict, FieldstoneError, NotFound
from fieldstone.toolchain import git
from fieldstone.workspace.config.build_roots import with_one_root
from fieldstone.workspace.config.text import load_config
from fieldstone.workspace.modules import CONFIG_FILES, DOCUMENTS, Module, Workspace, load_workspace

KEPT = (".proto", *CONFIG_FILES, "buf.lock", *DOCUMENTS)
"""The ends of the names of the files that a module at a commit depends on."""
_SHARE = 0.5
"""The share of files that a folder must have in common with a module to count as its former folder."""


class PastModule(Struct, frozen=True):
    """A module at a commit.

    Attributes:
        workspace: the modules of that commit, in a temporary folder.
        module: the module among them.
    """

    workspace: Workspace
    module: Module


@contextmanager
def past_module(
    commit: str, module: Module, workspace: Workspace, *, at: Sequence[str] = (), outside: Path | None = None
) -> Iterator[PastModule]:
    """A module at a commit, in a temporary folder that lives as long as the `with`.

    Its configuration is the commit's own. Without one, it is today's list of modules; a module that was alone in its
    folder needs none.

    Args:
        commit: the full hash of the commit.
        module: today's module.
        workspace: today's workspace.
        at: folders to look in, relative to the root of the checkout, the first that has the module; by default today's
            folder, or the only one that has its files.
        outside: the registry folder, which belongs to no module.

    Raises:
        FieldstoneError: the commit has no such module, or its configuration cannot be read.
    """
    scratch = Path(tempfile.mkdtemp(prefix="fieldstone-")).resolve()
    try:
        top = git.top_of(workspace.root)
        git.export_tree(commit, cwd=top, into=scratch, keep=KEPT)
        if outside is not None:
            _remove_registry(scratch, outside.resolve(), top, workspace)
        search = _Search(scratch, scratch / workspace.root.resolve().relative_to(top), module, workspace)
        with _named(scratch, commit, top):
            then, found = search.given(at) if at else search.found()
            then, found = with_one_root(then, found, scratch / ".fieldstone-roots")
        yield PastModule(then, found)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _remove_registry(scratch: Path, registry: Path, top: Path, workspace: Workspace) -> None:
    """Remove the registry from a tree, unless it contains the whole workspace, or lies outside."""
    if registry.is_relative_to(top) and not workspace.root.is_relative_to(registry):
        shutil.rmtree(scratch / registry.relative_to(top), ignore_errors=True)


@contextmanager
def _named(scratch: Path, commit: str, top: Path) -> Iterator[None]:
    """Make errors name files by their paths in the commit, and the submodules where a folder is missing."""
    try:
        yield
    except FieldstoneError as error:
        problem, fix = (text.replace(f"{scratch}/", "") for text in (error.problem, error.fix))
        elsewhere = git.submodules(commit, cwd=top) if isinstance(error, NotFound) else []
        if elsewhere:
            fix = f"its files may be in another repository: {', '.join(elsewhere)} is a git submodule there"
        raise type(error)(problem, fix=fix) from error


class _Search(Struct, frozen=True):
    """The search for a module in the tree of a commit.

    Attributes:
        top: the tree's root, absolute.
        root: the folder in it that corresponds to today's workspace; it may not exist.
        module: today's module.
        today: today's workspace.
    """

    top: Path
    root: Path
    module: Module
    today: Workspace

    def given(self, at: Sequence[str]) -> tuple[Workspace, Module]:
        """The module in the first of some folders that has .proto files."""
        for path in at:
            folder = Path(os.path.normpath(self.top / path))
            if folder.is_relative_to(self.top) and _has_protos(folder):
                return self._around(folder)
        raise NotFound(f"there are no .proto files below {' or '.join(at)}")

    def found(self) -> tuple[Workspace, Module]:
        """The module where it is today, where the configuration of the commit has it, or where its files are."""
        if _has_config(self.root):
            then = self._load(self.root)
            if found := self._listed(then):
                return self._called(then, found)
        here = self.root / self.module.path
        return self._around(here if _has_protos(here) else self._former_folder())

    def _around(self, folder: Path) -> tuple[Workspace, Module]:
        """The module with this root, in the nearest configuration that lists it, or in one made of today's modules."""
        for parent in (folder, *folder.parents):
            if not parent.is_relative_to(self.top):
                break
            if _has_config(parent):
                then = self._load(parent)
                same = [module for module in then.modules.values() if module.root == folder]
                found = same[0] if same else self._listed(then) if parent == folder else None
                if found:
                    return self._called(then, found)
        return self._by_todays_modules(folder)

    def _load(self, folder: Path) -> Workspace:
        names = {module.key: module.name for module in self.today.modules.values()} if folder == self.root else {}
        joined = len(self.today.modules) == 1
        return load_workspace(folder, names=names, joined=joined, imports_only=self.today.imports_only)

    def _listed(self, then: Workspace) -> Module | None:
        """The module that a configuration lists: at the same path, by name, alone, or the only one with its files."""
        modules = then.modules.values()
        same_path = [module for module in modules if then.root == self.root and module.key == self.module.key]
        same_name = [module for module in modules if module.name == self.module.name]
        if same_path or same_name:
            return (same_path or same_name)[0]
        if len(modules) == len(self.today.modules) == 1:
            return next(iter(modules))
        shared = [module for module in modules if self._has_its_files(module.proto_paths.keys())]
        return shared[0] if len(shared) == 1 else None

    def _has_its_files(self, paths: Collection[str]) -> bool:
        """Whether import paths are mostly those of the module, or the other way round."""
        known = self.module.proto_paths.keys()
        return len(known & {*paths}) >= max(1, _SHARE * min(len(known), len(paths)))

    def _called(self, then: Workspace, found: Module) -> tuple[Workspace, Module]:
        """The workspace with the module under today's name."""
        named = replace(found, name=self.module.name)
        others = {name: module for name, module in then.modules.items() if module is not found}
        if named.name in others:
            raise Conflict(f"{then.root / then.config} lists another module {named.name}")
        return replace(then, modules={**others, named.name: named}), named

    def _former_folder(self) -> Path:
        """The only folder that has the module's files below it."""
        prefixes: Counter[str] = Counter()
        paths = [path.relative_to(self.top).as_posix() for path in self.top.rglob("*.proto")]
        for path in paths:
            parts = path.split("/")
            prefixes.update("/".join(parts[:n]) for n in range(len(parts)) if "/".join(parts[n:]) in self._known)
        below = {prefix: [p for p in paths if not prefix or p.startswith(f"{prefix}/")] for prefix in prefixes}
        found = sorted(p for p, count in prefixes.items() if count >= _SHARE * min(len(self._known), len(below[p])))
        if len(found) == 1:
            return self.top / found[0]
        where = self.module.path
        if not found:
            raise NotFound(
                f"there is no module at {where}, and no folder has its files", fix="name its folder: --at PATH"
            )
        raise NotFound(
            f"there is no module at {where}, and its files are in {' and '.join(path or '.' for path in found)}",
            fix="name one of them: --at PATH",
        )

    @property
    def _known(self) -> Collection[str]:
        return self.module.proto_paths.keys()

    def _by_todays_modules(self, folder: Path) -> tuple[Workspace, Module]:
        """The module in a workspace of today's other modules, where they have folders; for a tree without one."""
        root = self.root if folder.is_relative_to(self.root) else self.top
        named = self.module if folder == root / self.module.path else Module(self.module.name, folder, "")
        others = [(other, root / other.path) for other in self.today.everything if other.name != named.name]
        listed = [(named, folder), *((other, at) for other, at in others if _is_beside(at, folder))]
        for path in (path for name in (*CONFIG_FILES, "buf.lock") for path in root.rglob(name)):
            path.unlink()
        _write_config(root, listed, self.today)
        names = {_key(module, at, root): module.name for module, at in listed}
        then = load_workspace(root, names=names, imports_only=self.today.imports_only)
        return then, then.module(named.name)


def _key(module: Module, folder: Path, root: Path) -> str:
    """The path by which settings name a module in another folder: the first of its includes if it shares its path."""
    path = folder.relative_to(root).as_posix()
    shares_path = module.key not in {"", module.path}
    return next(iter(_moved(module.includes, module, folder, root)), path) if shares_path else path


def _write_config(root: Path, modules: Iterable[tuple[Module, Path]], today: Workspace) -> None:
    """Write a buf.yaml that lists modules in these folders, with today's remote dependencies if today's is v2."""
    written = [
        {
            "path": folder.relative_to(root).as_posix(),
            "excludes": _moved(module.excludes, module, folder, root),
            "includes": _moved(module.includes, module, folder, root),
        }
        for module, folder in modules
    ]
    config = load_config(today.root / "buf.yaml") if (today.root / "buf.yaml").is_file() else {}
    lock = today.root / "buf.lock"
    has_deps = config.get("version") == "v2" and not today.copies
    deps = config.get("deps") or [] if has_deps else []
    (root / "buf.yaml").write_text(json.dumps({"version": "v2", "modules": written, "deps": deps}))
    if has_deps and lock.is_file():
        shutil.copyfile(lock, root / "buf.lock")


def _moved(paths: Iterable[Path], module: Module, folder: Path, root: Path) -> list[str]:
    """Folders of a module as they are below another one, relative to `root`; those that exist there."""
    found = [folder / path.relative_to(module.root) for path in paths if path.is_relative_to(module.root)]
    return [path.relative_to(root).as_posix() for path in found if path.is_dir()]


def _has_config(folder: Path) -> bool:
    return any((folder / name).is_file() for name in CONFIG_FILES)


def _has_protos(folder: Path) -> bool:
    return folder.is_dir() and next(folder.rglob("*.proto"), None) is not None


def _is_beside(other: Path, folder: Path) -> bool:
    """Whether a folder has .proto files, and neither of two folders contains the other."""
    return _has_protos(other) and not other.is_relative_to(folder) and not folder.is_relative_to(other)
