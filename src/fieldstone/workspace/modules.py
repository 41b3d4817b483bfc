"""The modules of a workspace, with their sources and names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.errors import FieldstoneError, Invalid, NotFound
from fieldstone.regular_file import read_file
from fieldstone.schema.digest import file_digest
from fieldstone.suggestions import did_you_mean
from fieldstone.toolchain.checkout_gaps import find_gaps
from fieldstone.workspace.config.listed_modules import ListedModule, listed_modules, module_names, third_party_names
from fieldstone.workspace.copies import copies_among, laid_out
from fieldstone.workspace.imports_only import is_at_or_below, third_party_modules
from fieldstone.workspace.unsaved import Unsaved
from fieldstone.workspace.walking import as_texts, is_within, proto_files_below

CONFIG_FILES = ("buf.yaml", "buf.work.yaml")
# The order in which buf looks for the documentation that a module's digest covers.
_DOCUMENTATION = ("buf.md", "README.md", "README.markdown")
_LICENSE = "LICENSE"
DOCUMENTS = (_LICENSE, *_DOCUMENTATION)
"""The possible names of a module's documents."""


class Module(Struct, frozen=True, dict=True):
    """A buf module of a workspace.

    Attributes:
        name: its name in Fieldstone, and its folder in the registry.
        root: the absolute folder that import paths are relative to.
        path: `root` relative to the workspace, with `/`, as on buf's command line.
        buf_name: its name in a buf registry (`buf.build/acme/weather`); may be empty.
        excludes: folders below `root` that do not belong to it, absolute.
        includes: if not empty, the only folders that belong to it, absolute.
        docs_roots: the folders in which buf looks for its LICENSE and README.md, in order; empty for `root` alone.
        key: the path by which settings name it, relative to the workspace; empty for `path`. It is another where
            several modules have one path.
        target: the folder that buf takes on its command line, relative to the workspace; empty for `path`. It is
            another for the roots of v1beta1.
        imports_only: files and folders below `root`, absolute, with third-party schemas: buf and the digest count them
            as the module's, but they are neither judged nor released as its own.
        unsaved: texts of an editor, which stand for its files or are further ones.
    """

    name: str
    root: Path
    path: str
    buf_name: str = ""
    excludes: tuple[Path, ...] = ()
    includes: tuple[Path, ...] = ()
    docs_roots: tuple[Path, ...] = ()
    key: str = ""
    target: str = ""
    imports_only: tuple[Path, ...] = ()
    unsaved: Unsaved | None = None

    @cached_property
    def proto_files(self) -> Mapping[str, Path]:
        """The module's own .proto files: import path to absolute path, sorted."""
        return {name: Path(path) for name, path in self.proto_paths.items()}

    @cached_property
    def proto_paths(self) -> Mapping[str, str]:
        """`proto_files` with paths as texts, which is faster for thousands of files.

        Raises:
            FieldstoneError: a folder cannot be read, or a name is not UTF-8.
        """
        if not self.imports_only:
            return self.all_paths
        return {path: file for path, file in self.all_paths.items() if not self.is_third_party(Path(file))}

    @cached_property
    def third_party_paths(self) -> Mapping[str, str]:
        """The third-party .proto files in the module: import path to absolute path, sorted."""
        if not self.imports_only:
            return {}
        return {path: file for path, file in self.all_paths.items() if self.is_third_party(Path(file))}

    @cached_property
    def all_paths(self) -> Mapping[str, str]:
        """The .proto files that buf counts as the module's: import path to absolute path, sorted."""
        start = len(str(self.root).rstrip(os.sep)) + 1
        found = {*proto_files_below(self.root, self.excludes, self.includes), *self._new_paths}
        return as_texts({path[start:].replace(os.sep, "/"): path for path in sorted(found)})

    @property
    def _new_paths(self) -> Iterator[str]:
        """The absolute paths of its unsaved files, which may not be on disk."""
        below = self.unsaved.below(self.root) if self.unsaved else {}
        return (file for path, file in below.items() if self.owns(path) or self.is_third_party(Path(file)))

    def is_third_party(self, file: Path) -> bool:
        """Whether a file below its root, given by its absolute path, is imports only."""
        return is_within(file, self.imports_only)

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """All files that are released as the module's own: its .proto files, LICENSE and documentation."""
        return {**self.proto_files, **self.documents}

    def contents(self) -> dict[str, bytes]:
        """Read `files`.

        Raises:
            FieldstoneError: a file cannot be read.
        """
        return {name: read_file(path) for name, path in self.files.items()}

    def owns(self, path: str) -> bool:
        """Whether a path below its root, with `/`, belongs to the module if it is a .proto file; it need not exist."""
        folders = [self.root.joinpath(*PurePosixPath(path).parts[:depth]) for depth in range(path.count("/") + 1)]
        left_out = {*self.excludes, *self.imports_only}
        inside = not any(folder in left_out or folder.name == ".git" for folder in (*folders[1:], self.root / path))
        return path.endswith(".proto") and inside and (not self.includes or is_within(folders[-1], self.includes))

    @cached_property
    def documents(self) -> Mapping[str, Path]:
        """Its LICENSE and documentation: name to absolute path."""
        found: dict[str, Path] = {}
        for kind in ((_LICENSE,), _DOCUMENTATION):
            for folder in self.docs_roots or (self.root,):
                names = [name for name in kind if (folder / name).is_file()]
                if names:
                    found[names[0]] = folder / names[0]
                    break
        return found


class Input(Struct, frozen=True):
    """The arguments by which buf takes one module, relative to the workspace.

    Attributes:
        target: the folder to compile.
        exclude: the paths in it that do not belong to the module.
        within: if not empty, the only paths in it that do.
    """

    target: str
    exclude: tuple[str, ...]
    within: tuple[str, ...] = ()


class Workspace(Struct, frozen=True):
    """All modules that one buf configuration lists.

    Attributes:
        root: the absolute folder of buf.yaml or buf.work.yaml.
        config: that file's name.
        modules: by name.
        joined: whether a module of v1beta1 with several `build.roots` is one module.
        third_party: the modules that are imports only, by name: their path.
        imports_only: the setting of that name; None where they are found by their folders' names.
        copies: the paths of third-party modules that the configuration does not list: they stand for its `deps`.
        unsaved: texts of an editor that stand for files.
    """

    root: Path
    config: str
    modules: Mapping[str, Module]
    joined: bool = False
    third_party: Mapping[str, Module] = {}
    imports_only: Sequence[str] | None = None
    copies: tuple[str, ...] = ()
    unsaved: Unsaved | None = None

    @property
    def buf_root(self) -> Path:
        """The absolute folder to run buf in: with copies or unsaved texts, one of links to `root`.

        Raises:
            FieldstoneError: the configuration cannot be read, or the folder cannot be written.
        """
        base = laid_out(self.root, self.config, self.copies) if self.copies else self.root
        return self.unsaved.laid_out(self.root, base) if self.unsaved else base

    @property
    def has_third_party(self) -> bool:
        """Whether a module, or a part of one, is imports only."""
        return bool(self.third_party) or any(module.imports_only for module in self.modules.values())

    @property
    def everything(self) -> Sequence[Module]:
        """All modules, third-party ones included."""
        return (*self.modules.values(), *self.third_party.values())

    def module(self, name: str) -> Module:
        """The module of that name.

        Raises:
            FieldstoneError: the configuration lists no such module.
        """
        if name in self.modules:
            return self.modules[name]
        paths = [module.path for module in self.third_party.values()]
        foreign = next((path for path in paths if name in {path, PurePosixPath(path).name}), "")
        if foreign:
            raise Invalid(
                f"{foreign} is imports only: third-party schemas are neither judged nor released here",
                fix=self.to_govern(foreign),
            )
        hint = did_you_mean(name, self.modules, f"it lists {', '.join(self.modules) or 'none'}")
        raise NotFound(f"no module {name} in {self.root / self.config}", fix=hint)

    def to_govern(self, path: str) -> str:
        """The advice how to make a third-party module one's own."""
        if self.imports_only is None:
            return "to govern it, list in imports-only of the settings only what is third-party, or nothing: []"
        return f"to govern it, take {path} out of imports-only in the settings"

    def style_digest(self, module: Module) -> str:
        """The digest of the buf configuration, which decides the result of `buf lint` for a module."""
        return file_digest(self._configuration(module))

    def brings_rules(self, module: Module) -> bool:
        """Whether the buf configuration has plugins or policies, whose rules are not buf's and change independently.

        A comment that mentions them counts, too.
        """
        return any(key in self._configuration(module) for key in (b"plugins", b"policies"))

    def _configuration(self, module: Module) -> bytes:
        """The contents of a module's buf configurations, concatenated."""
        folders = {self.root, self.config_folder(module)}
        found = [folder / name for folder in sorted(folders) for name in CONFIG_FILES if (folder / name).is_file()]
        return b"\0".join(read_file(path) for path in found)

    def config_folder(self, module: Module) -> Path:
        """The folder of the buf configuration of a v1 or v1beta1 module."""
        return self.root / (module.target or module.path)

    def input_of(self, module: Module, outside: Path | None = None) -> Input:
        """The arguments by which buf takes one module.

        Args:
            module: the module.
            outside: a folder (the registry) that belongs to no module.
        """
        others = [other for other in self.everything if other.root == module.root and other.key != module.key]
        within = [self._relative(folder) for folder in module.includes] if others else []
        beside = (*self.excluded_paths(outside), *self._beside(module, others), *self._nested_in(module))
        return Input(
            target=module.target or module.path,
            exclude=tuple(dict.fromkeys(beside)),
            within=tuple(sorted({*(within or self._of_root(module))} - {module.path})),
        )

    def _of_root(self, module: Module) -> set[str]:
        """The paths that only this root of a v1beta1 module has, if it has several; else none.

        buf takes each --path as relative to all roots, and refuses a root itself.
        """
        others = [
            other for other in self.modules.values() if other.target == module.target and other.root != module.root
        ]
        if module.target == module.path or not others:
            return set()
        theirs = {folder for other in others for path in other.proto_paths for folder in _folders(path)}
        own = (next((f for f in _folders(path) if f not in theirs), path) for path in module.proto_paths)
        return {f"{module.path}/{path}" for path in own}

    def _beside(self, module: Module, others: Sequence[Module]) -> tuple[str, ...]:
        """The folders of the other modules with the same path, which buf would compile as well."""
        theirs = [folder for other in others for folder in other.includes]
        around = {folder for own in module.includes for folder in (own, *own.parents)}
        excludes = [*theirs, *(module.excludes if others else ())]
        inside = [folder for folder in excludes if folder not in around and folder.is_relative_to(module.root)]
        return tuple(map(self._relative, inside))

    def _relative(self, folder: Path) -> str:
        return PurePosixPath(os.path.relpath(folder, self.root)).as_posix()  # a link may lead elsewhere

    def excluded_paths(self, folder: Path | None) -> tuple[str, ...]:
        """The paths for buf to exclude, so that `folder` (absolute) is not compiled as part of a module."""
        if folder is None:
            return ()
        folder = Path(os.path.normpath(folder))  # it may contain `..`
        around = {folder, *folder.parents}
        inside = [m for m in self.everything if m.root in around and (not m.includes or around & {*m.includes})]
        return (folder.relative_to(self.root).as_posix(),) if inside and folder.is_dir() else ()

    def _nested_in(self, module: Module) -> tuple[str, ...]:
        """The paths for buf to exclude, so that of a module only its own files are compiled, and what they import.

        These are the modules below its root, and its third-party files. buf accepts files and folders inside a nested
        module here, and refuses the module's own folder.
        """
        nested = [other for other in self.everything if module.root in other.root.parents]
        inner = {f"{n.path}/{path.partition('/')[0]}" for n in nested for path in n.all_paths}
        third_party = {path for top in module.imports_only for path in self._without_nested(module, top, nested)}
        return tuple(sorted(inner | third_party))

    def _without_nested(self, module: Module, top: Path, nested: Sequence[Module]) -> Iterator[str]:
        """The third-party files or folder at a path; where other modules lie below it, its files outside of them."""
        if not any(top == other.root or top in other.root.parents for other in nested):
            yield from [self._relative(top)] if top.exists() else []
            return
        for file in map(Path, module.third_party_paths.values()):
            if top in file.parents and not any(other.root in file.parents for other in nested):
                yield self._relative(file)


def load_workspace(
    root: Path,
    *,
    names: Mapping[str, str] | None = None,
    outside: Path | None = None,
    bare: bool = False,
    joined: bool = False,
    imports_only: Sequence[str] | None = None,
    unsaved: Unsaved | None = None,
) -> Workspace:
    """Read the modules of the workspace at `root`.

    Args:
        root: the folder of buf.yaml or buf.work.yaml.
        names: module paths to their names in the settings; other modules get the last part of their buf name, or of
            their path.
        outside: a folder that belongs to no module, wherever it lies (the registry).
        bare: whether a folder without a configuration counts as one module, as in buf.
        joined: whether a module of v1beta1 with several `build.roots` is one module, as in buf; its import paths are
            then relative to folders other than its root.
        imports_only: the paths of third-party schemas, relative to `root`: modules, or files and folders inside one;
            None to find such modules by their folders' names.
        unsaved: texts of an editor that stand for files.

    Raises:
        FieldstoneError: there is no configuration, it cannot be read, or all its modules are third-party.
    """
    root = root.resolve()
    config, entries = listed_modules(root, bare=bare, joined=joined)
    copies = copies_among(imports_only or (), entries, root)
    listed = [ListedModule(copy, copy, copy, (copy,)) for copy in copies]
    foreign = [*third_party_modules(entries, imports_only), *listed]
    own = [entry for entry in entries if entry not in foreign]
    called = module_names(own, names or {}, root / config)
    inside = [path for path in imports_only or () if path not in copies]
    make = partial(_module, config=root / config, outside=outside, copies=copies, unsaved=unsaved)
    return Workspace(
        root=root,
        config=config,
        modules={name: make(entry, name, inside=inside) for name, entry in zip(called, own, strict=True)},
        joined=joined,
        third_party={name: make(entry, name) for name, entry in zip(third_party_names(foreign), foreign, strict=True)},
        imports_only=imports_only,
        copies=copies,
        unsaved=unsaved,
    )


def _module(
    entry: ListedModule,
    name: str,
    config: Path,
    *,
    outside: Path | None,
    copies: Sequence[str],
    unsaved: Unsaved | None,
    inside: Sequence[str] = (),
) -> Module:
    """A listed module; `inside` are the third-party paths, relative to the workspace, that may lie in it."""
    root = config.parent
    module_root = (root / entry.path).resolve()
    if not os.path.isdir(module_root):  # noqa: PTH112  # Path.is_dir refuses names that are too long
        way_out = find_gaps(root).way_out(root / entry.path)
        raise NotFound(f"{config} lists {entry.path}, and there is no such folder", fix=way_out)
    if outside is not None and _lies_in(outside.resolve(), module_root, root):
        raise Invalid(
            f"module {name} ({entry.path}) of {config} lies in the registry {outside}",
            fix="list the folder of its sources: what was released never changes",
        )
    nested = [copy for copy in copies if copy != entry.path and is_at_or_below(copy, [entry.path])]
    excludes = tuple((root / path).resolve() for path in (*entry.excludes, *nested))
    third_party = [(root / path).resolve() for path in inside]
    return Module(
        name=name,
        root=module_root,
        path=entry.path,
        buf_name=entry.buf_name,
        excludes=excludes if outside is None else (*excludes, outside.resolve()),
        includes=tuple((root / path).resolve() for path in entry.includes),
        docs_roots=tuple((root / folder).resolve() for folder in entry.documents),
        key=entry.key,
        target=entry.target,
        imports_only=tuple(path for path in third_party if module_root in path.parents),
        unsaved=unsaved,
    )


def _folders(path: str) -> Iterator[str]:
    """The folders that contain a file, outermost first: `a`, `a/b` for `a/b/c.proto`."""
    return (path[: found.start()] for found in re.finditer("/", path))


def without_files(module: Module, where: str = "") -> FieldstoneError:
    """The error for a module that has no .proto files.

    Args:
        module: the module.
        where: its place for people; by default its folder, which may be an empty submodule.
    """
    fix = "" if where else find_gaps(module.root).way_out(module.root)
    return NotFound(f"module {module.name} has no .proto files below {where or module.root}", fix=fix)


def _lies_in(registry: Path, folder: Path, workspace: Path) -> bool:
    """Whether a folder lies in the registry, unless the whole workspace does."""
    return folder.is_relative_to(registry) and not workspace.is_relative_to(registry)
