"""The files in a package, whatever it is packed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from fieldstone.errors import Invalid, NotFound, Unavailable
from fieldstone.packaging.index.archives import DefectError, untar, unzip
from fieldstone.regular_file import read_file

_READERS: Mapping[str, Callable[[bytes], dict[str, bytes]]] = {
    ".whl": unzip,
    ".jar": unzip,
    ".tar.gz": untar,
    ".tgz": untar,
}


def files_of(package: Path) -> dict[str, bytes]:
    """The files in a package, by their paths in it.

    Args:
        package: a wheel, an sdist, an npm package, a jar, or the folder of a Maven project or a Go module.

    Raises:
        FieldstoneError: there is no such file, it is of another kind, it is damaged, or it holds a symbolic link.
    """
    try:
        if package.is_dir():
            return _files_below(package)
        if not package.exists():
            raise NotFound(f"there is no package {package}")
        return _unpacked(package)
    except OSError as error:
        raise Unavailable(f"cannot read {error.filename or package}: {error.strerror}") from error


def _files_below(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir()]
    if links := [path for path in paths if path.is_symlink()]:
        raise Invalid(f"{links[0]} is a symbolic link, and a package has none")
    return {path.relative_to(folder).as_posix(): read_file(path) for path in paths}


def _unpacked(package: Path) -> dict[str, bytes]:
    reader = next((reader for ending, reader in _READERS.items() if package.name.endswith(ending)), None)
    if reader is None:
        kinds = ", ".join(_READERS)
        raise Invalid(f"{package} is no package", fix=f"name a file that ends in {kinds}, or the folder of one")
    try:
        return reader(read_file(package))
    except DefectError as error:
        raise Invalid(f"{package} {error}", fix="download or build it again") from error
