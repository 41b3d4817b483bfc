"""A release as one file for the way between a client and a server: a zip with the paths of the registry folder."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from fieldstone.errors import Invalid
from fieldstone.registry.release import NAME

MEDIA_TYPE = "application/zip"
LARGEST = 64 * 2**20
"""The most bytes of all files of an archive, after decompression."""
MOST_FILES = 20_000
"""The most files of an archive."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(manifest: bytes, files: Mapping[str, bytes]) -> bytes:
    """An archive; the same bytes for the same release.

    Args:
        manifest: the text of release.toml.
        files: the other files, by their paths in `Release.files`.

    Raises:
        Invalid: they are too many, or too large.
    """
    if len(files) >= MOST_FILES or sum(map(len, files.values())) > LARGEST:
        raise _too_large()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in {NAME: manifest, **dict(sorted(files.items()))}.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(archive: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The manifest and the files of an archive; paths are not checked.

    Raises:
        Invalid: it is no such archive, has a file twice or no manifest, or is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > LARGEST:
                raise _too_large()
            files = {entry.filename: _content(opened, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, struct.error) as error:
        raise Invalid(f"the release is no zip archive that can be read: {error}") from error
    if len(files) < len(entries) or NAME not in files:
        raise Invalid(f"the archive of a release has a file twice, or no {NAME}")
    return files.pop(NAME), files


def _too_large() -> Invalid:
    return Invalid(f"a release of more than {MOST_FILES:,} files, or {LARGEST:,} bytes", fix="split the module")


def _content(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with opened.open(entry) as file:
        content = file.read(entry.file_size + 1)  # what it says, and not more
    if len(content) != entry.file_size:
        raise Invalid(f"{entry.filename} in the archive of a release is larger than it says")
    return content
