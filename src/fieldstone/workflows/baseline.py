"""What a module is judged against, and its report against that."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fieldstone.compatibility.finding import ModuleReport
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.verdict import Bump
from fieldstone.registry.manifest import IMAGE, LEDGER, SOURCES, Release
from fieldstone.schema.descriptors import read_schema
from fieldstone.schema.digest import manifest
from fieldstone.schema.model import Location, Schema
from fieldstone.schema.sources import compile_reference
from fieldstone.schema.workspace import Module
from fieldstone.workflows.judgement import (
    Judgement,
    Side,
    bump_since,
    decide,
    judge_change,
    judge_natively,
    judge_style,
    policy_of,
    relocate,
)
from fieldstone.workflows.project import Project

if TYPE_CHECKING:
    from semver import Version


@dataclass(frozen=True, slots=True)
class Baseline:
    """One side to judge against.

    Attributes:
        side: its image, schema and label.
        places: what leads to its sources, before a path relative to the module's root.
        sources: its files' digests, where they are known.
    """

    side: Side
    places: str
    sources: dict[str, str]


def released(project: Project, release: Release, start: Path) -> Baseline:
    """A release as a baseline; its places are relative to the folder `start`.

    Raises:
        FieldstoneError: its image is missing or damaged.
    """
    image = project.registry.read(release, IMAGE)
    where = project.registry.place(release)
    schema = read_schema(image, where=f"{where}/{IMAGE}", own_files=release.sources.keys())
    places = f"{os.path.relpath(where, start)}/{SOURCES}"
    return Baseline(Side(image, schema, release.version), places, release.sources)


def find_baseline(project: Project, module: Module, against: str, start: Path) -> Baseline | None:
    """What a module is judged against; None for a new module.

    Args:
        project: where the module is.
        module: the module.
        against: a version, a path or a git revision; if empty, the newest release.
        start: the folder that places are relative to.

    Raises:
        FieldstoneError: there is no such thing, or it does not compile.
    """
    if not against:
        newest = project.newest(module)
        return released(project, newest, start) if newest else None
    if against in map(str, project.registry.versions(module.name)):
        return released(project, project.registry.release(module.name, against), start)
    compiled = compile_reference(against, module, project.workspace, outside=project.settings.registry)
    if compiled is None:
        return None
    schema = read_schema(compiled.image, where=compiled.label)
    return Baseline(Side(compiled.image, schema, compiled.label), project.prefix(module, start), {})


def history(project: Project, module: Module) -> Ledger:
    """The ledger of a module's newest release; an empty one without a release.

    Raises:
        FieldstoneError: it is missing or damaged.
    """
    newest = project.newest(module)
    if newest is None:
        return Ledger()
    text = project.registry.read(newest, LEDGER).decode("utf-8", "replace")
    return Ledger.from_json(text, where=f"{project.registry.place(newest)}/{LEDGER}")


def judge_module(project: Project, module: Module, image: bytes, *, against: str, start: Path) -> ModuleReport:
    """Judge a compiled module.

    Args:
        project: where the module is.
        module: the module.
        image: the module as it is now, compiled.
        against: what to judge against, as for `find_baseline`.
        start: the folder that places in the report are relative to.

    Raises:
        FieldstoneError: there is no such baseline, or the engines disagree.
    """
    settings = project.settings.module(module.name)
    new = Side(image, read_schema(image, where=f"the image of {module.path}"), "the working tree")
    baseline = find_baseline(project, module, against, start)
    versions = project.registry.versions(module.name)
    prefix = project.prefix(module, start)
    if baseline is None:
        naming = policy_of(settings).apply(judge_style(Schema(), new.schema, settings))
        judgement = Judgement(tuple(naming), Bump.NONE, 0)
    else:
        same_sources = baseline.sources == manifest(module.contents())
        ledger = history(project, module)
        judgement = judge_change(baseline.side, new, ledger, settings, same_sources=same_sources)
    places = baseline.places if baseline else prefix
    findings = tuple(relocate(finding, prefix, places) for finding in judgement.findings)
    bump = max(judgement.bump, _bump_since_stable(project, module, new, versions, start))
    verdict = decide(findings, bump, versions, settings)
    return ModuleReport(
        module=module.name,
        findings=findings,
        compared_with=baseline.side.label if baseline else "",
        changed=judgement.changed,
        bump=str(verdict.bump),
        version=str(verdict.version or ""),
        allowed=verdict.allowed,
    )


def judge_removal(project: Project, name: str, start: Path) -> ModuleReport:
    """Judge that a released module is no longer listed: all that it held has left.

    Args:
        project: where the module was.
        name: the module.
        start: the folder that places in the report are relative to.

    Raises:
        FieldstoneError: its newest release cannot be read.
    """
    settings = project.settings.module(name)
    versions = project.registry.versions(name)
    baseline = released(project, project.registry.release(name, str(versions[-1])), start)
    config = os.path.relpath(project.workspace.root / project.workspace.config, start)
    findings = tuple(
        replace(relocate(finding, "", baseline.places), place=Location(config))
        for finding in judge_natively(baseline.side.schema, Schema(), settings)
    )
    verdict = decide(findings, Bump.MAJOR, versions, settings)
    return ModuleReport(
        module=name,
        findings=findings,
        compared_with=baseline.side.label,
        changed=len(list(baseline.side.schema.types())),
        bump=str(verdict.bump),
        version=str(verdict.version or ""),
        allowed=verdict.allowed,
    )


def _bump_since_stable(project: Project, module: Module, new: Side, versions: Sequence[Version], start: Path) -> Bump:
    """After a pre-release: what the change asks for against the newest version that is none."""
    stable = [version for version in versions if not version.prerelease]
    if not stable or stable[-1] == versions[-1]:
        return Bump.NONE
    old = released(project, project.registry.release(module.name, str(stable[-1])), start)
    return bump_since(old.side.schema, new.schema, project.settings.module(module.name))
