"""Check: style, compatibility with the baseline and the whole history, and the registry's integrity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path

from fieldstone.cache.store import IMAGES
from fieldstone.compatibility.finding import ModuleReport, Report
from fieldstone.errors import FieldstoneError
from fieldstone.workflows.changed_files import added_files
from fieldstone.workflows.defect_findings import defect_findings
from fieldstone.workflows.evidence import ALL_EVIDENCE, Evidence
from fieldstone.workflows.looking import ask_git
from fieldstone.workflows.module_check import ModuleCheck
from fieldstone.workflows.project import Project


def check(
    project: Project,
    names: Sequence[str] = (),
    *,
    against: str = "",
    start: Path | None = None,
    full: bool = False,
    unproven: Collection[str] = (),
    evidence: Evidence = ALL_EVIDENCE,
    today: date | None = None,
) -> Report:
    """Check modules as they are in the working tree.

    Args:
        project: where they are.
        names: which ones; all of them by default.
        against: a version, a path or a git revision to judge against instead of the newest release; a
            revision that is no tag stands for the commit where HEAD parted from it.
        start: the folder that paths in the report are relative to; the working directory by default.
        full: compile and compare also where the sources are as released.
        unproven: modules whose releases say nothing about what was judged already: all of them is judged.
        evidence: what to hold against the verdict.
        today: the day to judge as of, in UTC; today's by default.

    Raises:
        FieldstoneError: anything that keeps the check from being done.
    """
    here = (start or Path.cwd()).resolve()
    with ExitStack() as under_way:
        if not full and project.cache.store.folder is not None:  # else nothing is known of what git lists
            under_way.callback(ask_git(project).close)
        several = len(project.workspace.modules) > 1
        added = added_files(project) if several and not full and not against else {}
        removed = [] if names else _removed_modules(project)
        checks = [
            ModuleCheck(
                project, module, against, here, full or module.name in unproven, added, evidence, under_way, today
            )
            for module in project.modules(names)
        ]
        judged = [checked.report() for checked in checks]
        judged += [
            report for name in removed if (report := _removal(project, name, against, here, evidence, today=today))
        ]
    project.phases.counts.update(seen=project.cache.digests.seen, read=project.cache.digests.read)
    if project.cache.standing:
        project.phases.counts["seen"] += project.cache.standing.count
        project.cache.standing.save()
    _save(project)
    if project.settings.waivers:
        from fieldstone.workflows.stale_waivers import with_stale_waivers

        judged = with_stale_waivers(
            project, judged, all_modules=not names, against=against, start=here, evidence=evidence, today=today
        )
    return Report(tuple(judged))


def _save(project: Project) -> None:
    """Keep what was worked out, without what only older releases need."""
    store = project.cache.store
    if store.has_new(IMAGES):
        from fieldstone.workflows.slices import forget_older

        with suppress(FieldstoneError):  # what is wrong with the registry is told elsewhere
            forget_older(project)
    store.save()


def _removed_modules(project: Project) -> list[str]:
    """Modules with a release that the buf configuration no longer lists; not where the registry is shared."""
    if project.settings.root not in project.settings.registry.resolve().parents:
        return []
    return [name for name in project.registry.modules() if name not in project.workspace.modules]


def _removal(
    project: Project, name: str, against: str, start: Path, evidence: Evidence, *, today: date | None
) -> ModuleReport | None:
    from fieldstone.workflows.baseline import judge_removal

    defects = defect_findings(project, name, start)
    report = judge_removal(project, name, against=against, start=start, witness=evidence.witness, today=today)
    return report.with_findings(defects) if report else None
