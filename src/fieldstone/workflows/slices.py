"""The part of a module that a change can touch: as small images of both sides, judged as the whole would be.

The files that changed are compiled by themselves. What their importers see of them is compared with the
release: where that is as it was, no importer can have changed; else these are compiled too. What the
touched files import, and one file of each of their packages, goes along unchanged, so that whatever a
rule asks has the answer that the whole module would give. Where anything is in doubt, there is no slice
and the whole is judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from fieldstone.cache.exports import exported
from fieldstone.cache.images import ImageIndex, header_of, image_index, imports_of, join, package_of, services_of, split
from fieldstone.cache.ledgers import PREFIX, ledger_of
from fieldstone.compatibility.rules import all_rules
from fieldstone.errors import FieldstoneError
from fieldstone.registry.manifest import IMAGE, LEDGER, Release
from fieldstone.schema import buf
from fieldstone.schema.descriptors import IMPORT_MARK
from fieldstone.schema.workspace import Module
from fieldstone.workflows.project import Project

_MOST = 0.5
"""The part of a module above which it is judged whole: then a slice saves nothing."""

_FEW = 20
"""How many files a module has at least to be cut: a smaller one compiles whole while its style is judged."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The touched part of a module on both sides.

    Attributes:
        old: the image of the release's side, in bytes; `new`: that of the working tree's.
        own: the import paths of the module's own files on either side.
        linted: the files whose style can have changed, as buf takes paths; empty for all.
    """

    old: bytes
    new: bytes
    own: frozenset[str]
    linted: tuple[str, ...]


def slice_of(project: Project, module: Module, release: Release) -> Slice | None:
    """The slice of a module that differs from its newest release; None where the whole must be judged.

    Args:
        project: where the module is.
        module: the module; what it imports from other modules is as released.
        release: its newest release.

    Raises:
        FieldstoneError: a file cannot be read, or the image of the release is damaged.
    """
    return _Slicer(project, module, release).slice()


def remember(project: Project, release: Release) -> None:
    """Work out what the next check will ask of a release.

    Raises:
        FieldstoneError: a file of it cannot be read.
    """
    store = project.cache.store
    image_index(store, project.intact(release, IMAGE), release.files[IMAGE])
    ledger_of(store, project.intact(release, LEDGER), release.files[LEDGER])
    list(project.registry.defects(release.name))
    registry = project.registry
    newest = [registry.release(name, str(registry.versions(name)[-1])) for name in registry.modules()]
    store.forget(PREFIX, [f"{PREFIX}{other.files[LEDGER]}" for other in newest])
    store.save()


class _Slicer:
    def __init__(self, project: Project, module: Module, release: Release) -> None:
        self.project, self.module, self.release = project, module, release
        self.then = {path: digest for path, digest in release.sources.items() if path.endswith(".proto")}
        self.now = project.cache.digests.of(str(module.root), module.proto_paths)
        self.changed = {p for p in self.now.keys() | self.then.keys() if self.now.get(p) != self.then.get(p)}

    def slice(self) -> Slice | None:
        """Compile what changed, and what imports it where it may have changed with it."""
        if len(self.then) < _FEW or not self.changed or len(self.changed) > _MOST * len(self.then):
            return None
        compiled = self._compile(self.changed)
        if compiled is None or not self.then.keys() <= self.index.entries.keys():
            return None
        touched = self.changed | self._importers(self._seen_anew(compiled))
        if len(touched) > _MOST * len(self.then):
            return None
        if touched != self.changed:
            compiled = self._compile(touched)
        if compiled is None:
            return None
        return self._both_sides(compiled, touched)

    @cached_property
    def index(self) -> ImageIndex:
        """The files of the release, one by one."""
        path = self.project.intact(self.release, IMAGE)
        return image_index(self.project.cache.store, path, self.release.files[IMAGE])

    def _compile(self, paths: Iterable[str]) -> dict[str, bytes] | None:
        """The compiled files of these and of all that they import; None where one does not compile."""
        there = sorted(path for path in paths if path in self.now)
        if not there:
            return {}
        workspace = self.project.workspace
        exclude = (*workspace.excluded_paths(self.project.settings.registry), *workspace.nested_in(self.module))
        with self.project.phases.phase("compile", f"compiling {len(there):,} of {len(self.now):,} files"):
            running = buf.build(self.module.path, cwd=workspace.root, exclude=exclude, only=self._as_given(there))
            all_rules()  # imported while buf compiles: they are needed next
            try:
                compiled = split(running.output(what=""), where="the image")
            except FieldstoneError:
                return None
        self.project.phases.counts["compiled"] += len(compiled)
        return compiled

    def _as_given(self, paths: Iterable[str]) -> list[str]:
        root = self.module.path
        return [path if root == "." else f"{root}/{path}" for path in paths]

    def _seen_anew(self, compiled: Mapping[str, bytes]) -> set[str]:
        """The changed files that show their importers something else than before."""
        before = self.index.read(self.changed & self.index.entries.keys())
        anew: set[str] = set()
        for path in self.changed:
            old, new = before.get(path), compiled.get(path)
            fields = path in self._of_options
            if old is None or new is None or exported(old, with_fields=fields) != exported(new, with_fields=fields):
                anew.add(path)
        return anew

    @cached_property
    def _of_options(self) -> set[str]:
        """The files that declare custom options, and all that these import: a type in them may be that of an option."""
        return self._reached(path for path, entry in self.index.entries.items() if entry.extends_options)

    def _importers(self, paths: Iterable[str]) -> set[str]:
        """The files that import some of these, directly or not, on either side."""
        found: set[str] = set()
        waiting = list(paths)
        while waiting:
            new = self._imported_by[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    @cached_property
    def _imported_by(self) -> Mapping[str, set[str]]:
        """Path to the module's files that import it, on either side."""
        found: dict[str, set[str]] = defaultdict(set)
        now = self.project.cache.digests.imports(str(self.module.root), self.module.proto_paths)
        then = ((path, self.index.entries[path].imports) for path in self.then if path in self.index.entries)
        for importer, imported in (*now.items(), *then):
            for path in imported:
                found[path].add(importer)
        return found

    def _both_sides(self, compiled: Mapping[str, bytes], touched: set[str]) -> Slice:
        """Both images: the touched files, and beside them the same unchanged ones on either side."""
        self.project.phases.counts["compared"] += len(touched)
        own = self.then.keys() & self.now.keys() - touched
        reached = {*self._reached(touched & self.then.keys()), *compiled} | self._of_the_packages(
            compiled, touched, own
        )
        beside = self._reached(reached & own)
        released = self.index.read({*beside, *self._reached(touched & self.then.keys())})
        unchanged = {path: content + IMPORT_MARK for path, content in released.items() if path not in touched}
        old = {**unchanged, **{path: released[path] for path in touched & self.then.keys()}}
        new = {**{path: c for path, c in unchanged.items() if path in beside}, **compiled}
        return Slice(
            old=join(_sorted(old)),
            new=join(_sorted(new)),
            own=frozenset({*touched, *(reached & own)}),
            linted=tuple(self._as_given(sorted(self._linted(compiled, touched)))),
        )

    def _linted(self, compiled: Mapping[str, bytes], touched: set[str]) -> set[str]:
        """The files whose style can have changed; none, which is all, where a rule spans more than their packages.

        buf judges files by themselves; by their package, options and folder with those of the same package and folder
        (PACKAGE_SAME_*, DIRECTORY_SAME_PACKAGE, PACKAGE_SAME_DIRECTORY); import cycles over packages
        (PACKAGE_NO_IMPORT_CYCLE); and messages of rpcs over all files (RPC_REQUEST_RESPONSE_UNIQUE).
        """
        before = self.index.read(touched & self.index.entries.keys())
        for path in touched:
            old, new = before.get(path), compiled.get(path)
            if self._reaches(old) != self._reaches(new, compiled) or services_of(old) != services_of(new):
                return set()
        others = {path for path in touched if header_of(before.get(path)) != header_of(compiled.get(path))}
        packages = {package_of(side[path]) for path in others for side in (before, compiled) if path in side}
        folders = {path.rpartition("/")[0] for path in others}
        beside = {p for p in self.now if p.rpartition("/")[0] in folders} if folders else set()
        same = {p for p, e in self.index.entries.items() if e.package in packages} if packages else set()
        return (touched | beside | same) & self.now.keys()

    def _reaches(self, content: bytes | None, compiled: Mapping[str, bytes] | None = None) -> set[str]:
        """The packages that a compiled file imports."""
        found: set[str] = set()
        for path in imports_of(content) if content is not None else ():
            if compiled is not None and path in compiled:
                found.add(package_of(compiled[path]))
            elif path in self.index.entries:
                found.add(self.index.entries[path].package)
        return found

    def _reached(self, paths: Iterable[str]) -> set[str]:
        """Released files and all that they imported."""
        found: set[str] = set()
        waiting = [path for path in paths if path in self.index.entries]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += [p for p in self.index.entries[path].imports if p in self.index.entries]
        return found

    def _of_the_packages(self, compiled: Mapping[str, bytes], touched: set[str], own: set[str]) -> set[str]:
        """An untouched file of each package of the touched ones, where it has one: so the package is not gone."""
        packages = {self.index.entries[path].package for path in touched & self.index.entries.keys()}
        packages |= {package_of(compiled[path]) for path in touched & compiled.keys()}
        found: dict[str, str] = {}
        for path in sorted(own & self.index.entries.keys()):
            package = self.index.entries[path].package
            if package in packages:
                found.setdefault(package, path)
        return {*found.values()}


def _sorted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, each after those that it imports."""
    waiting = dict(files)
    done: dict[str, bytes] = {}

    def take(path: str) -> None:
        content = waiting.pop(path, None)
        if content is not None:
            for needed in imports_of(content):
                take(needed)
            done[path] = content

    for path in sorted(files):
        take(path)
    return done
