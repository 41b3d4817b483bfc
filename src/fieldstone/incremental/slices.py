"""The part of a module that a change can touch: as small images of both sides, judged as the whole would be.

The files that changed are compiled by themselves. What their importers see of them is compared with the
release: where that is as it was, no importer can have changed; else these are compiled too. So it is with
changed files of other modules, which are judged there. What the touched files import, and one file of each
of their packages, goes along unchanged, so that whatever a rule asks has the answer that the whole module
would give. Where anything is in doubt, there is no slice and the whole is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.cache.store import IMAGES
from fieldstone.errors import FieldstoneError
from fieldstone.incremental.changed_files import MOST, PROTOVALIDATE, ChangedFiles
from fieldstone.incremental.image_index import CompiledFile, ImageIndex, importing, split, tables_of
from fieldstone.incremental.slice_images import BothSides
from fieldstone.incremental.symbols import packages_of, symbols_of
from fieldstone.incremental.visible import exported
from fieldstone.project.project import Project
from fieldstone.registry.release import IMAGE, Release
from fieldstone.workspace.modules import Module

if TYPE_CHECKING:
    from fieldstone.toolchain.buf import Running

Compiled = Callable[[Collection[str], Mapping[str, CompiledFile]], None]
"""Takes the changed files' paths, and what these and all that they import were compiled to."""

Compile = Callable[[tuple[str, ...]], "Running"]
"""Starts the compiler on files of the module, given by import path, and all that they import."""


class Slice(Struct, frozen=True):
    """The touched part of a module on both sides.

    Attributes:
        release: what the module is held against.
        same_sources: whether nothing differs from it that the module's digest covers.
        read: the images of the release's side and of the working tree's, in bytes, for who reads them; see `BothSides`.
        compared: gives them for who compares them; `whole`: with all that they declare.
        released: the touched files as the release has them, with their places.
        touched: the import paths of the module's own files on either side that can differ, each with the names of
            what it declares that does not.
        shared: its own files that both images have and that do not differ, as the release has them.
        linted: the files whose style can have changed; None for all.
        linted_apart: whether those of them that did not change themselves may be judged by themselves.
    """

    release: Release
    same_sources: bool
    read: tuple[bytes, bytes]
    compared: Callable[[], tuple[bytes, bytes]]
    whole: Callable[[], tuple[bytes, bytes]]
    released: Mapping[str, bytes]
    touched: Mapping[str, frozenset[str]]
    shared: Mapping[str, bytes]
    linted: tuple[str, ...] | None
    linted_apart: bool


def slice_of(
    project: Project,
    module: Module,
    changed: ChangedFiles,
    *,
    compiling: Sequence[Running],
    more: Compile,
    compiled: Compiled | None = None,
) -> Slice | None:
    """The slice of a module that differs from a release; None where the whole must be judged.

    Args:
        project: where the module is.
        module: the module.
        changed: what changed since the release.
        compiling: the compiler, at work on the changed files of each module.
        more: sets it to work on further files.
        compiled: is told when the changed files are compiled; nobody by default.

    Raises:
        FieldstoneError: a file cannot be read, the image of the release is damaged, or modules import each other.
    """
    return _Slicer(project, module, changed).slice(compiling, more, compiled)


def remember(project: Project, release: Release) -> None:
    """Work out what the next check will ask of a release, where that can be kept.

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
    """Drop, with the next save of the cache, the indexes of releases that are not the newest ones of their modules.

    Raises:
        FieldstoneError: a manifest cannot be read.
    """
    registry = project.registry
    newest = [registry.release(name, str(registry.versions(name)[-1])) for name in registry.modules()]
    tables = [table for other in newest for table in tables_of(other.files[IMAGE])]
    project.cache.store.forget(IMAGES, tables)


def compiled_with(project: Project, release: Release, paths: Collection[str]) -> bool:
    """Whether a release was compiled with files of these import paths, be they its own or what it imports.

    Raises:
        FieldstoneError: its image cannot be read.
    """
    return bool(_index(project, release).find(paths))


def _index(project: Project, release: Release) -> ImageIndex:
    return ImageIndex(project.cache.store, project.registry.local(release, IMAGE), release.files[IMAGE])


class _Slicer:
    def __init__(self, project: Project, module: Module, changed: ChangedFiles) -> None:
        self.project, self.module, self.changed = project, module, changed
        self.index = _index(project, changed.release)

    def slice(self, compiling: Sequence[Running], more: Compile, tell: Compiled | None) -> Slice | None:
        """What the changed files come to, and what imports them where it may have changed with them."""
        changed = self.changed
        released = changed.released(changed.paths)
        if self.index.find(changed.paths).keys() != released:
            return None  # what was imported from elsewhere is the module's own by now
        before = self.index.read({*released, *self._imported})
        shown = self._shown(before)  # while the compiler is at work
        compiled = self._output(compiling, changed.there)
        if compiled is None or not compiled.keys() >= {*changed.there}:
            return None
        if changed.elsewhere:
            compiled = self._needed(compiled)
        if self._options_may_differ(compiled) or self._may_be_declared_twice(before, compiled):
            return None
        if tell and changed.there:
            tell(changed.there, compiled)
        now = self._shown({path: compiled[path] for path in self._ours & compiled.keys()})
        anew = {path for path in self._ours if shown.get(path) != now.get(path)}
        touched = changed.paths | self._own(importing(anew, self._imports(compiled)))
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
        """What was compiled, and what else is touched; None where it does not compile, or is not the module's."""
        further = self._there({*touched} - self.changed.paths)
        also = self._output([more(further)], further) if further else {}
        if also is None:
            return None
        anew = {path: file for path, file in also.items() if path in further or path not in compiled}
        everything = {**compiled, **anew}
        return everything if self.changed.gone.isdisjoint(everything) else None  # else it is imported from elsewhere

    @cached_property
    def _imported(self) -> frozenset[str]:
        """The files of other modules that the release was compiled with, and that differ since."""
        return frozenset(self.index.find(path for paths in self.changed.elsewhere.values() for path in paths))

    def _needed(self, compiled: Mapping[str, CompiledFile]) -> dict[str, CompiledFile]:
        """The changed files that the module has or was released with, and all that these import, in the same order."""
        needed: set[str] = set()
        waiting = [path for path in (*self.changed.there, *self._imported) if path in compiled]
        while waiting:
            path = waiting.pop()
            if path not in needed:
                needed.add(path)
                waiting += compiled[path].imports
        return {path: file for path, file in compiled.items() if path in needed}

    def _options_may_differ(self, compiled: Mapping[str, CompiledFile]) -> bool:
        """Whether custom options, on either side, may be made of what differs in another module."""
        if not self.changed.elsewhere:
            return False
        changed = {*self.changed.there}.union(*self.changed.elsewhere.values())
        return bool(changed & self.index.of_options) or any(
            compiled[path].extends_options for path in changed & compiled.keys()
        )

    def _may_be_declared_twice(self, before: Mapping[str, CompiledFile], compiled: Mapping[str, CompiledFile]) -> bool:
        """Whether what is declared anew may be declared in a file that was not compiled beside it, too."""
        known = self.index.find(compiled)
        ours = self._ours
        anew = {path: file.proto for path, file in compiled.items() if path in ours or path not in known}
        same_path = {**before, **self.index.read((anew.keys() & known.keys()) - before.keys())}
        then = {path: symbols_of(file.proto) for path, file in same_path.items()}
        now = {path: symbols_of(file) for path, file in anew.items()}
        new = {symbol for path, symbols in now.items() for symbol in symbols - then.get(path, set())}
        counted = Counter(symbol for symbols in now.values() for symbol in symbols)
        packages = {name for file in anew.values() for name in packages_of(file)}
        if max(counted.values(), default=0) > 1 or not self.index.declaring(new) <= ours:
            return True
        # what a message holds may be declared in a package, too, that has the message's name
        return bool(packages & counted.keys() or self.index.declaring(packages)) or self.index.has_packages(counted)

    def _refuse_circles(self, compiled: Mapping[str, CompiledFile]) -> None:
        """Refuse modules that import each other, where there may be such since the release."""
        imported = {path for name in {*self.changed.there} & compiled.keys() for path in compiled[name].imports}
        if self.changed.elsewhere or imported - self.changed.paths - self.index.find(imported).keys():
            self.project.dependencies.digest(self.module)

    def _own(self, paths: Iterable[str]) -> set[str]:
        """Those of these paths that are files of the module, on either side."""
        return {path for path in paths if path in self.changed.paths or self.changed.released([path])}

    def _output(self, compiling: Sequence[Running], paths: Collection[str]) -> dict[str, CompiledFile] | None:
        """The compiled files, those of other modules as imports; None where one does not compile."""
        total = len(self.changed.release.files)
        found: dict[str, CompiledFile] = {}
        with self.project.phases.phase("compile", f"compiling {len(paths):,} of {total:,} files"):
            try:
                for running in compiling:
                    found = {**split(running.output(what=""), where="the image"), **found}
            except FieldstoneError:
                return None
        self.project.phases.counts["compiled"] += len(found)
        return found

    def _there(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of these files that the module has, sorted."""
        return tuple(sorted({*paths} - self.changed.gone))

    @property
    def _ours(self) -> frozenset[str]:
        """The changed files, those of other modules that the release was compiled with among them."""
        return self.changed.paths | self._imported

    def _shown(self, files: Mapping[str, CompiledFile]) -> dict[str, bytes]:
        """What files show their importers."""
        of_options = self.index.of_options
        return {path: exported(file, with_fields=path in of_options) for path, file in files.items()}

    def _imports(self, compiled: Mapping[str, CompiledFile]) -> Iterator[tuple[str, Iterable[str]]]:
        """Each of the module's files with what it imports, now and as released; an unchanged one imports the same."""
        yield from ((path, file.imports) for path, file in compiled.items())
        protos = self.changed.release.protos
        then = self.index.reached(protos) if self._imported else self.index.find(protos)
        yield from ((path, entry.imports) for path, entry in then.items())

    def _both_sides(self, compiled: Mapping[str, CompiledFile], touched: Collection[str]) -> Slice:
        self.project.phases.counts["compared"] += len(touched)
        sides = BothSides(self.index, self.changed, compiled, touched, self._imported)
        linted, linted_apart = self._linted(sides, compiled)
        return Slice(
            release=self.changed.release,
            same_sources=self.changed.same_sources,
            read=sides.read(),
            compared=sides.compared,
            whole=sides.whole,
            released={path: file.content for path, file in sides.before.items()},
            touched=sides.unaltered,
            shared=sides.shared,
            linted=None if linted is None else tuple(sorted(linted)),
            linted_apart=linted_apart,
        )

    def _linted(self, sides: BothSides, compiled: Mapping[str, CompiledFile]) -> tuple[set[str] | None, bool]:
        """The files whose style can have changed, and whether each of them by itself.

        None, which is all, where a rule spans more than their packages.

        buf judges files by themselves; by their package, options and folder with those of the same package and folder
        (PACKAGE_SAME_*, DIRECTORY_SAME_PACKAGE, PACKAGE_SAME_DIRECTORY); import cycles over packages
        (PACKAGE_NO_IMPORT_CYCLE); and messages of rpcs over all files (RPC_REQUEST_RESPONSE_UNIQUE).
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
        beside = {path for path in self.module.proto_paths if path.rpartition("/")[0] in folders} if folders else set()
        same = {path for name in packages for path in self.index.of_package(name)}
        there = self.changed.released({*same, *self._checking_fields(sides, compiled)}) - self.changed.gone
        return {*after, *beside, *there}, not others

    def _checking_fields(self, sides: BothSides, compiled: Mapping[str, CompiledFile]) -> set[str]:
        """The files that may hold what changed in other files' fields against expressions (PROTOVALIDATE)."""
        if PROTOVALIDATE not in compiled and not self.index.find([PROTOVALIDATE]):
            return set()
        before = self.index.read(self._imported) | sides.before
        now = {path: compiled[path].bare for path in self._ours & compiled.keys()}
        then = {path: before[path].bare for path in now.keys() & before.keys()}
        return importing([path for path, content in now.items() if content != then.get(path)], self._imports(compiled))

    def _package_imports_differ(self, before: Mapping[str, CompiledFile], compiled: Mapping[str, CompiledFile]) -> bool:
        """Whether a changed file, of another module too, imports other packages, or is in another one itself."""
        then = {**self.index.read(self._imported), **before}
        ours = {path: compiled[path] for path in (self._ours | before.keys()) & compiled.keys()}
        return any(
            self._package_imports(then.get(path), {}) != self._package_imports(ours.get(path), compiled)
            for path in then.keys() | ours.keys()
        )

    def _package_imports(self, file: CompiledFile | None, compiled: Mapping[str, CompiledFile]) -> set[tuple[str, str]]:
        """The package of a compiled file with each that it imports."""
        if file is None:
            return set()
        there = {compiled[path].package for path in file.imports if path in compiled}
        released = self.index.find(path for path in file.imports if path not in compiled)
        return {(file.package, package) for package in there | {entry.package for entry in released.values()}}
