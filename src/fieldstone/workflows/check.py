"""Check: style, compatibility with the baseline and the whole history, and the registry's integrity."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path

from msgspec import Struct

from fieldstone.cache.store import IMAGES
from fieldstone.checking.checked import Checked
from fieldstone.checking.findings.defects import defect_findings
from fieldstone.checking.joint.runs import Runs
from fieldstone.checking.module_check import ModuleCheck
from fieldstone.checking.module_identity import renamed_modules
from fieldstone.checking.options import DEFAULT_OPTIONS, CheckOptions
from fieldstone.compatibility.finding import Finding, ModuleReport, Report
from fieldstone.errors import FieldstoneError
from fieldstone.incremental.changed_files import added_files
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings
from fieldstone.workspace.modules import Module


class CheckedModules(Struct, frozen=True):
    """The result of a check: its report, and the result of each judged module by name."""

    report: Report
    modules: Mapping[str, Checked]


def check(
    project: Project,
    names: Sequence[str] = (),
    *,
    against: str = "",
    start: Path | None = None,
    full: bool = False,
    unproven: Collection[str] = (),
    options: CheckOptions = DEFAULT_OPTIONS,
    today: date | None = None,
) -> CheckedModules:
    """Check the modules of the working tree; the report is the `report` of the result.

    Args:
        project: the project.
        names: the modules to check; all by default.
        against: a version, a path or a git revision to judge against instead of the newest release; a
            revision, unless it is a tag, means its merge base with HEAD.
        start: the folder that paths in the report are relative to; the working directory by default.
        full: compile and compare unchanged files as well.
        unproven: modules whose releases are not trusted: they are checked in full.
        options: the optional parts of the check.
        today: the day to judge as of, in UTC; today's by default.

    Raises:
        FieldstoneError: anything that keeps the check from being done.
    """
    here = (start or Path.cwd()).resolve()
    with ExitStack() as under_way:
        renamed = renamed_modules(project)
        renames = {name: _renamed(project, renamed, name, here) for name in renamed}
        names = [_released_as(renamed, name) for name in names]
        project = project.called({module.key: name for name, module in renamed.items()})
        several = len(project.workspace.modules) > 1
        added = added_files(project) if several and not full and not against else {}
        modules, removed = _chosen(project, names)
        living = [module for module in modules if not project.retirement(module.name)]
        if against:
            under_way.enter_context(project.checkouts.kept([module.name for module in living]))
        runs = Runs(project, under_way, several=len(living) > 1)
        checks = [
            ModuleCheck(
                project, module, against, here, full or module.name in unproven, added, options, runs, under_way, today
            )
            for module in living
        ]
        runs.begin()
        for check in checks:
            check.compare()
        runs.begin()
        checked = {check.module.name: check.checked() for check in checks}
        judged = [found.report for found in checked.values()]
        judged += [_still_listed(project, module, here) for module in modules if module not in living]
        judged = [report.with_findings(renames.get(report.module, ())) for report in judged]
        judged += [
            report for name in removed if (report := _removal(project, name, against, here, options, today=today))
        ]
    _save(project)
    if not all(report.judged for report in judged):
        from fieldstone.checking.findings.compiler import without_duplicates

        judged = without_duplicates(project, judged)
    if project.settings.waivers:
        from fieldstone.checking.findings.stale_waivers import with_stale_waivers

        judged = with_stale_waivers(
            project, judged, all_modules=not names, against=against, start=here, options=options, today=today
        )
    if _has_exemptions(project.settings):
        from fieldstone.checking.findings.unused_exemptions import with_unused_exemptions

        judged = with_unused_exemptions(project, judged, all_modules=not names, start=here)
    return CheckedModules(Report(tuple(judged)), checked)


def _has_exemptions(settings: Settings) -> bool:
    """Whether settings exempt any path."""
    tables = (settings.values, *settings.values.get("modules", {}).values())
    return any(table.get(key) for table in tables for key in ("exempt-paths", "exempt-rules"))


def _save(project: Project) -> None:
    """Count the files, and save the cache without the indexes of older releases."""
    project.phases.counts.update(seen=project.cache.digests.seen, read=project.cache.digests.read)
    store = project.cache.store
    if store.has_new(IMAGES):
        from fieldstone.incremental.slices import forget_older

        with suppress(FieldstoneError):  # defects of the registry are reported elsewhere
            forget_older(project)
    store.save()


def _renamed(project: Project, renamed: Mapping[str, Module], name: str, start: Path) -> list[Finding]:
    from fieldstone.checking.findings.modules import renamed_finding

    return [renamed_finding(project, name, renamed[name], renamed=renamed, start=start)]


def _released_as(renamed: Mapping[str, Module], name: str) -> str:
    """The name that a module was released under, from its current name."""
    return next((released for released, module in renamed.items() if module.name == name), name)


def _chosen(project: Project, names: Sequence[str]) -> tuple[list[Module], list[str]]:
    """The modules to judge, and the names of released ones that are not listed; by default all."""
    unlisted = project.unlisted()
    if not names:
        return project.modules(()), unlisted
    gone = [name for name in dict.fromkeys(names) if name in unlisted and not project.retirement(name)]
    listed = [name for name in names if name not in gone]
    return project.modules(listed) if listed else [], gone


def _still_listed(project: Project, module: Module, start: Path) -> ModuleReport:
    """The report of a retired module that the buf configuration lists."""
    from fieldstone.checking.findings.modules import retired_finding

    retirement = project.registry.release(module.name, str(project.registry.versions(module.name)[-1]))
    found = [retired_finding(project, module, retirement, start), *defect_findings(project, module.name, start)]
    return ModuleReport(module=module.name, compared_with=retirement.version).with_findings(found)


def _removal(
    project: Project, name: str, against: str, start: Path, options: CheckOptions, *, today: date | None
) -> ModuleReport | None:
    """The report of a module that is not listed; None if that is no change, or if it is properly retired."""
    from fieldstone.checking.judging import judge_removal

    defects = defect_findings(project, name, start)
    retirement = project.retirement(name)
    if retirement:
        report = ModuleReport(module=name, compared_with=retirement.version, differs=False)
        return report.with_findings(defects) if defects else None
    removal = judge_removal(project, name, against=against, start=start, witness=options.witness, today=today)
    return removal.with_findings(defects) if removal else None
