"""The released sources of a module, as an editor shows and restores them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from fieldstone.compatibility.finding import Finding
from fieldstone.lsp.text.outline import Declaration, outline
from fieldstone.project.project import Project
from fieldstone.registry.release import SOURCES
from fieldstone.regular_file import read_file
from fieldstone.schema.location import Location


class Source:
    """A source of a release.

    Args:
        path: a file with its text: in the registry if that is a folder, else in the cache.
        text: the text.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    @cached_property
    def outline(self) -> Declaration:
        """Its declarations."""
        return outline(self.text)


def source_of(project: Project, module: str, path: str) -> Source | None:
    """A source of the newest release of a module, by import path; None if the release has no such file.

    Raises:
        FieldstoneError: it cannot be read.
    """
    release = project.newest_of(module)
    name = SOURCES + path
    if release is None or name not in release.files:
        return None
    file = project.registry.local(release, name)
    return Source(file, read_file(file).decode("utf-8", "replace"))


def released_side(project: Project, module: str, finding: Finding) -> tuple[Source, Location] | None:
    """The released source that a finding is about, with the place in it; None if it is about something new.

    Raises:
        FieldstoneError: it cannot be read.
    """
    was_at = finding.was_at
    if was_at is None:
        return None
    home = next((path for path in finding.homes if was_at.path.endswith(f"/{path}")), None)
    if home is None:
        _, _, home = was_at.path.rpartition(f"/{SOURCES}")
    source = source_of(project, module, home)
    return (source, was_at) if source else None
