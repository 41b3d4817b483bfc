"""Retire: end a module with an empty last release, so that its numbers and names stay reserved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec.structs import replace
from semver import Version

from fieldstone.checking.baseline import ledger_of, released
from fieldstone.checking.drafting import WrittenLedger, in_order, recorded_exemptions, recorded_waivers, written_ledger
from fieldstone.checking.findings.defects import defect_findings
from fieldstone.checking.findings.stale_waivers import spent
from fieldstone.checking.judging import judge_removal_since
from fieldstone.checking.release_changes import retirement_changes
from fieldstone.compatibility import RULES_VERSION
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.errors import FieldstoneError, Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.registry.lines import MAIN, beside
from fieldstone.registry.release import IMAGE, LAYOUT, LEDGER, Release
from fieldstone.schema.digest import b5, manifest
from fieldstone.schema.model import Schema
from fieldstone.suggestions import did_you_mean
from fieldstone.toolchain import buf, git
from fieldstone.workflows.release import Released, parse_version, refusal, require_order
from fieldstone.workflows.signing import signed
from fieldstone.workspace.checkouts import compile_module
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.modules import Module


def retire(
    project: Project, name: str, *, version: str = "", dry_run: bool = False, start: Path | None = None
) -> Released:
    """Write the last release of a module, which may still be listed or not.

    Args:
        project: the project with the module.
        name: the module.
        version: the version to give it; by default the next major one.
        dry_run: judge the removal and determine the version, but write nothing.
        start: the folder that paths in the report are relative to; the working directory by default.

    Raises:
        FieldstoneError: the module has no release or is retired already, another module imports its files, the
            version is invalid or a pre-release, or the registry is in disorder or cannot be written.
    """
    made = datetime.now(UTC)
    wanted = _wanted(version) if version else None
    project = replace(project, permission=project.permission.only_if_asked())
    require_order(project)
    newest = _last_release(project, name)
    _refuse_importers(project, newest)
    report = _judged(project, newest, (start or Path.cwd()).resolve(), made.date())
    if not report.allowed:
        return Released(report)
    number = wanted or Version.parse(report.version)
    refused = refusal(project, name, number, report)
    if refused:
        return Released(report, refused=refused)
    before = ledger_of(project.registry, newest)
    ledger = written_ledger(newest, before, before.advance(Schema(), str(number)))
    draft = _manifest(project, newest, ledger, report, version=str(number), made=in_order(made, newest))
    if not dry_run:
        project.registry.add(signed(project, draft), _files(ledger))
        draft = project.registry.release(name, draft.version)
    return Released(report, draft, spent=spent(project, report))


def _wanted(version: str) -> Version:
    wanted = parse_version(version)
    if wanted.prerelease:
        raise Invalid(
            f"{version} is a pre-release, and none can retire a module", fix=f"use {wanted.finalize_version()}"
        )
    return wanted


def _last_release(project: Project, name: str) -> Release:
    """The newest release of a module; raises if the module cannot be retired."""
    project.require_living(name)
    registry = project.registry
    versions = registry.versions(name)
    if not versions:
        is_listed = name in project.workspace.modules
        hint = did_you_mean(name, registry.modules(), f"it has {', '.join(registry.modules()) or 'none'}")
        fix = "it was never released: remove it from the buf configuration" if is_listed else hint
        raise NotFound(f"no release of {name} in {registry.address}, so there is nothing to retire", fix=fix)
    if name not in project.workspace.modules and not project.owns_registry:
        raise NotFound(
            f"{project.workspace.root / project.workspace.config} does not list {name}, "
            f"and the registry {registry.address} is shared with others",
            fix="retire it where it is listed",
        )
    newest = registry.release(name, str(versions[-1]))
    if newest.line:
        raise Invalid(
            f"{name} {newest.version}, its newest release here, is of line {newest.line}, and a line ends no module",
            fix="retire it on the branch of the main line",
        )
    return newest


def _refuse_importers(project: Project, newest: Release) -> None:
    """Raise if another module of the workspace imports files of the module."""
    importers = [f"{module.name} ({path})" for module, path in _importers(project, newest)]
    if importers:
        raise Invalid(
            f"{newest.name} cannot be retired while others import its files: {', '.join(importers)}",
            fix="remove these imports first",
        )


def _importers(project: Project, newest: Release) -> Iterator[tuple[Module, str]]:
    """The other modules that import files of a module, each with the first such file."""
    workspace, name = project.workspace, newest.name
    dependencies = Dependencies(workspace)
    listed = workspace.modules.get(name)
    own = newest.protos.keys() | (listed.proto_paths.keys() if listed else ())
    for other in workspace.modules.values():
        if other.name != name:
            owners = {path: dependencies.owner(path) for path in dependencies.imports(other) & own}
            lost = sorted(path for path, owner in owners.items() if owner is None or owner.name == name)
            if lost and (listed or not _compiles(project, other)):
                yield other, lost[0]


def _compiles(project: Project, module: Module) -> bool:
    """Whether a module compiles: a remote registry may have the files that the workspace no longer has."""
    try:
        compile_module(project.workspace, module, outside=project.settings.registry_folder)
    except FieldstoneError:
        return False
    return True


def _judged(project: Project, newest: Release, start: Path, today: date) -> ModuleReport:
    """The report about the removal of the module's contents."""
    baseline = released(project, newest)
    report = judge_removal_since(project, newest.name, baseline, start=start, witness=True, today=today)
    return report.with_findings(defect_findings(project, newest.name, start))


def _files(ledger: WrittenLedger) -> dict[str, bytes]:
    """The files of the last release: no sources, an empty image and the ledger."""
    return {IMAGE: b"", LEDGER: ledger.text}


def _manifest(
    project: Project, newest: Release, ledger: WrittenLedger, report: ModuleReport, *, version: str, made: datetime
) -> Release:
    root = project.workspace.root
    return Release(
        name=newest.name,
        version=version,
        digest=b5(manifest({}), ()),
        bump=report.bump,
        released_at=made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=git.source_commit(root, (), owns=lambda _: False),
        style=project.workspace.style_digest(Module(newest.name, root, ".")),
        compiler=buf.compiler(),
        rules=RULES_VERSION,
        changes=tuple(retirement_changes(newest.name, released(project, newest).side.schema)),
        waivers=recorded_waivers(report),
        exemptions=recorded_exemptions(report),
        previous=newest.link,
        beside=tuple(other.link for other in beside(project.registry, newest.name, MAIN)),
        files=manifest(_files(ledger)),
        layout=LAYOUT,
        ledgers=ledger.older,
        retired=True,
    )
