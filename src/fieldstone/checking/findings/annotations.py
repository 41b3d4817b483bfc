"""Findings about annotations that `fieldstone generate` would refuse.

Only images with annotations are searched, and only problems that the baseline does not have are reported.
"""

from __future__ import annotations

import os.path
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fieldstone.compatibility.finding import ANNOTATION_INVALID, Finding, fingerprint
from fieldstone.project.project import Project
from fieldstone.registry.release import IMAGE, Release
from fieldstone.schema.entity import may_have_annotations
from fieldstone.workspace.modules import Module

if TYPE_CHECKING:
    from fieldstone.codegen.storage.refusals import Refusal

Before = Callable[[], tuple[bytes, Collection[str]] | None]
"""Returns the image of the baseline, in bytes, and the paths of its own files; None without a baseline."""

_ANNOTATED = "annotated"
"""The cache table of the images of releases that can hold annotations, by digest."""


def annotation_findings(module: Module, image: bytes, before: Before, *, start: Path) -> list[Finding]:
    """The findings about a module's annotations.

    Args:
        module: the module.
        image: the compiled module with all its imports.
        before: the baseline; loaded only if there is a problem.
        start: the folder that paths in the findings are relative to.

    Raises:
        FieldstoneError: an image cannot be read.
    """
    found = new_refusals(module.name, image, module.proto_paths.keys(), before)
    return [_finding(refusal, os.path.relpath(module.root, start)) for refusal in found]


def new_refusals(module: str, image: bytes, own: Collection[str], before: Before) -> list[Refusal]:
    """The annotations of a module that no code can be generated from, without those of its baseline.

    Args:
        module: its name.
        image: the compiled module with all its imports.
        own: the paths of its own files.
        before: the baseline.

    Raises:
        FieldstoneError: an image cannot be read.
    """
    found = _refusals(module, image, own)
    baseline = before() if found else None
    known = Counter(refusal.problem for refusal in _refusals_of_baseline(module, *baseline)) if baseline else Counter()
    return [*_without(found, known)]


def can_be_annotated(project: Project, release: Release) -> bool:
    """Whether the image of a release can hold annotations.

    Raises:
        FieldstoneError: the image cannot be read.
    """
    digest, store = release.files[IMAGE], project.cache.store
    known = store.get(_ANNOTATED, digest)
    if known is None:
        known = b"1" if may_have_annotations(project.registry.read(release, IMAGE)) else b"0"
        store.put(_ANNOTATED, {digest: known})
    return known != b"0"


def _refusals_of_baseline(module: str, image: bytes, own: Collection[str]) -> list[Refusal]:
    """The problems of the baseline; none for an image without all its imports, so that every problem counts as new."""
    from fieldstone.schema.image import parse_image

    files = parse_image(image, where="the baseline").file
    names = {file.name for file in files}
    is_whole = all(path in names for file in files for path in file.dependency)
    return _refusals(module, image, own) if is_whole else []


def _refusals(module: str, image: bytes, own: Collection[str]) -> list[Refusal]:
    if not may_have_annotations(image):
        return []
    from fieldstone.codegen.published import with_code
    from fieldstone.codegen.storage.refusals import is_stored_or_served, refusals
    from fieldstone.schema.descriptors import load_schema

    sources = with_code(own, asked=True)
    schema = load_schema(image, where=module, own_files=sources, with_imports=True)
    return refusals(schema, module, own=sources) if is_stored_or_served(schema, sources) else []


def _without(found: Collection[Refusal], known: Counter[str]) -> Iterator[Refusal]:
    for refusal in found:
        if known[refusal.problem]:
            known[refusal.problem] -= 1
        else:
            yield refusal


def _finding(refusal: Refusal, root: str) -> Finding:
    path = refusal.location.path
    return Finding(
        rule=ANNOTATION_INVALID,
        subject=path,
        message=refusal.problem,
        location=replace(refusal.location, path=Path(root, path).as_posix()),
        fix=refusal.fix,
        fingerprint=fingerprint(ANNOTATION_INVALID, path, refusal.problem),
    )
