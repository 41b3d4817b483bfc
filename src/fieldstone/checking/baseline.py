"""The baseline of a module: a release, or its sources at another revision."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from msgspec import Struct

from fieldstone.checking.judgement import (
    Side,
)
from fieldstone.checking.readers import NoKnownReader
from fieldstone.checking.released_sunsets import sunset_history
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.sunsets.notice import SunsetHistory
from fieldstone.errors import NotFound
from fieldstone.project.project import Project
from fieldstone.registry import Registry
from fieldstone.registry.lines import MAIN, beside
from fieldstone.registry.release import IMAGE, LEDGER, SOURCES, Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.image import own_paths, parse_image
from fieldstone.schema.model import Schema
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.modules import Module

THE_TREE = "the working tree"
"""The label of the working tree in reports."""


class Baseline(Struct, frozen=True):
    """The version of a module that a change is judged against.

    Attributes:
        side: its image, schema and label.
        root: the absolute folder of its sources; that of the working tree if it has none of its own.
        own: the import paths of its own files.
        digest: its b5 digest if it is a release; else empty.
        place: returns the file of a source if not all are below `root`, from its path relative to that.
    """

    side: Side
    root: Path
    own: Collection[str]
    digest: str = ""
    place: Callable[[str], Path] | None = None

    def at(self, path: str) -> Path:
        """The file of one of its sources, from its path relative to its root."""
        return self.place(path) if self.place else self.root / path

    @property
    def version(self) -> str:
        """Its version if it is a release; else empty."""
        return self.side.label if self.digest else ""


def released(project: Project, release: Release) -> Baseline:
    """A release as a baseline.

    Raises:
        FieldstoneError: its image is missing or damaged.
    """
    image = project.registry.read(release, IMAGE)
    where = project.registry.label(release)
    if release.retired:
        return Baseline(Side(bytes, Schema, release.version), Path(where, SOURCES), (), release.digest)

    def load() -> Schema:
        each = partial(project.phases.counted, of=f"files of {release.name} {release.version}")
        return load_schema(image, where=f"{where}/{IMAGE}", own_files=release.sources.keys(), each=each)

    side = Side(lambda: image, load, release.version)
    place = place_of(project.registry, release)
    return Baseline(side, Path(where, SOURCES), release.protos.keys(), release.digest, place)


def place_of(registry: Registry, release: Release) -> Callable[[str], Path]:
    """Returns the file of a source of a release, which may lie in an older one, from its path in the module."""
    return lambda path: Path(registry.place(release, SOURCES + path))


def find_baseline(project: Project, module: Module, against: str, *, since_parting: bool = False) -> Baseline | None:
    """The baseline of a module; None for a new module.

    Args:
        project: where the module is.
        module: the module.
        against: a version, a path or a git revision; if empty, the newest release of the line.
        since_parting: whether a revision, unless it is a tag, means its merge base with HEAD.

    Raises:
        FieldstoneError: there is no such baseline, or it does not compile.
    """
    if not against:
        newest = project.newest(module)
        return released(project, newest) if newest else None
    versions = [str(version) for version in project.registry.versions(module.name)]
    if against in versions:
        return released(project, project.registry.release(module.name, against))
    from fieldstone.workspace.references import compile_reference

    try:
        compiled = compile_reference(against, module, project.checkouts, versions=versions, since_parting=since_parting)
    except NotFound as error:
        registry = project.registry
        others = [other for other in registry.modules() if against in map(str, registry.versions(other))]
        if not others:
            raise
        fix = f"{against} is a release of {', '.join(others)}: name the module to compare with it"
        raise NotFound(f"{module.name} has no release {against}", fix=fix) from error
    if compiled is None:
        return None
    image, label = compiled.image, compiled.label
    own = own_paths(parse_image(image, where=label))
    return Baseline(Side(lambda: image, lambda: load_schema(image, where=label), label), compiled.root, own)


def removed_baseline(project: Project, name: str, against: str) -> Baseline | None:
    """The baseline for the removal of a released module; None if the module is not at `against` either.

    Raises:
        FieldstoneError: there is no such baseline, or it cannot be read.
    """
    versions = [str(version) for version in project.registry.versions(name)]
    version = against if against in versions else versions[-1]
    if against not in {"", version} and not Path(against).exists():
        from fieldstone.workspace.references import modules_at

        before = modules_at(against, project.checkouts)
        if name in before:
            root = project.workspace.root / before[name]
            return find_baseline(project, Module(name, root, before[name]), against, since_parting=True)
        if {*before.values()} <= {module.path for module in project.workspace.modules.values()}:
            return None
    return released(project, project.registry.release(name, version))


def style_of_baseline(project: Project, module: Module, against: str) -> list[Diagnostic]:
    """The diagnostics of `buf lint` on a module's baseline; none for a release, which has passed it.

    Raises:
        FieldstoneError: there is no such baseline, or it does not compile.
    """
    if against in map(str, project.registry.versions(module.name)):
        return []
    from fieldstone.workspace.references import lint_reference

    return lint_reference(against, module, project.checkouts)


def history(project: Project, module: Module) -> Ledger:
    """All that a module's releases used, for judging its line; empty if there is no release.

    Raises:
        FieldstoneError: a ledger is missing or damaged.
    """
    newest = project.newest(module)
    if newest is None:
        return Ledger()
    others = beside(project.registry, module.name, project.line_of(module.name) or MAIN)
    return ledger_of(project.registry, newest).beside([ledger_of(project.registry, other) for other in others])


def ledger_of(registry: Registry, release: Release) -> Ledger:
    """The ledger of a release: what its line used up to it.

    Raises:
        FieldstoneError: it is missing or damaged.
    """
    parts = release.parts()
    return Ledger.joined(
        [
            Ledger.from_json(registry.read(part, LEDGER), where=registry.place(part, LEDGER), remedy=registry.remedy)
            for part in parts
        ]
    )


def sunsets_since(project: Project, module: str, baseline: Baseline | None) -> SunsetHistory:
    """The sunsets in a module's releases, for judging a change; the baseline is None for a new module."""
    version = baseline.version if baseline else ""
    release = project.registry.release(module, version) if version else None
    newest, settings = project.newest_of(module), project.settings.module(module)
    return sunset_history(
        project.registry,
        newest,
        release,
        unread=NoKnownReader(project.registry, newest, settings, project.known_consumers),
        needs_unread=settings.needs_no_known_reader,
    )
