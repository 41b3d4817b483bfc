"""`buf build` and `buf lint`, run once for several modules of a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from msgspec import Struct

from fieldstone.schema.image import IMPORT_MARK, is_import, parse_image
from fieldstone.schema.image.import_order import in_import_order
from fieldstone.toolchain import buf
from fieldstone.toolchain.buf_paths import fits
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.modules import Module, Workspace


class Wanted(Struct, frozen=True):
    """A module whose files are to be compiled or linted: those given by import path, or all if none is given."""

    module: Module
    only: tuple[str, ...] = ()

    @property
    def paths(self) -> Sequence[str]:
        """The import paths of the files."""
        return self.only or tuple(self.module.proto_paths)

    @property
    def given(self) -> list[str]:
        """The same relative to the workspace."""
        return [f"{self.module.path}/{path}" for path in self.paths]


class JointRuns:
    """The common runs of a workspace.

    Args:
        workspace: the workspace.
        started: called with each process that is started, so that it can be closed.
    """

    def __init__(self, workspace: Workspace, started: Callable[[buf.Running], object]) -> None:
        self._workspace, self._started = workspace, started

    def takes(self, wanted: Wanted) -> bool:
        """Whether a common run gives the same result for a module as its own.

        Not with files at paths that another module has as well, nor if buf has to be told what belongs to it. A large
        module gains nothing.
        """
        module = wanted.module
        is_told = module.includes or module.imports_only or any(module.root in out.parents for out in module.excludes)
        if is_told or module.target not in {"", module.path} or module.root in self._overlapping:
            return False
        return len(wanted.paths) <= buf.FEW and all(self._owners[path] == 1 for path in module.proto_paths)

    @cached_property
    def _overlapping(self) -> set[Path]:
        """The roots of modules that are, contain or lie in another module's root."""
        roots = Counter(module.root for module in self._workspace.everything)
        pairs = [(root, parent) for root in roots for parent in root.parents if parent in roots]
        return {root for root, count in roots.items() if count > 1}.union(*pairs)

    @cached_property
    def _owners(self) -> Counter[str]:
        return Counter(path for module in self._workspace.modules.values() for path in module.proto_paths)

    def build(self, wanted: Sequence[Wanted]) -> Callable[[], list[bytes | None]]:
        """Start to compile modules; the returned function gives the image of each, as `buf build` does.

        Raises:
            FieldstoneError: there is no buf.
        """
        running = buf.build(".", cwd=self._workspace.buf_root, only=_given(wanted), few=_are_few(wanted))
        self._started(running)

        def images() -> list[bytes | None]:
            compiled = _Compiled(running.output(what="the workspace does not compile"))
            return [compiled.image(one.paths) for one in wanted]

        return images

    def lint(self, wanted: Sequence[Wanted]) -> Callable[[], list[list[Diagnostic] | None]]:
        """Start to lint modules, each by its own configuration; the returned function gives the findings of each.

        Raises:
            FieldstoneError: there is no buf.
        """
        given = _given(wanted)
        if not fits(given):
            return lambda: [None] * len(wanted)
        running = buf.lint(".", cwd=self._workspace.buf_root, only=given, few=_are_few(wanted))
        self._started(running)

        def findings() -> list[list[Diagnostic] | None]:
            found = running.diagnostics(what="buf lint")
            owner = {path: at for at, one in enumerate(wanted) for path in one.given}
            if not all(diagnostic.path in owner for diagnostic in found):
                return [None] * len(wanted)
            return [[each for each in found if owner[each.path] == at] for at in range(len(wanted))]

        return findings


def _given(wanted: Sequence[Wanted]) -> list[str]:
    return [path for one in wanted for path in one.given]


def _are_few(wanted: Sequence[Wanted]) -> bool:
    return sum(len(one.paths) for one in wanted) <= buf.FEW


class _Compiled:
    """The image of several modules."""

    def __init__(self, image: bytes) -> None:
        self._files = {file.name: file for file in parse_image(image, where="the image of the workspace").file}
        self._encoded: dict[tuple[str, bool], bytes] = {}

    def image(self, paths: Sequence[str]) -> bytes | None:
        """The image of these files and of all that they import, in buf's order; None if one was not compiled."""
        if not all(path in self._files and not is_import(self._files[path]) for path in paths):
            return None
        own = frozenset(paths)
        imports = {path: self._imports(path) for path in self._needed(sorted(paths))}
        return b"".join(self._entry(path, as_import=path not in own) for path in in_import_order(imports))

    def _needed(self, paths: Sequence[str]) -> Iterator[str]:
        seen: set[str] = set()
        waiting = [*reversed(paths)]
        while waiting:
            path = waiting.pop()
            if path not in seen:
                seen.add(path)
                waiting += self._imports(path)
                yield path

    def _imports(self, path: str) -> list[str]:
        file = self._files[path]
        return [name for name in (*file.dependency, *file.option_dependency) if name in self._files]

    def _entry(self, path: str, *, as_import: bool) -> bytes:
        """A file as part of an image: an encoded FileDescriptorSet of this file alone."""
        key = path, as_import
        if key not in self._encoded:
            self._encoded[key] = _as_image(self._files[path], as_import=as_import)
        return self._encoded[key]


def _as_image(file: FileDescriptorProto, *, as_import: bool) -> bytes:
    image = FileDescriptorSet(file=[file])
    if as_import and not is_import(file):
        image.file[0].MergeFromString(IMPORT_MARK)
    return image.SerializeToString()
