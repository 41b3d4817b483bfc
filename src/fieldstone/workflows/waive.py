"""Waive: add the waiver of one finding, or of all findings of a rule, to the settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import Struct

from fieldstone.checking.judgement import policy_of
from fieldstone.checking.readers import NoKnownReader
from fieldstone.compatibility.finding import Finding, ModuleReport
from fieldstone.compatibility.waiver import NO_KNOWN_READER, Waiver
from fieldstone.errors import Conflict, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.locking import locked
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings, find_settings
from fieldstone.project.settings_file import OWN_FILE
from fieldstone.project.settings_schema import validate
from fieldstone.project.waiver_table import add_entries, as_entry, check_rule
from fieldstone.schema.location import Location
from fieldstone.suggestions import closest
from fieldstone.toolchain import git
from fieldstone.workflows.check import check
from fieldstone.workflows.waiving.below import subjects_below


class Waived(Struct, frozen=True):
    """The result of waiving: the waivers of one entry, which differ in their subjects alone, and its lines."""

    waivers: tuple[Waiver, ...]
    location: Location


class Terms(Struct, frozen=True):
    """The terms of a waiver.

    Attributes:
        reason: why the break is accepted.
        until: the last day of the waiver, in UTC: YYYY-MM-DD.
        owner: the person responsible; by default git's user.
        reason_class: the kind of reason, of `REASON_CLASSES`; `no-known-reader` is checked at once.
    """

    reason: str
    until: str
    owner: str = ""
    reason_class: str = ""


def waive(project: Project, rule: str, subject: str, terms: Terms, *, module: str = "", against: str = "") -> Waived:
    """Permit a current finding.

    Args:
        project: the project with the settings; without a settings file, fieldstone.toml is created.
        rule: the id of the finding's rule.
        subject: the finding's subject.
        terms: the terms.
        module: its module; by default the one that has the finding.
        against: the baseline of the check that finds it; by default the newest release.

    Raises:
        FieldstoneError: the rule or finding does not exist, is an addition that passes anyway or is waived already, the
            date is invalid or has passed, or the settings cannot be written.
    """
    check_rule(rule, "the rule")
    terms = _checked(terms, project)
    reports = check(project, [module] if module else [], against=against).report.modules
    report = _report_with(reports, rule, subject)
    _refuse_needless(project, report, rule, subject)
    _refuse_in_line(report, rule, [subject])
    return _add(project.settings, [_waivers(project, report.module, rule, [subject], terms)])[0]


def settings_with(
    project: Project, report: ModuleReport, rule: str, subject: str, terms: Terms, *, text: str | None = None
) -> tuple[Path, str]:
    """The settings file with a waiver of one finding appended; nothing is written.

    Args:
        project: the project with the settings.
        report: the report of the module with the finding.
        rule: the id of the finding's rule.
        subject: the finding's subject.
        terms: the terms.
        text: the text of the settings file, if not that on disk.

    Raises:
        FieldstoneError: as `waive`.
    """
    check_rule(rule, "the rule")
    terms = _checked(terms, project)
    _refuse_needless(project, report, rule, subject)
    _refuse_in_line(report, rule, [subject])
    waivers = _waivers(project, report.module, rule, [subject], terms)
    _refuse_second(project.settings, waivers)
    file = project.settings.file or project.settings.root / OWN_FILE
    return file, add_entries([waivers], file, table=_table(file), text=text)


def waive_all(
    project: Project, rule: str, terms: Terms, *, below: str = "", module: str = "", against: str = ""
) -> list[Waived]:
    """Permit all current findings of a rule that count, in one entry for each module.

    Args:
        project: the project with the settings; without a settings file, fieldstone.toml is created.
        rule: the id of the rule.
        terms: the terms.
        below: only findings below this path, relative to the working directory, or in this package, message, enum or
            service; all by default.
        module: only those of this module; by default of all.
        against: the baseline of the check that finds them; by default the newest release.

    Raises:
        FieldstoneError: as `waive`; or a module cannot be judged, so that its findings are not known.
    """
    check_rule(rule, "the rule")
    terms = _checked(terms, project)
    reports = check(project, [module] if module else [], against=against).report.modules
    _refuse_unjudged(reports)
    found = {report.module: subjects_below(_counting(project, report, rule), below) for report in reports}
    for report in reports:
        _refuse_in_line(report, rule, found[report.module])
    groups = [_waivers(project, name, rule, subjects, terms) for name, subjects in found.items() if subjects]
    if not groups:
        raise _nothing(reports, rule, below)
    return _add(project.settings, groups)


def _refuse_unjudged(reports: Sequence[ModuleReport]) -> None:
    for report in reports:
        if not report.judged:
            raise Invalid(
                f"the findings of {report.module} are not known: {report.unjudged_because}",
                fix="`fieldstone check` shows where; or name another module: --module",
            )


def _counting(project: Project, report: ModuleReport, rule: str) -> list[Finding]:
    """The findings of a rule that need a waiver: breaks, and what else is refused; nothing that passes anyway."""
    found = [f for f in report.findings if f.rule == rule and f.waiver is None and not f.passes]
    refused = {id(finding) for finding in policy_of(project.settings.module(report.module)).refuses(found)}
    return [finding for finding in found if finding.is_breaking or id(finding) in refused]


def _nothing(reports: Sequence[ModuleReport], rule: str, below: str) -> FieldstoneError:
    there = [finding for report in reports for finding in report.findings if finding.waiver is None]
    of_rule = [finding.subject for finding in there if finding.rule == rule]
    where = f" below {below}" if below else ""
    if below and of_rule:
        fix = f"there is one on {of_rule[0]}"
    elif of_rule:
        fix = "those that there are pass anyway"
    else:
        fix = "`fieldstone check --statistics` counts them by rule"
    return NotFound(f"no finding of {rule}{where} to waive", fix=fix)


def _waivers(project: Project, module: str, rule: str, subjects: Sequence[str], terms: Terms) -> list[Waiver]:
    versions = project.registry.versions(module)
    if terms.reason_class == NO_KNOWN_READER:
        _refuse_readers(project, module, subjects)
    return [
        Waiver(
            rule=rule,
            subject=subject,
            reason=terms.reason,
            owner=terms.owner,
            until=terms.until,
            module=module,
            entered=str(versions[-1]) if versions else "",
            reason_class=terms.reason_class,
        )
        for subject in subjects
    ]


def _refuse_readers(project: Project, module: str, subjects: Sequence[str]) -> None:
    """Raise if a subject is not known to have no reader: the waiver would not hold."""
    settings, newest = project.settings.module(module), project.newest_of(module)
    unread = NoKnownReader(project.registry, newest, settings, project.known_consumers)
    for subject in subjects:
        if reason := unread(subject):
            raise Invalid(
                f"{subject} is not known to have no reader: {reason}",
                fix=f"`fieldstone can-i-remove {subject}` says more; or give another --class",
            )


def _checked(terms: Terms, project: Project) -> Terms:
    """The terms with git's user as owner if none is named, without spaces around them."""
    _check_words(terms.reason, terms.until)
    who = terms.owner.strip() or _who(project.settings.root)
    _refuse_other_bytes(who, "the owner")
    return Terms(terms.reason.strip(), terms.until, who, terms.reason_class)


def _check_words(reason: str, until: str) -> None:
    if not reason.strip():
        raise Invalid("a waiver needs a reason", fix="say why the break is accepted: --reason")
    _refuse_other_bytes(reason, "--reason")
    try:
        day = date.fromisoformat(until)
    except ValueError as error:
        raise Invalid(f"{until} is no date: {error}", fix="write it as 2027-01-31") from error
    today = datetime.now(UTC).date()
    if day.isoformat() != until:
        raise Invalid(f"{until} is no date as a waiver has it", fix=f"write it as {day}")
    if day < today:
        raise Invalid(f"{until} has passed: it is {today} (UTC)", fix="name the last day that the waiver holds")


def _refuse_other_bytes(text: str, name: str) -> None:
    """Raise if an argument is not UTF-8: Python decodes it with surrogates, which TOML does not allow."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid(f"{name} is not UTF-8: {text!r}", fix="write it in a terminal whose encoding is UTF-8")


def _who(folder: Path) -> str:
    for key in ("user.email", "user.name"):
        found = git.config(key, folder)
        if found:
            return found
    raise Invalid("git does not say who owns the waiver: it has no user.email here", fix="name one: --owner")


def _report_with(reports: Sequence[ModuleReport], rule: str, subject: str) -> ModuleReport:
    """The report of the only module that has the finding."""
    found = [r for r in reports if any((f.rule, f.subject) == (rule, subject) for f in r.findings)]
    if len(found) > 1:
        names = ", ".join(report.module for report in found)
        raise Invalid(f"several modules have {rule} on {subject}: {names}", fix="name one: --module")
    if found:
        return found[0]
    for report in reports:
        if not report.judged:
            unknown = f"{report.module} could not be judged: {report.unjudged_because}"
            raise NotFound(f"no finding {rule} on {subject} to waive: {unknown}", fix="`fieldstone check` shows where")
    there = [(f.rule, f.subject) for report in reports for f in report.findings if f.waiver is None]
    of_rule = [name for id_, name in there if id_ == rule]
    near = closest(subject, of_rule) or of_rule[:1]
    on_subject = [id_ for id_, name in there if name == subject]
    if near:
        fix = f"there is one on {near[0]}"
    elif on_subject:
        fix = f"there is {', '.join(on_subject)} on it"
    else:
        fix = "`fieldstone check` lists the findings"
    raise NotFound(f"no finding {rule} on {subject} to waive", fix=fix)


def _refuse_needless(project: Project, report: ModuleReport, rule: str, subject: str) -> None:
    """Raise if the finding is only about additions that pass as warnings or notes."""
    found = [finding for finding in report.findings if (finding.rule, finding.subject) == (rule, subject)]
    refused = policy_of(project.settings.module(report.module)).refuses(found)
    if not refused and all(finding.additive and finding.waiver is None for finding in found):
        raise Invalid(
            f"{rule} on {subject} needs no waiver: it is an addition, and refuses nothing in {report.module}",
            fix=f'to refuse additions, set rules.{rule} = "error" or fail-on = "warning"',
        )


def _refuse_in_line(report: ModuleReport, rule: str, subjects: Collection[str]) -> None:
    """Raise for a break in a minor line, which a waiver could not let pass."""
    for found in report.findings:
        if report.line and found.is_breaking and found.rule == rule and found.subject in subjects:
            raise Invalid(
                f"{rule} on {found.subject} is a break, and line {report.line} of {report.module} takes none, "
                "even with a waiver",
                fix="undo it, or release it from the main line",
            )


def _add(seen: Settings, groups: Sequence[Sequence[Waiver]]) -> list[Waived]:
    """Write waivers into freshly read settings, an entry for each group: another process may have changed them."""
    folder = (seen.file or seen.root / OWN_FILE).resolve().parent
    try:
        with locked(folder):
            settings = find_settings(seen.root)
            if settings.root != seen.root:
                raise Conflict(f"{seen.file} is gone: it was there a moment ago", fix="run the command again")
            _refuse_second(settings, [waiver for waivers in groups for waiver in waivers])
            return _write(settings, groups)
    except OSError as error:
        raise Unavailable(f"cannot write {error.filename or folder}: {error.strerror}") from error


def _refuse_second(settings: Settings, waivers: Sequence[Waiver]) -> None:
    held = {(other.rule, other.subject, other.module): (other, entry) for other, entry in settings.waivers.items()}
    for waiver in waivers:
        for module in ("", waiver.module):
            if (waiver.rule, waiver.subject, module) in held:
                other, entry = held[waiver.rule, waiver.subject, module]
                raise Conflict(
                    f"{entry.location.path}:{entry.location.line} waives {waiver.rule} on {waiver.subject} already, "
                    f"until {other.until}",
                    fix="change its date there",
                )


def _write(settings: Settings, groups: Sequence[Sequence[Waiver]]) -> list[Waived]:
    file = settings.file or settings.root / OWN_FILE
    text = add_entries(groups, file, table=_table(file))
    entries = [*settings.values.get("waivers", ()), *map(as_entry, groups)]
    validate({**settings.values, "waivers": entries}, file)
    try:
        _replace(file, text.encode())
    except OSError as error:
        raise Unavailable(f"cannot write {file}: {error.strerror}; the file is unchanged") from error
    written = find_settings(settings.root).waivers
    return [Waived(tuple(waivers), written[waivers[0]].whole) for waivers in groups]


def _table(file: Path) -> str:
    """The table of a settings file that has the settings; empty if they are the whole file."""
    return "tool.fieldstone" if file.name == "pyproject.toml" else ""


def _replace(file: Path, content: bytes) -> None:
    """Write a file atomically, and keep its permissions."""
    target = file.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
