"""The trees that `scale.py` measures on: Google's published protos, made to build and released.

The npm package is fetched once, with its version and its digest pinned. What `buf build` refuses is
dropped, with all that imports it; a smaller tree is a part of that, whole in its imports. Every tree is
released once by `fieldstone release` and kept; it is copied before it is measured on.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.scale_runs import BIN, ENVIRONMENT, ROOT, Result, progress, run

PACKAGE = "google-proto-files@5.0.3"
ARCHIVE = "google-proto-files-5.0.3.tgz"
SHA512 = "HrKG4IIPUHaU1E4+J8yETm41N39+pm9z+ZBERNcq+q8ltHRcFwTcxSviqJSuxPiZJNTWmdBhp03xcElCRlQPxA=="

MODULE = "protos"
CONFIG = {
    "buf.yaml": f"""version: v2
modules:
  - path: {MODULE}
lint:
  use: [MINIMAL]
  except: [DIRECTORY_SAME_PACKAGE, PACKAGE_DIRECTORY_MATCH, PACKAGE_NO_IMPORT_CYCLE, PACKAGE_SAME_DIRECTORY]
breaking:
  use: [FILE]
""",
    "fieldstone.toml": 'registry = "registry"\n',
    ".gitignore": ".fieldstone/\n",
}

FACTS = "release.json"
"""How the first release of a tree went; it is there once the tree is whole."""

_IMPORT = re.compile(rb'^\s*import\s+(?:public\s+|weak\s+|option\s+)?"([^"]+)"', re.MULTILINE)
_BUILT_IN = "google/protobuf/"
"""Dropped at once: what the others import of it buf has of its own, and the rest are tests of the compiler
that do not build together, or build and cannot be linted."""


class ScaleError(Exception):
    """What keeps the benchmark from being run."""


@dataclass(frozen=True)
class Sources:
    """.proto files that build, and what each imports of the others; `dropped` are those that do not."""

    root: Path
    imports: Mapping[str, tuple[str, ...]]
    dropped: tuple[str, ...] = ()

    def part(self, size: int, seed: int) -> list[str]:
        """So many files, whole in their imports: whatever fits, in an order that follows from the seed."""
        order = sorted(self.imports)
        random.Random(seed).shuffle(order)
        taken: set[str] = set()
        for path in order:
            more = closure([path], self.imports) - taken
            if len(taken) + len(more) <= size:
                taken |= more
            if len(taken) == size:
                return sorted(taken)
        raise ScaleError(f"no part of {self.root} has {size} files")


@dataclass(frozen=True)
class Released:
    """A released tree: the folder that holds it and its image, and how its release went."""

    folder: Path
    files: tuple[str, ...]
    release: Result

    @property
    def tree(self) -> Path:
        """The git repository."""
        return self.folder / "tree"

    @property
    def image(self) -> Path:
        """What `buf build` makes of it."""
        return self.folder / "image.binpb"


def closure(paths: Iterable[str], edges: Mapping[str, Collection[str]]) -> set[str]:
    """The paths and all that can be reached from them."""
    found: set[str] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += edges.get(path, ())
    return found


def importers(imports: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """For every file those that import it."""
    found: dict[str, set[str]] = {}
    for path, imported in imports.items():
        for other in imported:
            found.setdefault(other, set()).add(path)
    return found


def fetch(cache: Path) -> Path:
    """The package, unpacked.

    Raises:
        ScaleError: it cannot be fetched, or is not what it was.
    """
    folder, archive = cache / "package", cache / ARCHIVE
    if not archive.is_file():
        progress(f"fetching {PACKAGE}")
        done = subprocess.run(
            ["npm", "pack", PACKAGE, "--silent"], cwd=cache, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ScaleError(f"npm pack {PACKAGE}: {done.stderr.strip() or done.stdout.strip()}")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != SHA512:
        raise ScaleError(f"{archive} is not the package that the figures are of: its sha512 is {digest}")
    if not folder.is_dir():
        with tarfile.open(archive) as packed:
            packed.extractall(cache / "unpacking", filter="data")
        (cache / "unpacking" / "package").rename(folder)
        (cache / "unpacking").rmdir()
    return folder


def sources(package: Path, cache: Path) -> Sources:
    """The files of the package that build together; which those are is kept in the cache."""
    paths = sorted(path.relative_to(package).as_posix() for path in package.rglob("*.proto"))
    key = _digest(package, paths)
    kept = cache / f"dropped-{key}.json"
    known = {path: [other.decode() for other in _IMPORT.findall((package / path).read_bytes())] for path in paths}
    if not kept.is_file():
        dropped = _what_does_not_build(package, known, cache / f"building-{key}")
        kept.write_text(json.dumps(sorted(dropped), indent=1))
    dropped = set(json.loads(kept.read_text()))
    left = known.keys() - dropped
    imports = {path: tuple(other for other in known[path] if other in left) for path in left}
    return Sources(package, imports, tuple(sorted(dropped)))


def _what_does_not_build(package: Path, imports: Mapping[str, list[str]], folder: Path) -> set[str]:
    """What buf names in its errors, and all that imports that, until the rest builds."""
    backwards = importers(imports)
    dropped = {path for path in imports if path.startswith(_BUILT_IN)}
    lay_out(package, imports.keys() - dropped, folder)
    while True:
        named = set(_named_in_errors(folder)) & imports.keys() - dropped
        if not named:
            break
        gone = closure(named, backwards) - dropped
        progress(f"dropped {len(gone)} files: {len(named)} do not build, the others import them")
        for path in gone:
            (folder / MODULE / path).unlink()
        dropped |= gone
    shutil.rmtree(folder)
    return dropped


def _named_in_errors(folder: Path) -> Iterator[str]:
    """The files that errors of `buf build` name; none where it builds.

    Raises:
        ScaleError: it fails and names no file.
    """
    command = [str(BIN / "buf"), "build", "--error-format", "json", "-o", "/dev/null"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if not done.returncode:
        return
    said = done.stderr + done.stdout
    named = sorted(set(re.findall(rf"\b{MODULE}/([\w./-]+\.proto)", said)))
    if not named:
        raise ScaleError(f"buf build: {said.strip()[:500]}")
    yield from named


def lay_out(package: Path, files: Iterable[str], folder: Path) -> None:
    """A folder with a buf workspace, of one module, of these files."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in files:
        to = folder / MODULE / path
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(package / path, to)
    for name, text in CONFIG.items():
        (folder / name).write_text(text)


def released(package: Path, files: list[str], cache: Path, limit: float) -> Released:
    """A released tree of these files, made where the cache has none by this Fieldstone and this buf."""
    key = hashlib.sha256(f"{CONFIG}{_digest(package, files)}{_tools()}".encode())
    folder = cache / f"released-{len(files)}-{key.hexdigest()[:16]}"
    facts = folder / FACTS
    if not facts.is_file():
        progress(f"releasing {len(files):,} files")
        lay_out(package, files, folder / "tree")
        _commit(folder / "tree", "The protos")
        _build_image(folder / "tree")
        done = run([str(BIN / "fieldstone"), "release", MODULE, "--version", "1.0.0"], folder / "tree", limit)
        _commit(folder / "tree", "The first release")
        if not done.is_good:
            return Released(folder, tuple(files), done)
        facts.write_text(json.dumps(asdict(done)))
    return Released(folder, tuple(files), Result(**json.loads(facts.read_text())))


def grown(first: Released, counts: Iterable[int]) -> Iterator[Released]:
    """A tree with so many releases, each count made from the one before where the cache has none.

    Args:
        first: the tree with one release.
        counts: growing numbers, of which the first is 1.

    Raises:
        ScaleError: the tree has no release.
    """
    if not first.release.is_good:
        raise ScaleError(f"{first.tree} has no release: {first.release.said}")
    before, had = first, 1
    for count in counts:
        if count > had:
            before = _with_more(before, first.folder.with_name(f"{first.folder.name}-{count}"), had, count)
        had = count
        yield before


def _with_more(before: Released, folder: Path, had: int, count: int) -> Released:
    more = replace(before, folder=folder)
    if not (folder / FACTS).is_file():
        progress(f"making {count - had:,} more releases")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(FACTS))
        command = [sys.executable, "-m", "benchmarks.scale_releases", str(more.tree), str(had), str(count)]
        subprocess.run(command, cwd=ROOT, check=True, env=ENVIRONMENT)
        _build_image(more.tree)
        _commit(more.tree, f"{count} releases")
        (folder / FACTS).write_text(json.dumps(asdict(before.release)))
    return more


def _build_image(tree: Path) -> None:
    """Write what `buf build` makes of a tree beside it."""
    subprocess.run([str(BIN / "buf"), "build", "-o", "../image.binpb"], cwd=tree, check=True, env=ENVIRONMENT)


def _commit(tree: Path, message: str) -> None:
    """Commit all that is there, in a repository that is made if there is none."""
    who = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.com", "-c", "gc.auto=0"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "--allow-empty", "-m", message]):
        subprocess.run(["git", *command], cwd=tree, check=True, env=ENVIRONMENT)


def _tools() -> str:
    """What a release depends on beside the sources: Fieldstone's code and buf's version."""
    code = [path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.py")]
    buf = subprocess.run([str(BIN / "buf"), "--version"], capture_output=True, text=True, check=True)
    return f"{_digest(ROOT, code)} buf {buf.stdout.strip()} {sys.version}"


def _digest(root: Path, paths: Iterable[str]) -> str:
    """A short digest of files; no more than one is held, for a process starts with the peak of its parent."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(f"{path} {hashlib.sha256((root / path).read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()[:16]
