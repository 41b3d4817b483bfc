"""Waive: add the waiver of one finding to the settings."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import Struct

from fieldstone.checking.judgement import policy_of
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import Conflict, Invalid, NotFound, Unavailable
from fieldstone.locking import locked
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings, find_settings
from fieldstone.project.settings_file import OWN_FILE
from fieldstone.project.settings_schema import validate
from fieldstone.project.waiver_table import add_waiver, as_entry, check_rule
from fieldstone.schema.location import Location
from fieldstone.toolchain import git
from fieldstone.workflows.check import check


class Waived(Struct, frozen=True):
    """The result of waiving: the waiver, and its lines in the settings file."""

    waiver: Waiver
    location: Location


def waive(
    project: Project,
    rule: str,
    subject: str,
    *,
    reason: str,
    until: str,
    owner: str = "",
    module: str = "",
    against: str = "",
) -> Waived:
    """Permit a current finding.

    Args:
        project: the project with the settings; without a settings file, fieldstone.toml is created.
        rule: the id of the finding's rule.
        subject: the finding's subject.
        reason: why it is accepted.
        until: the last day of the waiver, in UTC: YYYY-MM-DD.
        owner: the person responsible; by default git's user.
        module: its module; by default the one that has the finding.
        against: the baseline of the check that finds it; by default the newest release.

    Raises:
        FieldstoneError: the rule or finding does not exist, is an addition that passes anyway or is waived already, the
            date is invalid or has passed, or the settings cannot be written.
    """
    check_rule(rule, "the rule")
    _check_words(reason, until)
    who = owner.strip() or _who(project.settings.root)
    _refuse_other_bytes(who, "the owner")
    reports = check(project, [module] if module else [], against=against).report.modules
    report = _report_with(reports, rule, subject)
    _refuse_needless(project, report, rule, subject)
    _refuse_in_line(report, rule, subject)
    versions = project.registry.versions(report.module)
    waiver = Waiver(
        rule=rule,
        subject=subject,
        reason=reason.strip(),
        owner=who,
        until=until,
        module=report.module,
        entered=str(versions[-1]) if versions else "",
    )
    return _add(project.settings, waiver)


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
    near = difflib.get_close_matches(subject, of_rule, n=1) or of_rule[:1]
    on_subject = [id_ for id_, name in there if name == subject]
    if near:
        fix = f"there is one on {near[0]}"
    elif on_subject:
        fix = f"there is {', '.join(on_subject)} on it"
    else:
        fix = "`fieldstone check` shows what there is"
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


def _refuse_in_line(report: ModuleReport, rule: str, subject: str) -> None:
    """Raise for a break in a minor line, which a waiver could not let pass."""
    found = [finding for finding in report.findings if (finding.rule, finding.subject) == (rule, subject)]
    if report.line and any(finding.is_breaking for finding in found):
        raise Invalid(
            f"{rule} on {subject} is a break, and line {report.line} of {report.module} takes none, even with a waiver",
            fix="undo it, or release it from the main line",
        )


def _add(seen: Settings, waiver: Waiver) -> Waived:
    """Write the waiver into freshly read settings: another process may have changed them."""
    folder = (seen.file or seen.root / OWN_FILE).resolve().parent
    try:
        with locked(folder):
            settings = find_settings(seen.root)
            if settings.root != seen.root:
                raise Conflict(f"{seen.file} is gone: it was there a moment ago", fix="run the command again")
            _refuse_second(settings, waiver)
            return _write(settings, waiver)
    except OSError as error:
        raise Unavailable(f"cannot write {error.filename or folder}: {error.strerror}") from error


def _refuse_second(settings: Settings, waiver: Waiver) -> None:
    for other, location in settings.waivers.items():
        if other.covers(waiver.rule, waiver.subject) and other.module in {"", waiver.module}:
            at = f"{location.path}:{location.line}"
            raise Conflict(
                f"{at} waives {waiver.rule} on {waiver.subject} already, until {other.until}",
                fix="change its date there",
            )


def _write(settings: Settings, waiver: Waiver) -> Waived:
    file = settings.file or settings.root / OWN_FILE
    text = add_waiver(waiver, file, table="tool.fieldstone" if file.name == "pyproject.toml" else "")
    entries = [*settings.values.get("waivers", ()), as_entry(waiver)]
    validate({**settings.values, "waivers": entries}, file)
    try:
        _replace(file, text.encode())
    except OSError as error:
        raise Unavailable(f"cannot write {file}: {error.strerror}; the file is unchanged") from error
    return Waived(waiver, find_settings(settings.root).waivers[waiver])


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
