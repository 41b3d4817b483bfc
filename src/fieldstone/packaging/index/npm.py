"""npm tarballs, and the packument with which a registry lists the versions of a package.

The form of both: https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from semver import Version

from fieldstone.packaging.index.archives import DefectError, untar
from fieldstone.packaging.index.packages import Tarball

_PART = r"[a-z0-9][a-z0-9._~-]*"
_NAME = re.compile(rf"(?:@{_PART}/)?{_PART}")
_LONGEST_NAME = 214
_MANIFEST = "package/package.json"


def parse_tarball(origin: str, filename: str, content: bytes) -> Tarball:
    """An npm package, as `npm pack` writes it.

    Raises:
        DefectError: its package.json is missing, has no valid name and version, or contradicts its file name.
    """
    files = untar(content)
    manifest = _manifest(files.get(_MANIFEST))
    name, version = _name(manifest.get("name")), _version(manifest.get("version"))
    packed = f"{name.removeprefix('@').replace('/', '-')}-"
    if filename.startswith(packed) and filename not in (f"{packed}{version}.tgz", f"{packed}{_plain(version)}.tgz"):
        raise DefectError(f"is {name} {version} by its package.json: its file name must be {packed}{version}.tgz")
    return Tarball(
        origin=origin,
        content=content,
        name=name,
        version=_plain(version),
        manifest=manifest,
        has_lock="package/npm-shrinkwrap.json" in files,
    )


def packument(tarballs: Sequence[Tarball], url: str) -> bytes:
    """All versions of one package, as JSON; `latest` is the highest that is no prerelease, else the highest.

    Args:
        tarballs: the versions, lowest first.
        url: the absolute address of the index, without a trailing slash.
    """
    stable = [tarball for tarball in tarballs if not tarball.version.prerelease] or tarballs
    document = {
        "name": tarballs[0].name,
        "dist-tags": {"latest": str(stable[-1].version)},
        "versions": {str(tarball.version): _entry(tarball, url) for tarball in tarballs},
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _entry(tarball: Tarball, url: str) -> dict[str, Any]:
    digest = b64encode(hashlib.sha512(tarball.content).digest()).decode()
    dist = {
        "tarball": f"{url}/{tarball.path}",
        "integrity": f"sha512-{digest}",
        "shasum": hashlib.sha1(tarball.content, usedforsecurity=False).hexdigest(),
    }
    lock = {"_hasShrinkwrap": True} if tarball.has_lock else {}
    return {**tarball.manifest, "version": str(tarball.version), **lock, "dist": dist}


def _manifest(text: bytes | None) -> dict[str, Any]:
    if text is None:
        raise DefectError(f"has no {_MANIFEST}: `npm pack` writes one")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DefectError(f"has a package.json that is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise DefectError("has a package.json that is no object")
    return found


def _name(name: object) -> str:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise DefectError(f"has no valid name in its package.json: {json.dumps(name)}")
    return name


def _version(version: object) -> Version:
    if not isinstance(version, str) or not Version.is_valid(version):
        raise DefectError(f"has no valid version in its package.json: {json.dumps(version)}")
    return Version.parse(version)


def _plain(version: Version) -> Version:
    """The version without its build metadata, as npm publishes it."""
    return version.replace(build=None)
