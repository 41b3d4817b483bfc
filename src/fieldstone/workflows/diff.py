"""Diff: the changes between two versions of a module, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from fieldstone.checking.baseline import Baseline, find_baseline, released, sunsets_since
from fieldstone.checking.judgement import Side, bump_since
from fieldstone.compatibility.changes import Described, describe
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import NotFound
from fieldstone.project.project import Project
from fieldstone.registry.lines import ancestry
from fieldstone.registry.release import Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.image import with_own
from fieldstone.schema.model import Schema
from fieldstone.workspace.checkouts import compile_module

WORKING_TREE = "."
"""The reference that means the working tree."""


class Diff(Struct, frozen=True):
    """The changes of a module between two references.

    Attributes:
        module: its name.
        old: the reference before the changes.
        new: the reference after the changes.
        changes: one sentence each, removals first.
        bump: the bump that they need: none, minor or major.
        waivers: the waivers recorded by the releases in between, if `old` is a version.
    """

    module: str
    old: str
    new: str
    changes: Sequence[Described]
    bump: str
    waivers: Sequence[Waiver] = ()


def diff(project: Project, name: str, old: str, new: str) -> Diff:
    """Describe the changes between two references.

    Args:
        project: the project with the module.
        name: the module.
        old: a version, a path or a git revision; empty for the newest release of the line.
        new: likewise; `.` for the working tree.

    Raises:
        FieldstoneError: a reference does not exist, or does not compile.
    """
    old = old or _newest(project, name).version
    left, right = _baseline(project, name, old), _baseline(project, name, new)
    before, after = left.side.schema, _schema_with(right, left.own)
    settings = project.settings.module(name)
    same = before.same_contract(after)
    bump = "none" if same else str(bump_since(before, after, settings, sunsets=sunsets_since(project, name, left)))
    return Diff(name, old, new, describe(before, after), bump, _waivers(project, name, old, new))


def _waivers(project: Project, name: str, old: str, new: str) -> list[Waiver]:
    """The waivers recorded by the releases after `old` in the line of `new`, or the project's if that is none."""
    registry = project.registry
    versions = [str(version) for version in registry.versions(name)]
    if old not in versions:
        return []
    last = registry.release(name, new) if new in versions else _newest(project, name)
    between: list[Release] = []
    for release in ancestry(registry, last):
        if release.version == old:
            break
        between.append(release)
    else:  # of another line
        known = {release.version for release in ancestry(registry, registry.release(name, old))}
        between = [release for release in between if release.version not in known]
    return [waiver for release in reversed(between) for waiver in release.waivers]


def _newest(project: Project, name: str) -> Release:
    """The newest release of a module in the line to work on."""
    newest = project.newest_of(name)
    if newest is None:
        raise NotFound(f"no release of {name} in {project.registry.address}", fix="name what to compare with: OLD")
    return newest


def _baseline(project: Project, name: str, ref: str) -> Baseline:
    if ref in map(str, project.registry.versions(name)):
        return released(project, project.registry.release(name, ref))
    module = project.module(name)
    if ref == WORKING_TREE:
        image = compile_module(project.workspace, module, outside=project.settings.registry_folder)
        where = f"the image of {module.path}"
        side = Side(lambda: image, lambda: load_schema(image, where=where), where)
        return Baseline(side, module.root, module.proto_paths.keys())
    found = find_baseline(project, module, ref)
    if found is None:
        raise NotFound(f"there is no module {name} at {ref} yet")
    return found


def _schema_with(baseline: Baseline, paths: Collection[str]) -> Schema:
    """The schema of a baseline, including those of the given files that it imports from another module."""
    side = baseline.side
    if not baseline.own:
        return side.schema
    image = with_own(side.image, {*paths} - {*baseline.own}, where=side.label)
    return side.schema if image is side.image else load_schema(image, where=side.label)
