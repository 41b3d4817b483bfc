"""Wheels and sdists, identified by their file name and by their metadata, which must agree."""

from __future__ import annotations

import csv
import hashlib
import io
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from packaging.metadata import Metadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from fieldstone.packaging.index.archives import DefectError, untar, unzip
from fieldstone.packaging.index.packages import Distribution

_SIGNATURES = (".jws", ".p7s")
_STRONG = ("sha256", "sha384", "sha512")


def parse_wheel(origin: str, filename: str, content: bytes) -> Distribution:
    """A wheel (PEP 427), with every file checked against its RECORD.

    Raises:
        DefectError: it contradicts its name or its RECORD.
    """
    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise DefectError(f"has no name of a wheel: {error}") from error
    files = unzip(content)
    folder = _info_folder(files, name, version)
    path = f"{folder}/METADATA"
    metadata = _metadata(files, path)
    _refuse_other(metadata, path, name, version)
    _check_record(files, f"{folder}/RECORD")
    return Distribution(
        origin=origin,
        filename=filename,
        content=content,
        project=name,
        version=version,
        kind=" ".join(["".join(map(str, build)), *sorted(map(str, tags))]),
        requires_python=str(metadata.requires_python or ""),
        requires=_required(metadata),
        metadata=files[path],
    )


def parse_sdist(origin: str, filename: str, content: bytes) -> Distribution:
    """An sdist: `name-version.tar.gz` with `name-version/PKG-INFO` (PEP 625, PEP 643).

    Raises:
        DefectError: it contradicts its name.
    """
    try:
        name, version = parse_sdist_filename(filename)
    except InvalidSdistFilename as error:
        raise DefectError(f"has no name of an sdist: {error}") from error
    files = untar(content)
    tops = {path.partition("/")[0] for path in files}
    if len(tops) != 1:
        raise DefectError(f"holds {', '.join(sorted(tops)) or 'nothing'}, and not one folder")
    path = f"{tops.pop()}/PKG-INFO"
    metadata = _metadata(files, path)
    _refuse_other(metadata, path, name, version)
    return Distribution(
        origin=origin,
        filename=filename,
        content=content,
        project=name,
        version=version,
        kind="sdist",
        requires_python=str(metadata.requires_python or ""),
        requires=_required(metadata),
        metadata=None,
    )


def _info_folder(files: Mapping[str, bytes], name: str, version: Version) -> str:
    found = sorted({top for top in (path.partition("/")[0] for path in files) if top.endswith(".dist-info")})
    if len(found) != 1:
        raise DefectError(f"has {', '.join(found) or 'no .dist-info folder'}, and a wheel has one .dist-info folder")
    claimed, _, number = found[0].removesuffix(".dist-info").partition("-")
    try:
        agrees = canonicalize_name(claimed) == name and Version(number) == version
    except InvalidVersion:
        agrees = False
    if not agrees:
        raise DefectError(f"is named {name} {version}, and holds {found[0]}")
    return found[0]


def _metadata(files: Mapping[str, bytes], path: str) -> Metadata:
    if path not in files:
        raise DefectError(f"has no {path}")
    try:
        return Metadata.from_email(files[path])
    except ExceptionGroup as error:
        reasons = "; ".join(dict.fromkeys(str(reason) for reason in error.exceptions))
        raise DefectError(f"has no valid metadata in {path}: {reasons}") from error


def _required(metadata: Metadata) -> dict[str, str]:
    required = [needed for needed in metadata.requires_dist or () if "extra" not in str(needed.marker or "")]
    return {canonicalize_name(needed.name): f"{needed.name}{needed.specifier}" for needed in required}


def _refuse_other(metadata: Metadata, path: str, name: str, version: Version) -> None:
    if (canonicalize_name(metadata.name), metadata.version) != (name, version):
        raise DefectError(f"is named {name} {version}, and {path} says {metadata.name} {metadata.version}")


def _check_record(files: Mapping[str, bytes], record: str) -> None:
    rows = _record(files, record)
    exempt = {record, *(record + ending for ending in _SIGNATURES)}
    for path in sorted(files.keys() - exempt):
        if path not in rows:
            raise DefectError(f"holds {path}, which its RECORD does not list")
        _check_digest(path, files[path], *rows[path])
    for path in sorted(rows.keys() - files.keys()):
        raise DefectError(f"has no {path}, which its RECORD lists")


def _record(files: Mapping[str, bytes], record: str) -> dict[str, tuple[str, str]]:
    if record not in files:
        raise DefectError(f"has no {record}")
    try:
        rows = [row for row in csv.reader(io.StringIO(files[record].decode("utf-8"), newline="")) if row]
        return {path: (digest, size) for path, digest, size in rows}
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise DefectError(f"has a {record} that cannot be read: {error}") from error


def _check_digest(path: str, content: bytes, digest: str, size: str) -> None:
    algorithm, _, expected = digest.partition("=")
    if algorithm not in _STRONG:
        raise DefectError(f"has no sha256 of {path} in its RECORD")
    found = urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()
    if found != expected.rstrip("="):
        raise DefectError(f"holds {path} with the wrong digest: {algorithm}={found}, and its RECORD says {digest}")
    if size != str(len(content)):
        raise DefectError(f"holds {path} with {len(content)} bytes, and its RECORD says {size or 'nothing'}")
