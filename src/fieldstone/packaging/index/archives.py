"""Archives: the files in a zip or a gzipped tar, after checking that it is complete."""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Iterable

LARGEST = 1 << 30
"""The most bytes that the files of one package may have together; a small archive can contain endless zeros."""

_END_OF_TAR = bytes(1024)


class DefectError(Exception):
    """A defect of a package file, in words that follow its name."""


def unzip(content: bytes) -> dict[str, bytes]:
    """The files of a zip, path to content, with their checksums verified.

    Raises:
        DefectError: it is no zip, cut short or damaged, has a path twice, or one that leads out of it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _refuse_paths(member.filename for member in members)
            _refuse_size(sum(member.file_size for member in members))
            return {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DefectError(f"is no whole zip archive: {error}") from error


def untar(content: bytes) -> dict[str, bytes]:
    """The regular files of a gzipped tar, path to content.

    Raises:
        DefectError: it is no such archive, cut short or damaged, has a path twice, or one that leads out of it.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            tar = stream.read(LARGEST + 1)
        _refuse_size(len(tar))
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
            members = [member for member in archive.getmembers() if not member.isdir()]
            _refuse_paths(member.name for member in members)
            files = {posixpath.normpath(m.name): _read(archive, m) for m in members if m.isfile()}
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        raise DefectError(f"is no whole .tar.gz archive: {error}") from error
    if not tar.endswith(_END_OF_TAR):
        raise DefectError("is no whole .tar.gz archive: the end of the tar is missing")
    return files


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def _refuse_paths(paths: Iterable[str]) -> None:
    seen: set[str] = set()
    for path in paths:
        plain = posixpath.normpath(path)
        if plain.startswith(("/", "../")) or plain == ".." or "\\" in plain:
            raise DefectError(f"holds a path that leads out of it: {path}")
        if plain in seen:
            raise DefectError(f"holds {plain} twice")
        seen.add(plain)


def _refuse_size(size: int) -> None:
    if size > LARGEST:
        raise DefectError(f"unpacks to more than {LARGEST >> 20} MiB")
