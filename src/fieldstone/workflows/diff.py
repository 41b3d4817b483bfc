"""Diff: the changes between two versions of a module, in words, and what they break."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.baseline import Baseline, find_baseline, ledger_of, released, sunsets_since
from fieldstone.checking.judgement import Side, judge_natively
from fieldstone.checking.witnesses import THIS_SCHEMA, with_witnesses
from fieldstone.compatibility.changes import Described, describe
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.verdict import required_bump
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
        findings: the breaks, each with the waiver that a release recorded for it.
    """

    module: str
    old: str
    new: str
    changes: Sequence[Described]
    bump: str
    waivers: Sequence[Waiver] = ()
    findings: Sequence[Finding] = ()


class Judged(Struct, frozen=True):
    """A diff, with the two schemas that it is of."""

    diff: Diff
    before: Schema
    after: Schema


def diff(project: Project, name: str, old: str, new: str, *, witness: bool = False) -> Diff:
    """The diff of `judged`, which says more."""
    return judged(project, name, old, new, witness=witness).diff


def judged(project: Project, name: str, old: str, new: str, *, witness: bool = False) -> Judged:
    """Describe the changes between two references, and judge them by Fieldstone's rules.

    Args:
        project: the project with the module.
        name: the module.
        old: a version, a path or a git revision; empty for the newest release of the line.
        new: likewise; `.` for the working tree.
        witness: whether each finding gets an example message, where one is found.

    Raises:
        FieldstoneError: a reference does not exist, or does not compile.
    """
    old = old or _newest(project, name).version
    left, right = _baseline(project, name, old), _baseline(project, name, new)
    before, after = left.side.schema, _schema_with(right, left.own)
    settings, ledger = project.settings.module(name), _history(project, name, left, right)
    found = judge_natively(before, after, settings, ledger=ledger, sunsets=sunsets_since(project, name, left))
    same = before.same_contract(after)
    bump = "none" if same else str(required_bump(found, same_contract=same, same_sources=same))
    waivers = _waivers(project, name, old, new)
    findings = [_waived(finding, waivers) for finding in found if finding.breaks]
    if witness:
        shown = Side(lambda: right.side.image, lambda: after, right.side.label)
        label = THIS_SCHEMA if new == WORKING_TREE else right.side.label
        findings = [
            *with_witnesses(findings, left.side, shown, project=project, module=name, ledger=ledger, label=label)
        ]
    return Judged(Diff(name, old, new, describe(before, after), bump, waivers, findings), before, after)


def _history(project: Project, name: str, left: Baseline, right: Baseline) -> Ledger:
    """The history up to the earlier version, if that is a release; none if the other one is older."""
    if not left.version:
        return Ledger()
    earlier, later = (project.registry.release(name, one.version) if one.version else None for one in (left, right))
    if earlier is None or (later is not None and later.semver < earlier.semver):
        return Ledger()
    return ledger_of(project.registry, earlier)


def _waived(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    """A finding with the waiver that a release recorded for it."""
    recorded = next((waiver for waiver in waivers if waiver.covers(finding.rule, finding.subject)), finding.waiver)
    return finding if recorded is finding.waiver else replace(finding, waiver=recorded)


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
