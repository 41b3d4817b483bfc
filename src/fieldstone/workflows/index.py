"""Index: read package files, and update a package index that any web server can serve from a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from fieldstone.atomic_files import make_folders, remove_empty, remove_stale, replacing
from fieldstone.errors import Damaged, Invalid, NotFound, Unavailable
from fieldstone.installing import require as require_extra
from fieldstone.locking import locked
from fieldstone.regular_file import read_file, read_regular

if TYPE_CHECKING:
    from fieldstone.packaging.index.packages import Package
    from fieldstone.packaging.index.tree import Manifest

EXTRA = "serve"
"""The extra of Fieldstone with the dependencies of an index."""

_UNDONE = "nothing was published"


class Built(Struct, frozen=True):
    """The result of building an index.

    Attributes:
        added: the names and versions of new packages, by file path.
        kept: the number of package files that it had before.
        written: the number of written files, pages included.
    """

    added: Mapping[str, str]
    kept: int
    written: int


def require(*modules: str) -> None:
    """Raise if one of these Python modules, which Fieldstone's extra provides, is not installed.

    Raises:
        FieldstoneError: one is not installed.
    """
    require_extra("an index", EXTRA, *modules)


def load(folders: Sequence[Path]) -> list[Package]:
    """Read and verify the package files in folders; hidden files and subfolders are skipped.

    Raises:
        FieldstoneError: there is none, one is damaged or mislabelled, two conflict, or a file is not a package.
    """
    require("packaging")
    from fieldstone.packaging.index.packages import gather
    from fieldstone.packaging.index.parsing import parse_package

    found = [parse_package(str(path), path.name, read_file(path)) for folder in folders for path in _files(folder)]
    if not found:
        raise NotFound(
            f"no package in {', '.join(map(str, folders))}", fix="an index carries .whl, .tar.gz and .tgz files"
        )
    return gather(found)


def build(folders: Sequence[Path], out: Path, url: str) -> Built:
    """Add package files to an index in a folder; existing packages never change.

    Everything is read and verified first. Package files are written before the pages that link to them.

    Args:
        folders: the folders of the package files.
        out: the folder of the index; it need not exist.
        url: the absolute address at which `out` will be served; "" if there are no npm packages.

    Raises:
        FieldstoneError: a package is refused, `out` has foreign files, or writing fails.
    """
    new = load(folders)
    url = _address(url)
    with _held(out):
        return _update(out, new, url)


def _update(out: Path, new: Sequence[Package], url: str) -> Built:
    from fieldstone.packaging.index.packages import Tarball, gather
    from fieldstone.packaging.index.tree import MANIFEST, tree

    manifest = _manifest(out)
    packages = gather([*_published(out, manifest), *new])
    npm = next((package for package in packages if isinstance(package, Tarball)), None)
    if npm and not url:
        raise Invalid(
            f"npm needs the address at which {out} will be served: {npm.origin} is an npm package",
            fix="give it, as --url https://packages.example.com",
        )
    expected = tree(packages, url)
    _refuse_foreign(out, manifest)
    changed = {path: content for path, content in expected.items() if _content(out, path) != content}
    gone = [path for path in manifest.pages if path not in expected]
    _replace(out, changed, gone, expected[MANIFEST])
    added = {package.path: package.label for package in packages if package.path not in manifest.packages}
    return Built(added, len(manifest.packages), len(changed))


def _replace(out: Path, changed: Mapping[str, bytes], gone: Sequence[str], manifest: bytes) -> None:
    """Write changed files and remove old pages; until that is finished, the journal lists the new state."""
    from fieldstone.packaging.index.tree import JOURNAL

    journalled = {JOURNAL: manifest, **changed} if changed else {}
    with replacing(out, journalled, undone=_UNDONE, again="run `fieldstone index build` again", flushed=True):
        for path in (*gone, JOURNAL):
            (out / path).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    from fieldstone.packaging.index.parsing import is_package

    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    except OSError as error:
        raise Unavailable(
            f"cannot read the folder of packages {folder}: {error.strerror}", fix="`fieldstone package` makes one"
        ) from error
    for path in paths:
        if not is_package(path.name):
            raise Invalid(
                f"{path} is no package: an index carries .whl, .tar.gz and .tgz files", fix="move it out of the folder"
            )
    yield from paths


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        fits = fits and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        fits = False
    if url and not fits:
        raise Invalid(
            f"{url!r} is no address to serve an index at", fix="write it as https://packages.example.com/index"
        )
    return url.rstrip("/")


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Create the folder if needed, and lock it: one process at a time changes it."""
    if out.exists() and not out.is_dir():
        raise Invalid(f"{out} is a file, not a folder for an index", fix="use another --out")
    made: list[Path] = []
    try:
        made = make_folders(out)
        with locked(out):
            remove_stale(out)
            yield
    except OSError as error:
        raise Unavailable(f"cannot write {error.filename or out}: {error.strerror}; {_UNDONE}") from error
    finally:
        remove_empty(made)


def _manifest(out: Path) -> Manifest:
    """The contents of an index, including the complete package files of a killed build."""
    from fieldstone.packaging.index.packages import sha256
    from fieldstone.packaging.index.tree import JOURNAL, MANIFEST, Manifest

    done, due = (
        Manifest({}, []) if (text := _content(out, name)) is None else Manifest.parse(text, str(out / name))
        for name in (MANIFEST, JOURNAL)
    )
    arrived = {path: digest for path, digest in due.packages.items() if sha256(_content(out, path) or b"") == digest}
    return Manifest({**arrived, **done.packages}, [*done.pages, *due.pages])


def _published(out: Path, manifest: Manifest) -> Iterator[Package]:
    """The published packages of an index, verified."""
    from fieldstone.packaging.index.packages import as_published, sha256
    from fieldstone.packaging.index.parsing import parse_package

    for path, digest in manifest.packages.items():
        content = _content(out, path)
        if content is None or sha256(content) != digest:
            change = "missing" if content is None else "not what was published"
            raise Invalid(f"{out / path} is {change}", fix="what was published never changes: restore it")
        yield as_published(parse_package(str(out / path), Path(path).name, content))


def _refuse_foreign(out: Path, manifest: Manifest) -> None:
    """Raise if there are files that no build wrote, except hidden ones."""
    from fieldstone.packaging.index.tree import MANIFEST

    own = {MANIFEST, *manifest.packages, *manifest.pages}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if name not in own and not hidden and not path.is_dir():
            raise Damaged(
                f"{path} was not written by `fieldstone index build`", fix="move it away, or use another --out"
            )


def _content(out: Path, path: str) -> bytes | None:
    """The content of a file; None if it does not exist."""
    try:
        return read_regular(out / path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unavailable(f"cannot read {out / path}: {error.strerror}") from error
