"""A release as a buf workspace that compiles alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from fieldstone.project.project import release_sources
from fieldstone.registry import Registry
from fieldstone.registry.release import IMPORTS, THIRD_PARTY, Release

_THIRD_PARTY_FOLDER = ".imports"
"""The folder of the third-party files; no module has such a name."""


def lay_out(registry: Registry, release: Release, root: Path) -> None:
    """Write a buf workspace with a release and everything it imports.

    Args:
        registry: where they are.
        release: the release.
        root: an empty folder.

    Raises:
        FieldstoneError: one of them is not in the registry.
    """
    remote = [link for link in release.dependencies if link.is_remote]
    local = [registry.release(link.name, link.version) for link in release.dependencies if link.is_release]
    folders = [module.name for module in (release, *local)]
    for module in (release, *local):
        _write(root / module.name, release_sources(registry, module))
    if third_party := _third_party_files(registry, (release, *local)):
        folders.append(_THIRD_PARTY_FOLDER)
        _write(root / _THIRD_PARTY_FOLDER, third_party)
    modules = "".join(f"  - path: {json.dumps(folder)}\n" for folder in folders)
    deps = "".join(f"  - {json.dumps(link.name)}\n" for link in remote)
    (root / "buf.yaml").write_text(f"version: v2\nmodules:\n{modules}" + (f"deps:\n{deps}" if deps else ""))
    if remote:
        pins = "".join(
            f"  - name: {json.dumps(d.name)}\n    commit: {json.dumps(d.version)}\n    digest: {json.dumps(d.digest)}\n"
            for d in remote
        )
        (root / "buf.lock").write_text(f"version: v2\ndeps:\n{pins}")


def _third_party_files(registry: Registry, releases: Sequence[Release]) -> dict[str, bytes]:
    """The third-party files of some releases by import path; the first one that has a file decides."""
    found: dict[str, bytes] = {}
    for release in releases:
        for prefix in (THIRD_PARTY, IMPORTS):
            for path in release.files:
                name = path.removeprefix(prefix)
                if path.startswith(prefix) and name not in found:
                    found[name] = registry.read(release, path)
    return found


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
