"""The images of both sides of a slice: what is touched, and beside it the same unchanged files on either side."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from fieldstone.compatibility.allowance import MARK
from fieldstone.incremental.changed_files import BUILT_IN, ChangedFiles
from fieldstone.incremental.image_index import CompiledFile, ImageIndex, importing, join
from fieldstone.incremental.visible import linkable, with_names_of
from fieldstone.schema.descriptors.lazy_files import places_of
from fieldstone.schema.image import IMPORT_MARK
from fieldstone.schema.image.import_order import in_import_order
from fieldstone.schema.image.unaltered import unaltered


class BothSides:
    """The touched files of a module as released and as they are now, and what stands beside them.

    Args:
        index: the files of the release.
        changed: what changed since.
        compiled: what was compiled of the working tree: the touched files, and all that they import.
        touched: the files that can differ.
        imported: files of other modules that do; they are compiled where they are there.
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
        """The files of the release's side: of unchanged ones, what their importers see alone; without places."""
        before = {path: CompiledFile(file.bare) for path, file in self.before.items()}
        return {**self._bare, **before}

    @cached_property
    def _new(self) -> Mapping[str, CompiledFile]:
        """The same of the working tree, with the places of what is touched."""
        bare = {path: file for path, file in self._bare.items() if path not in self._imported}
        beside = {path: bare[path] for path in self._beside & bare.keys()}
        others = {path: bare.get(path) or self._bared(path, file) for path, file in self._compiled.items()}
        return {**beside, **others, **self.after}

    def read(self) -> tuple[bytes, bytes]:
        """The images of both sides for who reads them: all that rules may ask for is listed."""
        return image_of(self._old), image_of(self._new)

    def compared(self) -> tuple[bytes, bytes]:
        """The images of both sides for who compares them: what differs, and what that cannot be linked without.

        A file of those that stand beside goes along: there may be nothing else, and buf takes no empty image.
        """
        beside = sorted(self._beside.difference(self._imported))[:1]
        old, new = self._differing(self._old, self.before), self._differing(self._new, self.after)
        return image_of(old, {*self.before, *beside}), image_of(new, {*self.after, *beside})

    def _differing(self, side: Mapping[str, CompiledFile], touched: Iterable[str]) -> dict[str, CompiledFile]:
        """The files of a side, with the names alone of the messages in the touched ones that do not differ."""
        return {**side, **{path: with_names_of(side[path], self.unaltered[path]) for path in touched}}

    def whole(self) -> tuple[bytes, bytes]:
        """The images of both sides with all that their files declare, for who writes messages; without places."""
        unchanged = {path: CompiledFile(file.bare + IMPORT_MARK) for path, file in self._unchanged.items()}
        same = {path: file for path, file in unchanged.items() if path not in self._imported}
        beside = {path: same[path] for path in self._beside & same.keys()}
        others = {path: same.get(path) or CompiledFile(f.content + IMPORT_MARK) for path, f in self._compiled.items()}
        return image_of({**unchanged, **self.before}), image_of({**beside, **others, **self.after})

    @property
    def shared(self) -> dict[str, bytes]:
        """The module's own files that both images have and that do not differ, as the release has them."""
        own = self._own(self._unchanged)
        return {path: self._unchanged[path].content for path in own}

    @cached_property
    def unaltered(self) -> dict[str, frozenset[str]]:
        """The touched files, each with what it declares that does not differ.

        Nothing of a file where custom options may mean something else, for it imports what they are made of; nor
        where a comment counts, which the bytes of a declaration do not have.
        """
        sides = self.before, self.after
        telling = {path for side in sides for path, file in side.items() if MARK in file.content}
        options = self._of_options & self.after.keys()
        protos = ([file.proto for file in side.values()] for side in sides)
        same = unaltered(*protos, besides={*telling, *options, *importing(options, self._imports())})
        return {path: same.get(path, frozenset()) for path in self._touched}

    @cached_property
    def _unchanged(self) -> dict[str, CompiledFile]:
        """What the touched files of the release import, and what stands beside, as released."""
        needed = {*self._index.reached(self.before)} | self._beside
        return self._index.read(needed - {*self._touched})

    @cached_property
    def _bare(self) -> dict[str, CompiledFile]:
        """The same, with no more of each than its importers see."""
        return {path: self._bared(path, file) for path, file in self._unchanged.items()}

    @cached_property
    def _beside(self) -> set[str]:
        """The module's own unchanged files that a rule may ask for, and all that they import.

        Those that the touched files import on either side, one of each of their packages, and those with an rpc that
        takes or gives one of their messages.
        """
        both = [*self.before.values(), *self.after.values()]
        packages = {file.package for file in both}
        ones = (next((p for p in sorted(self._index.of_package(name)) if self._own([p])), None) for name in packages)
        callers = self._index.callers(places_of(file.proto for file in both)["messages"])
        asked = self._own((*self._index.reached(self.before), *self._compiled, *filter(None, ones), *callers))
        return {*self._index.reached(asked or self._own(self._changed.release.protos)[:1])}

    def _own(self, paths: Iterable[str]) -> list[str]:
        """Those of these files that are the module's, as released and not touched; sorted."""
        return sorted(self._changed.released(paths) - self._changed.paths - {*self._touched})

    @cached_property
    def _of_options(self) -> set[str]:
        """The files of custom options, and all that these import, on either side."""
        new = [path for path, file in self.after.items() if file.extends_options]
        imported = (path for name in new for path in self.after[name].imports)
        return {*self._index.of_options, *new, *self._index.reached(imported)}

    def _imports(self) -> Iterator[tuple[str, Iterable[str]]]:
        """The touched files on either side, and all that they import, each with what it imports itself."""
        yield from ((path, entry.imports) for path, entry in self._index.reached(self.before).items())
        yield from ((path, file.imports) for path, file in self._compiled.items())

    def _bared(self, path: str, file: CompiledFile) -> CompiledFile:
        """An unchanged file as an import; of its messages, names alone, unless an option may have them as its type."""
        if path in self._of_options or path.startswith(BUILT_IN):
            return CompiledFile(file.bare + IMPORT_MARK)
        return CompiledFile(linkable(file) + IMPORT_MARK)


def image_of(files: Mapping[str, CompiledFile], wanted: Iterable[str] | None = None) -> bytes:
    """An image of the files, or those that are wanted and all that these import; each after those that it imports."""
    imports: dict[str, Sequence[str]] = {}
    waiting = sorted(files if wanted is None else wanted, reverse=True)
    while waiting:
        path = waiting.pop()
        if path in files and path not in imports:
            imports[path] = files[path].imports
            waiting += imports[path]
    return join(files[path].content for path in in_import_order(imports))
