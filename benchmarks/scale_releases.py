"""Release a tree of `scale.py` many times: each release has one field more, in one file, than the one before.

    python -m benchmarks.scale_releases TREE HAD COUNT

A process of its own, so that those that are measured do not start with its memory. It does without
`fieldstone release`, which judges every release, but is made of the same parts: chain, seals, digests, ledgers
and images are what it would have written, and `fieldstone registry verify` finds nothing.
"""

from __future__ import annotations

import sys
from itertools import cycle
from pathlib import Path

from msgspec.structs import replace

from benchmarks.scale_edits import with_field
from benchmarks.scale_tree import MODULE, ScaleError
from fieldstone.compatibility.ledger import Ledger
from fieldstone.project.project import Project
from fieldstone.registry.manifest import from_toml, to_toml
from fieldstone.registry.release import IMAGE, LEDGER, NAME, SOURCES, Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.digest import manifest
from fieldstone.workspace.checkouts import compile_module
from fieldstone.workspace.dependencies import Dependencies


def release_all(tree: Path, had: int, count: int) -> None:
    """Release a tree that has so many releases until it has more.

    Raises:
        ScaleError: no file of it takes a field.
    """
    project = Project.at(tree)
    newest = project.registry.release(MODULE, f"1.{had - 1}.0")
    paths = [path for path in sorted(newest.sources) if with_field((tree / MODULE / path).read_text())]
    if not paths:
        raise ScaleError(f"no file of {tree} takes a field")
    for number, path in zip(range(had, count), cycle(paths), strict=False):
        source = tree / MODULE / path
        source.write_text(with_field(source.read_text()) or "")
        newest = _release(project, newest, f"1.{number}.0", path)


def _release(project: Project, previous: Release, version: str, changed: str) -> Release:
    """Write a release of the module as it is now, and read its manifest."""
    module = project.workspace.module(MODULE)
    releases = project.settings.registry / MODULE
    image = compile_module(project.workspace, module, outside=project.settings.registry)
    ledger = Ledger.from_json((releases / previous.version / LEDGER).read_text(), where=previous.version)
    history = ledger.advance(load_schema(image, where=version), version).to_json()
    sources = {SOURCES + path: content for path, content in module.contents().items()}
    files = {**sources, IMAGE: image, LEDGER: history.encode()}
    release = replace(
        previous,
        version=version,
        digest=Dependencies(project.workspace).digest(module),
        bump="minor",
        changes=(f"a field was added in {changed}",),
        previous=previous.link,
        files=manifest(files),
    )
    text = to_toml(release)
    for path, content in {**files, NAME: text.encode()}.items():
        target = releases / version / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return from_toml(text, where=version)


if __name__ == "__main__":
    release_all(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
