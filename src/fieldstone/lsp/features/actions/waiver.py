"""Write a waiver for a finding into the settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.finding import Finding
from fieldstone.errors import FieldstoneError
from fieldstone.lsp.features.actions.case import Case
from fieldstone.lsp.text.edits import Edit
from fieldstone.workflows.waive import Terms, settings_with

DAYS = 30
"""The days that an offered waiver holds: time to decide."""

REASON = "TODO: say why this break is accepted"
"""The reason of an offered waiver, to be replaced."""


class Waiving(Struct, frozen=True):
    """A waiver to write.

    Attributes:
        file: the settings file, which may not exist yet.
        edit: what to write.
        until: the last day of the waiver.
    """

    file: Path
    edit: Edit
    until: str


def waiving(case: Case, finding: Finding, settings_text: str | None) -> Waiving | None:
    """The waiver of a finding; None if it cannot be waived, needs no waiver, or git names no owner.

    Args:
        case: the finding's module and project.
        finding: the finding.
        settings_text: the text of the settings file in the editor; None if it is not open.
    """
    until = (datetime.now(UTC).date() + timedelta(days=DAYS)).isoformat()
    project = case.judged.project
    file = project.settings.file
    try:
        before = settings_text if settings_text is not None else file.read_bytes().decode() if file else ""
        terms = Terms(REASON, until)
        report = replace(case.report, findings=(finding,))
        path, text = settings_with(project, report, finding.rule, finding.subject, terms, text=before)
    except (FieldstoneError, OSError, UnicodeDecodeError):
        return None
    return Waiving(path, Edit(len(before), len(before), text.removeprefix(before)), until)
