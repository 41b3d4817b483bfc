"""Inference of import roots and modules for .proto files without a buf configuration."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.errors import FieldstoneError
from fieldstone.schema.digest import imports
from fieldstone.toolchain import git
from fieldstone.workflows.setup.third_party import VENDORED, foreign_folders, well_known_in
from fieldstone.workspace.imports_only import is_at_or_below

_PACKAGE = re.compile(rb"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)
_BUILT_IN = "google/protobuf/"


class Survey(Struct):
    """The .proto files and buf configurations in a folder; all paths are relative to it.

    Attributes:
        registry: the folder of the releases; it need not exist.
        protos: the .proto files, sorted.
        configs: the buf.yaml and buf.work.yaml files, sorted.
        skipped: the skipped folders: hidden, ignored by git, the registry and node_modules.
    """

    folder: Path
    registry: str
    protos: list[str] = []
    configs: list[str] = []
    skipped: list[str] = []


class Layout(Struct, frozen=True):
    """The buf modules of .proto files.

    Attributes:
        roots: the import roots of the folder's own files.
        vendored: the import roots of vendored files, with the folders that own files need.
        excludes: for each own root, the folders below it that do not belong to it.
        missing: unresolved imports, as (importing file, import path).
        packages: the packages of the own files below each own root.
        copied: the folders, or files, inside own roots with copies of well-known files.
    """

    roots: tuple[str, ...]
    vendored: Mapping[str, tuple[str, ...]]
    excludes: Mapping[str, tuple[str, ...]]
    missing: tuple[tuple[str, str], ...]
    packages: Mapping[str, frozenset[str]] = {}
    copied: tuple[str, ...] = ()

    @property
    def third_party(self) -> list[str]:
        """The paths of all files that are imports only, sorted."""
        return sorted({*self.vendored, *self.copied})


def survey(folder: Path, *, registry: str) -> Survey:
    """Look for .proto files and buf configurations in a folder.

    Args:
        folder: the folder.
        registry: the registry's path relative to `folder`, which is skipped.
    """
    found = Survey(folder, registry)
    skip = {registry, *_ignored_by_git(folder)}
    for here, folders, names in os.walk(folder):
        prefix = _prefix(Path(here).relative_to(folder).as_posix())
        enter = {name for name in folders if name[0] != "." and name != "node_modules" and prefix + name not in skip}
        found.skipped += [prefix + name for name in folders if name not in enter]
        folders[:] = sorted(enter)
        paths = [prefix + name for name in names if prefix + name not in skip]
        found.protos += [path for path in paths if path.endswith(".proto")]
        found.configs += [path for path in paths if path.rpartition("/")[2] in {"buf.yaml", "buf.work.yaml"}]
    found.protos.sort()
    found.configs.sort()
    return found


def is_vendored(path: str) -> bool:
    """Whether a path is in a folder of vendored files."""
    return not VENDORED.isdisjoint(path.split("/"))


def package_of(content: bytes) -> str:
    """The package that a .proto file declares; empty if there is none."""
    declared = _PACKAGE.search(content)
    return declared[1].decode() if declared else ""


def infer_layout(found: Survey) -> Layout:
    """Infer the modules of a folder's .proto files.

    A root follows from an import and the path of the imported file; for other files, it follows from
    their package. Own roots are never nested. Vendored files are used only for imports that no own file
    resolves.
    """
    contents = {proto: (found.folder / proto).read_bytes() for proto in found.protos}
    foreign = foreign_folders(found.folder, {p: _root_of_package(p, content) for p, content in contents.items()})
    theirs = {p: content for p, content in contents.items() if is_at_or_below(p, foreign)}
    if len(theirs) == len(contents):
        theirs = {}
    own = _Files({p: content for p, content in contents.items() if p not in theirs})
    roots = own.infer_roots()
    vendored, missing = _needed(own, roots, _Files(theirs))
    outside = {found.registry, *(foreign if theirs else ()), *_folders_with_protos(found)}
    excludes = {
        root: tuple(sorted(path for path in outside if path != root and is_below(path, root))) for root in roots
    }
    copied = well_known_in({root: own.import_paths([root]) for root in roots})
    ours = _Files({p: content for p, content in own.contents.items() if not is_at_or_below(p, copied)})
    packages = {root: frozenset(map(package_of, ours.below([root]).contents.values())) for root in roots}
    return Layout(tuple(sorted(roots)), vendored, excludes, tuple(missing), packages, tuple(sorted(copied)))


def is_below(path: str, root: str) -> bool:
    """Whether a relative path is `root` or below it."""
    return root in (".", path) or path.startswith(f"{root}/")


class _Files(Struct, frozen=True, dict=True):
    """.proto files with their contents and imports."""

    contents: Mapping[str, bytes]

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for proto in self.contents:
            found[proto.rpartition("/")[2]].append(proto)
        return found

    def infer_roots(self) -> list[str]:
        votes = Counter(root for proto, path in self.imports() for root in self.roots_for(path, proto))
        roots = _apart((root for root, _ in votes.most_common()), [])
        for proto, content in self.contents.items():
            if not any(is_below(proto, root) for root in roots):
                roots = _apart([_root_of_package(proto, content)], roots)
        return roots

    def imports(self) -> Iterator[tuple[str, str]]:
        """All imports, as (importing file, import path)."""
        for proto, content in self.contents.items():
            yield from ((proto, path) for path in imports(content))

    def roots_for(self, path: str, importer: str) -> list[str]:
        """The roots for which a file resolves an import: those that contain the importing file, else any."""
        answers = [p for p in self._by_name.get(path.rpartition("/")[2], ()) if p == path or p.endswith(f"/{path}")]
        roots = [proto.removesuffix(path).rstrip("/") or "." for proto in answers]
        return [root for root in roots if is_below(importer, root)] or roots

    def below(self, roots: Collection[str]) -> _Files:
        """The files below some roots."""
        return _Files({p: c for p, c in self.contents.items() if any(is_below(p, root) for root in roots)})

    def import_paths(self, roots: Collection[str]) -> set[str]:
        """The import paths of the files below some roots."""
        return {p.removeprefix(_prefix(root)) for root in roots for p in self.contents if is_below(p, root)}


def _needed(
    own: _Files, roots: list[str], vendored: _Files
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """The vendored roots that own files need, directly or not, with their folders; and the unresolved imports."""
    needed: list[str] = []
    folders: set[str] = set()
    while True:
        used = vendored.below(folders)
        answered = own.import_paths(roots) | used.import_paths(needed)
        imported = {*own.imports(), *used.imports()}
        unanswered = sorted((importer, path) for importer, path in imported if path not in answered)
        found = [(root, path) for importer, path in unanswered for root in vendored.roots_for(path, importer)]
        needed = _apart((root for root, _ in found), needed)
        wider = folders | {PurePosixPath(root, path).parent.as_posix() for root, path in found if root in needed}
        if wider == folders:
            missing = [(importer, path) for importer, path in unanswered if not path.startswith(_BUILT_IN)]
            return {root: _topmost(folders, root) for root in sorted(needed)}, missing
        folders = wider


def _topmost(folders: Collection[str], root: str) -> tuple[str, ...]:
    """The folders below a root without nested ones; none if the root itself is one."""
    below = {folder for folder in folders if is_below(folder, root)}
    inner = {one for one in below for other in below if one != other and is_below(one, other)}
    return () if root in below else tuple(sorted(below - inner))


def _folders_with_protos(found: Survey) -> list[str]:
    """The skipped folders with .proto files, which buf would compile."""
    return [path for path in found.skipped if next((found.folder / path).rglob("*.proto"), None)]


def _root_of_package(proto: str, content: bytes) -> str:
    folder = PurePosixPath(proto).parent.as_posix()
    package = package_of(content).replace(".", "/")
    if package and folder == package:
        return "."
    return folder.removesuffix(f"/{package}") if package else folder


def _apart(candidates: Iterable[str], roots: list[str]) -> list[str]:
    kept = list(roots)
    for root in candidates:
        if not any(is_below(root, other) or is_below(other, root) for other in kept):
            kept.append(root)
    return kept


def _prefix(folder: str) -> str:
    return "" if folder == "." else f"{folder}/"


def _ignored_by_git(folder: Path) -> set[str]:
    flags = ("-z", "--others", "--ignored", "--exclude-standard", "--directory")
    try:
        listed = git.run("ls-files", *flags, cwd=folder).decode("utf-8", "replace")
    except FieldstoneError:
        return set()
    return {path.rstrip("/") for path in listed.split("\0") if path not in {"", "./"}}
