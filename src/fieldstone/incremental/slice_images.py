"""Old and new image of a slice: affected files plus shared context."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from fieldstone.compatibility.allowance import MARK
from fieldstone.incremental.changed_files import BUILT_IN, ChangedFiles
from fieldstone.incremental.image_index import CompiledFile, ImageIndex, importing, join
from fieldstone.incremental.visible import linkable, with_names_of
from fieldstone.schema.descriptors.lazy_files import declaring_paths
from fieldstone.schema.image import IMPORT_MARK
from fieldstone.schema.image.import_order import in_import_order
from fieldstone.schema.image.unaltered import unaltered


class BothSides:
    """The affected files of a module before and after a change, with unchanged files as context.

    Args:
        index: the compiled files of the release.
        changed: the changed files.
        compiled: the compiled files of the working tree: the affected files and all their imports.
        touched: the affected files.
        imported: the changed files of other modules; they are in `compiled` unless they were removed.
    """

    def __init__(
        self,
        index: ImageIndex,
        changed: ChangedFiles,
        compiled: Mapping[str, CompiledFile],
        touched: Collection[str],
        imported: Collection[str],
    ) -> None:
        self._index, self._changed, self._compiled, self._touched = index, changed, compiled, touched
        self._imported = imported
        self.before = index.read(changed.released(touched))
        self.after = {path: file for path, file in compiled.items() if path in touched}

    @cached_property
    def _old(self) -> Mapping[str, CompiledFile]:
        """The files of the release, without source info; of unchanged files, only the exported part."""
        before = {path: CompiledFile(file.bare) for path, file in self.before.items()}
        return {**self._bare, **before}

    @cached_property
    def _new(self) -> Mapping[str, CompiledFile]:
        """The same for the working tree, but affected files keep their source info."""
        bare = {path: file for path, file in self._bare.items() if path not in self._imported}
        context = {path: bare[path] for path in self._context & bare.keys()}
        others = {path: bare.get(path) or self._bared(path, file) for path, file in self._compiled.items()}
        return {**context, **others, **self.after}

    def judged(self) -> tuple[bytes, bytes]:
        """Both images for loading schemas: they have everything that rules may look up."""
        return image_of(self._old), image_of(self._new)

    def compared(self) -> tuple[bytes, bytes]:
        """Both images for `buf breaking`: the differences, and the imports that they need for linking.

        One context file is always included, because buf refuses an empty image.
        """
        context = sorted(self._context.difference(self._imported))[:1]
        old, new = self._differing(self._old, self.before), self._differing(self._new, self.after)
        return image_of(old, {*self.before, *context}), image_of(new, {*self.after, *context})

    def _differing(self, side: Mapping[str, CompiledFile], touched: Iterable[str]) -> dict[str, CompiledFile]:
        """The files of a side; unchanged messages in affected files are reduced to their names."""
        return {**side, **{path: with_names_of(side[path], self.unaltered[path]) for path in touched}}

    def whole(self) -> tuple[bytes, bytes]:
        """Both images with all declarations, for writing example messages."""
        unchanged = {path: CompiledFile(file.bare + IMPORT_MARK) for path, file in self._unchanged.items()}
        same = {path: file for path, file in unchanged.items() if path not in self._imported}
        context = {path: same[path] for path in self._context & same.keys()}
        others = {path: same.get(path) or CompiledFile(f.content + IMPORT_MARK) for path, f in self._compiled.items()}
        return image_of({**unchanged, **self.before}), image_of({**context, **others, **self.after})

    @property
    def shared(self) -> dict[str, bytes]:
        """The module's own unchanged files that are in both images."""
        own = self._own(self._unchanged)
        return {path: self._unchanged[path].content for path in own}

    @cached_property
    def unaltered(self) -> dict[str, frozenset[str]]:
        """The affected files, each with the names of its unchanged declarations.

        There are none for a file whose custom options may have changed with an import. There are none either
        for a file with an allowance: that is a comment, which the bytes of a declaration do not have.
        """
        sides = self.before, self.after
        allowing = {path for side in sides for path, file in side.items() if MARK in file.content}
        options = self._of_options & self.after.keys()
        protos = ([file.proto for file in side.values()] for side in sides)
        same = unaltered(*protos, besides={*allowing, *options, *importing(options, self._imports())})
        return {path: same.get(path, frozenset()) for path in self._touched}

    @cached_property
    def _unchanged(self) -> dict[str, CompiledFile]:
        """The imports of the affected files in the release, and the context files."""
        needed = {*self._index.reached(self.before)} | self._context
        return self._index.read(needed - {*self._touched})

    @cached_property
    def _bare(self) -> dict[str, CompiledFile]:
        """The same files, reduced to their exported part."""
        return {path: self._bared(path, file) for path, file in self._unchanged.items()}

    @cached_property
    def _context(self) -> set[str]:
        """The module's own unchanged files that a rule may look up, with all their imports.

        These are the imports of the affected files on either side, and one file of each of their packages. The files
        with an rpc that takes or returns one of their messages are included as well.
        """
        both = [*self.before.values(), *self.after.values()]
        packages = {file.package for file in both}
        ones = (next((p for p in sorted(self._index.of_package(name)) if self._own([p])), None) for name in packages)
        callers = self._index.callers(declaring_paths(file.proto for file in both)["messages"])
        needed = self._own((*self._index.reached(self.before), *self._compiled, *filter(None, ones), *callers))
        return {*self._index.reached(needed or self._own(self._changed.release.protos)[:1])}

    def _own(self, paths: Iterable[str]) -> list[str]:
        """The given files that are released, unchanged, unaffected files of the module; sorted."""
        return sorted(self._changed.released(paths) - self._changed.paths - {*self._touched})

    @cached_property
    def _of_options(self) -> set[str]:
        """The files that declare custom options, with all their imports, on either side."""
        new = [path for path, file in self.after.items() if file.extends_options]
        imported = (path for name in new for path in self.after[name].imports)
        return {*self._index.of_options, *new, *self._index.reached(imported)}

    def _imports(self) -> Iterator[tuple[str, Iterable[str]]]:
        """The affected files on either side and all their imports, each with the paths that it imports itself."""
        yield from ((path, entry.imports) for path, entry in self._index.reached(self.before).items())
        yield from ((path, file.imports) for path, file in self._compiled.items())

    def _bared(self, path: str, file: CompiledFile) -> CompiledFile:
        """An unchanged file, marked as an import; messages are reduced to names unless they may be types of options."""
        if path in self._of_options or path.startswith(BUILT_IN):
            return CompiledFile(file.bare + IMPORT_MARK)
        return CompiledFile(linkable(file) + IMPORT_MARK)


def image_of(files: Mapping[str, CompiledFile], wanted: Iterable[str] | None = None) -> bytes:
    """An image of the files, or of the wanted ones with all their imports; each file comes after its imports."""
    imports: dict[str, Sequence[str]] = {}
    waiting = sorted(files if wanted is None else wanted, reverse=True)
    while waiting:
        path = waiting.pop()
        if path in files and path not in imports:
            imports[path] = files[path].imports
            waiting += imports[path]
    return join(files[path].content for path in in_import_order(imports))
