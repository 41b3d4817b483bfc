"""Findings about waivers: expired ones, and those that permit nothing."""

from __future__ import annotations

import os.path
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from fieldstone.checking.drafting import used_waivers
from fieldstone.checking.judgement import policy_of
from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import Cause, Finding, Level, ModuleReport, fingerprint
from fieldstone.compatibility.policy import is_used
from fieldstone.compatibility.rules import all_rules
from fieldstone.compatibility.waiver import Waiver
from fieldstone.project.project import Project
from fieldstone.project.waiver_table import Entry


def with_stale_waivers(
    project: Project,
    reports: Sequence[ModuleReport],
    *,
    all_modules: bool,
    against: str,
    start: Path,
    options: CheckOptions,
    today: date | None = None,
) -> list[ModuleReport]:
    """The reports of a check, with findings about stale waivers.

    An expired waiver is reported next to the finding that it no longer permits; that finding counts again.
    Unused waivers are only reported in a check against the newest release. One that names no module, or
    an unknown one, is reported with the first module if all modules are checked.

    Args:
        project: the project with the waivers.
        reports: the report of each module.
        all_modules: whether these are all modules.
        against: the baseline of the check; empty for the newest release.
        start: the folder that paths in the report are relative to.
        options: the options of the check; a waiver for a part that was left out may be used.
        today: the day of the check, in UTC; today's by default.

    Raises:
        FieldstoneError: the registry cannot be read.
    """
    known = [waiver for waiver in project.settings.waivers if _was_judged(waiver.rule, options)]
    idle = {} if against else _idle(known, reports, all_modules=all_modules)
    return [_judged(project, report, idle, start, today=today) for report in reports]


def _was_judged(rule: str, options: CheckOptions) -> bool:
    """Whether a rule ran; a rule that is not Fieldstone's own is one of `buf breaking` or `buf lint`."""
    if options.second_opinion and options.style and options.linter:
        return True
    own = all_rules().get(rule)
    return own is not None and (options.style or not own.is_style)


def deletions(entries: Mapping[Waiver, Entry], stale: Iterable[Waiver]) -> dict[Waiver, str]:
    """The fix for each waiver that is no longer needed: delete its entry, or its subject if the entry has others.

    Args:
        entries: all waivers of the settings, with their lines.
        stale: those that are no longer needed.
    """
    leaving = dict.fromkeys(stale)
    kept = {entry.whole for waiver, entry in entries.items() if waiver not in leaving}
    return {waiver: _deletion(waiver, entries[waiver], alone=entries[waiver].whole not in kept) for waiver in leaving}


def spent(project: Project, report: ModuleReport) -> tuple[str, ...]:
    """The fixes for the waivers that a release uses up, each once: the lines to delete from the settings."""
    return tuple(dict.fromkeys(deletions(project.settings.waivers, used_waivers(report)).values()))


def _deletion(waiver: Waiver, entry: Entry, *, alone: bool) -> str:
    location = entry.whole if alone else entry.location
    several = location.end_line > location.line
    lines = f"lines {location.line}-{location.end_line}" if several else f"line {location.line}"
    part = "" if alone else f"`{waiver.subject}` from "
    return f"delete {part}{lines} of {Path(location.path).name}"


def _idle(
    waivers: Iterable[Waiver], reports: Sequence[ModuleReport], *, all_modules: bool
) -> Mapping[str, list[Waiver]]:
    """The waivers that permit nothing, by the module whose report lists them.

    If a module could not be judged, a waiver for it or for any module may be used, and is left out.
    """
    unjudged = {report.module for report in reports if not report.judged}
    found: dict[str, list[Waiver]] = defaultdict(list)
    by_module = {report.module: report.findings for report in reports}
    everywhere = [finding for report in reports for finding in report.findings]
    for waiver in waivers:
        if unjudged and waiver.module in {"", *unjudged}:
            continue
        if waiver.module in by_module:
            home, findings = waiver.module, by_module[waiver.module]
        elif all_modules and reports:
            home, findings = reports[0].module, () if waiver.module else tuple(everywhere)
        else:
            continue
        if not is_used(waiver, findings):
            found[home].append(waiver)
    return found


def _judged(
    project: Project,
    report: ModuleReport,
    idle: Mapping[str, Sequence[Waiver]],
    start: Path,
    *,
    today: date | None,
) -> ModuleReport:
    policy = policy_of(project.settings.module(report.module), today)
    expired = policy.expired(report.findings)
    needless = {waiver for waiver, found in expired if found.additive and not policy.refuses([found])}
    fixes = deletions(project.settings.waivers, needless.union(*idle.values()))
    outdated = [_expired(project, waiver, found, start, fix=fixes.get(waiver, "")) for waiver, found in expired]
    mine = idle.get(report.module, ())
    unused = [_unused(project, waiver, report.module, start, fix=fixes[waiver]) for waiver in mine]
    allowed = report.allowed and not policy.refuses(unused)
    return replace(report, findings=(*report.findings, *outdated, *unused), allowed=allowed)


def _expired(project: Project, waiver: Waiver, found: Finding, start: Path, *, fix: str) -> Finding:
    """An expired waiver; `fix` is to delete it, if nothing needs it."""
    message = (
        f"the waiver of `{waiver.rule}` on `{waiver.subject}` ended on {waiver.until}, and the finding counts again"
    )
    if fix:
        message = f"the waiver of `{waiver.rule}` on `{waiver.subject}` ended on {waiver.until}, and nothing needs it"
    fix = fix or f"undo the change, or agree with {waiver.owner} on a later date"
    return _finding("waiver-expired", project, waiver, message=message, fix=fix, level=found.level, start=start)


def _unused(project: Project, waiver: Waiver, module: str, start: Path, *, fix: str) -> Finding:
    message = f"the waiver of `{waiver.rule}` on `{waiver.subject}` {_why_unused(project, waiver, module)}"
    return _finding("waiver-unused", project, waiver, message=message, fix=fix, level=Level.WARNING, start=start)


def _why_unused(project: Project, waiver: Waiver, module: str) -> str:
    for name in [waiver.module] if waiver.module else project.registry.modules():
        for version in project.registry.versions(name):
            if replace(waiver, module="") in project.registry.release(name, str(version)).waivers:
                return f"is no longer needed: {name} {version} includes the change"
    if waiver.module and waiver.module != module:
        return f"is for module {waiver.module}, and there is none"
    return "permits nothing: there is no such finding"


def _finding(
    rule: str, project: Project, waiver: Waiver, *, message: str, fix: str, level: Level, start: Path
) -> Finding:
    location = project.settings.waivers[waiver].location
    return Finding(
        rule=rule,
        subject=waiver.subject,
        message=message,
        location=replace(location, path=Path(os.path.relpath(location.path, start)).as_posix()),
        fix=fix,
        level=level,
        fingerprint=fingerprint(rule, waiver.subject, waiver.rule, waiver.module),
        cause=Cause(rule, waiver.rule),
    )
