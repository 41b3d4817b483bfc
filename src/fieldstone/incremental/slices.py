"""The part of a module that a change can affect, as a small image of each side; the verdict equals the whole's.

Only the changed files are compiled first. If the part that their importers depend on is equal in the
release, no importer is affected; else the importers are compiled as well. The same applies to changed
files of other modules, which are judged there. The imports of the affected files, and one file of each of
their packages, are included unchanged: so rules find the same as in the whole module. In any doubt there
is no slice, and the whole module is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.cache.store import IMAGES
from fieldstone.errors import FieldstoneError
from fieldstone.incremental.changed_files import BUILT_IN, MOST, PROTOVALIDATE, ChangedFiles
from fieldstone.incremental.image_index import CompiledFile, ImageIndex, importing, join, split, tables_of
from fieldstone.incremental.slice_images import BothSides, image_of
from fieldstone.incremental.symbols import packages_of, symbols_of
from fieldstone.incremental.visible import exported, outline
from fieldstone.project.project import Project
from fieldstone.registry.release import IMAGE, Release
from fieldstone.schema.image import IMPORT_MARK
from fieldstone.toolchain.diagnostic import CompileError
from fieldstone.workspace.modules import Module

if TYPE_CHECKING:
    from fieldstone.toolchain.joint import Compiling

Compiled = Callable[[Collection[str], Mapping[str, CompiledFile]], None]
"""Called with the changed paths and the compiled closure of their imports."""

Compile = Callable[[tuple[str, ...]], "Compiling"]
"""Starts the compiler on files of the module, given by import path, with all their imports."""


CompiledFiles = Mapping[str, CompiledFile]
"""Compiled files by import path, each after its own imports."""


class Slice(Struct, frozen=True):
    """The affected part of a module, on both sides.

    Attributes:
        release: the release that the module is compared with.
        same_sources: whether everything that the module's digest covers is unchanged.
        judged: the images of the release and of the working tree, for loading schemas; see `BothSides`.
        compared: returns the images for `buf breaking`.
        whole: returns the images with all declarations.
        released: the affected files in the release, encoded with their source info.
        touched: the import paths of the affected files on either side, each with the names of its unchanged
            declarations.
        shared: the module's own unchanged files that are in both images, encoded.
        linted: the files to lint; None for all.
        linted_apart: whether the unchanged ones of them may be linted separately.
    """

    release: Release
    same_sources: bool
    judged: tuple[bytes, bytes]
    compared: Callable[[], tuple[bytes, bytes]]
    whole: Callable[[], tuple[bytes, bytes]]
    released: Mapping[str, bytes]
    touched: Mapping[str, frozenset[str]]
    shared: Mapping[str, bytes]
    linted: tuple[str, ...] | None
    linted_apart: bool


def whole_image(project: Project, part: Slice) -> bytes:
    """The whole image of a partly compiled module: the release's files, and in their place those that can differ.

    Raises:
        FieldstoneError: the image of the release cannot be read.
    """
    released = split(project.registry.read(part.release, IMAGE), where=part.release.version)
    now = split(part.whole()[1], where="the compiled part")
    same = part.release.protos.keys() - part.touched.keys()
    anew = {path: file for path, file in now.items() if path not in same}
    return image_of({**released, **anew}, same | (part.touched.keys() & now.keys()))


def image_to_lint(paths: Collection[str], files: CompiledFiles) -> bytes:
    """An image of changed files for `buf lint`: these as they are, and outlines of their imports.

    Args:
        paths: the changed files.
        files: these and all their imports, each after its own imports.
    """
    is_whole = PROTOVALIDATE in files

    def context(path: str, file: CompiledFile) -> bytes:
        return (file.bare if is_whole or path.startswith(BUILT_IN) else outline(file)) + IMPORT_MARK

    return join(file.content if path in paths else context(path, file) for path, file in files.items())


def slice_of(
    project: Project,
    module: Module,
    changed: ChangedFiles,
    *,
    compiling: Sequence[Compiling],
    more: Compile,
    compiled: Compiled | None = None,
    must_compile: bool = False,
) -> Slice | None:
    """The slice of a module that differs from a release; None if the whole must be judged.

    Args:
        project: where the module is.
        module: the module.
        changed: the files that changed since the release.
        compiling: the running compilers of the changed files, one for each module.
        more: starts the compiler on further files.
        compiled: called when the changed files are compiled; optional.
        must_compile: whether files that do not compile are an error; by default, the whole must be judged.

    Raises:
        CompileError: an affected file does not compile, and must.
        FieldstoneError: a file cannot be read, the image of the release is damaged, or modules import each other.
    """
    return _Slicer(project, module, changed, must_compile=must_compile).slice(compiling, more, compiled)


def remember(project: Project, release: Release) -> None:
    """Cache the index of a release for the next check, if there is a cache.

    Raises:
        FieldstoneError: a file of it cannot be read.
    """
    store = project.cache.store
    if store.folder is None:
        return
    _index(project, release).fill()
    list(project.registry.defects(release.name))
    forget_older(project)
    store.save()


def forget_older(project: Project) -> None:
    """Drop the indexes and unpacked images of all but the newest release of each module from the cache.

    Indexes are dropped with its next save.

    Raises:
        FieldstoneError: a manifest cannot be read.
    """
    registry = project.registry
    newest = [registry.release(name, str(registry.versions(name)[-1])) for name in registry.modules()]
    tables = [table for other in newest for table in tables_of(other.files[IMAGE])]
    project.cache.store.forget(IMAGES, tables)
    project.cache.store.keep_objects({other.files[IMAGE] for other in newest})


def compiled_with(project: Project, release: Release, paths: Collection[str]) -> bool:
    """Whether a release was compiled with one of these import paths, its own or imported.

    Raises:
        FieldstoneError: its image cannot be read.
    """
    return bool(_index(project, release).find(paths))


def _index(project: Project, release: Release) -> ImageIndex:
    return ImageIndex(project.cache.store, project.registry.local(release, IMAGE), release.files[IMAGE])


class _Slicer:
    def __init__(self, project: Project, module: Module, changed: ChangedFiles, *, must_compile: bool) -> None:
        self.project, self.module, self.changed = project, module, changed
        self.must_compile = must_compile
        self.index = _index(project, changed.release)

    def slice(self, compiling: Sequence[Compiling], more: Compile, on_compiled: Compiled | None) -> Slice | None:
        """The slice: the changed files, and their importers if these are affected."""
        changed = self.changed
        released = changed.released(changed.paths)
        if self.index.find(changed.paths).keys() != released:
            return None  # a formerly imported file now belongs to the module
        before = self.index.read({*released, *self._imported})
        exported_before = self._exported(before)  # while the compiler runs
        compiled = self._output(compiling, changed.there)
        if compiled is None or not compiled.keys() >= {*changed.there}:
            return None
        if changed.elsewhere:
            compiled = self._needed(compiled)
        if self._options_may_differ(compiled) or self._may_be_declared_twice(before, compiled):
            return None
        if on_compiled and changed.there:
            on_compiled(changed.there, compiled)
        exported_after = self._exported({path: compiled[path] for path in self._ours & compiled.keys()})
        altered = {path for path in self._ours if exported_before.get(path) != exported_after.get(path)}
        touched = changed.paths | self._own(importing(altered, self._imports(compiled)))
        if len(touched) > MOST * len(changed.release.files):
            return None
        everything = self._with_touched(compiled, touched, more)
        if everything is None:
            return None
        self._refuse_circles(everything)
        return self._both_sides(everything, touched)

    def _with_touched(
        self, compiled: Mapping[str, CompiledFile], touched: Collection[str], more: Compile
    ) -> Mapping[str, CompiledFile] | None:
        """All affected files compiled; None if one does not compile, or a removed file is still imported."""
        further = self._there({*touched} - self.changed.paths)
        also = self._output([more(further)], further) if further else {}
        if also is None:
            return None
        added = {path: file for path, file in also.items() if path in further or path not in compiled}
        everything = {**compiled, **added}
        return everything if self.changed.gone.isdisjoint(everything) else None

    @cached_property
    def _imported(self) -> frozenset[str]:
        """The changed files of other modules that the release was compiled with."""
        return frozenset(self.index.find(path for paths in self.changed.elsewhere.values() for path in paths))

    def _needed(self, compiled: Mapping[str, CompiledFile]) -> dict[str, CompiledFile]:
        """The compiled closure of the module's changed files and its changed imports, in the same order."""
        needed: set[str] = set()
        waiting = [path for path in (*self.changed.there, *self._imported) if path in compiled]
        while waiting:
            path = waiting.pop()
            if path not in needed:
                needed.add(path)
                waiting += compiled[path].imports
        return {path: file for path, file in compiled.items() if path in needed}

    def _options_may_differ(self, compiled: Mapping[str, CompiledFile]) -> bool:
        """Whether changed files of this or another module may define custom options, on either side."""
        if not self.changed.elsewhere:
            return False
        changed = {*self.changed.there}.union(*self.changed.elsewhere.values())
        return bool(changed & self.index.of_options) or any(
            compiled[path].extends_options for path in changed & compiled.keys()
        )

    def _may_be_declared_twice(self, before: Mapping[str, CompiledFile], compiled: Mapping[str, CompiledFile]) -> bool:
        """Whether a new symbol may also be declared in a file that was not compiled together with it."""
        known = self.index.find(compiled)
        ours = self._ours
        changed = {path: file.proto for path, file in compiled.items() if path in ours or path not in known}
        same_path = {**before, **self.index.read((changed.keys() & known.keys()) - before.keys())}
        symbols_before = {path: symbols_of(file.proto) for path, file in same_path.items()}
        symbols_after = {path: symbols_of(file) for path, file in changed.items()}
        new = {
            symbol for path, symbols in symbols_after.items() for symbol in symbols - symbols_before.get(path, set())
        }
        counted = Counter(symbol for symbols in symbols_after.values() for symbol in symbols)
        packages = {name for file in changed.values() for name in packages_of(file)}
        if max(counted.values(), default=0) > 1 or not self.index.declaring(new) <= ours:
            return True
        # a package may have the name of a message, and declare the same nested names
        return bool(packages & counted.keys() or self.index.declaring(packages)) or self.index.has_packages(counted)

    def _refuse_circles(self, compiled: Mapping[str, CompiledFile]) -> None:
        """Raise if modules import each other, when the change may have caused that."""
        imported = {path for name in {*self.changed.there} & compiled.keys() for path in compiled[name].imports}
        if self.changed.elsewhere or imported - self.changed.paths - self.index.find(imported).keys():
            self.project.dependencies.digest(self.module)

    def _own(self, paths: Iterable[str]) -> set[str]:
        """The given paths that are files of the module, on either side."""
        return {path for path in paths if path in self.changed.paths or self.changed.released([path])}

    def _output(self, compiling: Sequence[Compiling], paths: Collection[str]) -> dict[str, CompiledFile] | None:
        """The compiled files, with imports from other modules; None if one does not compile."""
        total = len(self.changed.release.files)
        found: dict[str, CompiledFile] = {}
        with self.project.phases.phase("compile", f"compiling {len(paths):,} of {total:,} files"):
            try:
                for running in compiling:
                    found = {**split(running.output(what=""), where="the image"), **found}
            except FieldstoneError as error:
                if self.must_compile and isinstance(error, CompileError):
                    raise
                return None
        self.project.phases.counts["compiled"] += len(found)
        return found

    def _there(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The given files without the removed ones, sorted."""
        return tuple(sorted({*paths} - self.changed.gone))

    @property
    def _ours(self) -> frozenset[str]:
        """The changed files of the module, and those of other modules that the release was compiled with."""
        return self.changed.paths | self._imported

    def _exported(self, files: Mapping[str, CompiledFile]) -> dict[str, bytes]:
        """The digest of each file's exported part."""
        of_options = self.index.of_options
        return {path: exported(file, with_fields=path in of_options) for path, file in files.items()}

    def _imports(self, compiled: Mapping[str, CompiledFile]) -> Iterator[tuple[str, Iterable[str]]]:
        """Each of the module's files with its imports, before and after the change."""
        yield from ((path, file.imports) for path, file in compiled.items())
        protos = self.changed.release.protos
        before = self.index.reached(protos) if self._imported else self.index.find(protos)
        yield from ((path, entry.imports) for path, entry in before.items())

    def _both_sides(self, compiled: Mapping[str, CompiledFile], touched: Collection[str]) -> Slice:
        self.project.phases.counts["compared"] += len(touched)
        sides = BothSides(self.index, self.changed, compiled, touched, self._imported)
        linted, linted_apart = self._linted(sides, compiled)
        return Slice(
            release=self.changed.release,
            same_sources=self.changed.same_sources,
            judged=sides.judged(),
            compared=sides.compared,
            whole=sides.whole,
            released={path: file.content for path, file in sides.before.items()},
            touched=sides.unaltered,
            shared=sides.shared,
            linted=None if linted is None else tuple(sorted(linted)),
            linted_apart=linted_apart,
        )

    def _linted(self, sides: BothSides, compiled: Mapping[str, CompiledFile]) -> tuple[set[str] | None, bool]:
        """The files to lint, or None for all, and whether they may be linted separately.

        Most lint rules of buf look at one file. Some compare package, options and folder with the files of the same
        package or folder (PACKAGE_SAME_*, DIRECTORY_SAME_PACKAGE, PACKAGE_SAME_DIRECTORY). Two look at all
        files: import cycles of packages (PACKAGE_NO_IMPORT_CYCLE) and messages of rpcs (RPC_REQUEST_RESPONSE_UNIQUE).
        """
        before, after = sides.before, sides.after
        if self._package_imports_differ(before, compiled):
            return None, False
        others: set[str] = set()
        for path in before.keys() | after.keys():
            old, new = before.get(path), after.get(path)
            if (old.services if old else []) != (new.services if new else []):
                return None, False
            if (old and old.header) != (new and new.header):
                others.add(path)
        packages = {side[path].package for path in others for side in (before, after) if path in side}
        folders = {path.rpartition("/")[0] for path in others}
        siblings = (
            {path for path in self.module.proto_paths if path.rpartition("/")[0] in folders} if folders else set()
        )
        same = {path for name in packages for path in self.index.of_package(name)}
        there = self.changed.released({*same, *self._checking_fields(sides, compiled)}) - self.changed.gone
        return {*after, *siblings, *there}, not others

    def _checking_fields(self, sides: BothSides, compiled: Mapping[str, CompiledFile]) -> set[str]:
        """The files whose validation expressions may use changed fields of other files (PROTOVALIDATE)."""
        if PROTOVALIDATE not in compiled and not self.index.find([PROTOVALIDATE]):
            return set()
        before = self.index.read(self._imported) | sides.before
        new = {path: compiled[path].bare for path in self._ours & compiled.keys()}
        old = {path: before[path].bare for path in new.keys() & before.keys()}
        return importing([path for path, content in new.items() if content != old.get(path)], self._imports(compiled))

    def _package_imports_differ(self, before: Mapping[str, CompiledFile], compiled: Mapping[str, CompiledFile]) -> bool:
        """Whether a changed file, of this or another module, changed its package or imports other packages."""
        old = {**self.index.read(self._imported), **before}
        ours = {path: compiled[path] for path in (self._ours | before.keys()) & compiled.keys()}
        return any(
            self._package_imports(old.get(path), {}) != self._package_imports(ours.get(path), compiled)
            for path in old.keys() | ours.keys()
        )

    def _package_imports(self, file: CompiledFile | None, compiled: Mapping[str, CompiledFile]) -> set[tuple[str, str]]:
        """The package of a compiled file, paired with each package that it imports."""
        if file is None:
            return set()
        there = {compiled[path].package for path in file.imports if path in compiled}
        released = self.index.find(path for path in file.imports if path not in compiled)
        return {(file.package, package) for package in there | {entry.package for entry in released.values()}}
