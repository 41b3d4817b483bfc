"""Findings as an editor shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol.types import (
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
)
from lsprotocol.types import Location as FileLocation

from fieldstone.compatibility.finding import Finding, Level, ModuleReport
from fieldstone.errors import FieldstoneError
from fieldstone.lsp.features.released import released_side
from fieldstone.lsp.room import Judged, place_of
from fieldstone.lsp.text.places import Places

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec

SOURCE = "fieldstone"
"""The source of our diagnostics."""

_SEVERITY = {
    Level.ERROR: DiagnosticSeverity.Error,
    Level.WARNING: DiagnosticSeverity.Warning,
    Level.NOTE: DiagnosticSeverity.Information,
}

Diagnostics = dict[Path, list[Diagnostic]]
"""Diagnostics by the absolute path of their file."""


def diagnostics_of(judged: Judged, report: ModuleReport, codec: PositionCodec) -> Diagnostics:
    """The findings about one module by file.

    Args:
        judged: the check.
        report: the part of it about the module.
        codec: how the editor counts characters.
    """
    found: Diagnostics = {}
    places: dict[Path, Places] = {}
    for finding in report.findings:
        path = place_of(judged.project, finding)
        if path not in places:
            places[path] = Places(_text_of(judged, path), codec)
        found.setdefault(path, []).append(_diagnostic(judged, report, finding, places[path]))
    return found


def _text_of(judged: Judged, path: Path) -> str:
    """The text of a file as it was judged; empty if it cannot be read, as after its removal."""
    buffer = judged.buffers.get(str(path))
    if buffer is not None:
        return buffer.text
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _diagnostic(judged: Judged, report: ModuleReport, finding: Finding, places: Places) -> Diagnostic:
    start, end = places.found_at(finding.location)
    first_line = places.text.find("\n", start)
    if 0 <= first_line < end:
        end = first_line  # of a block, its first line is enough
    return Diagnostic(
        range=places.span(start, max(start, end)),
        message="\n".join(_lines(finding)),
        severity=_severity(finding),
        code=finding.rule,
        source=SOURCE,
        related_information=[*_related(judged, report, finding, places)] or None,
        data=data_of(report, finding),
    )


def data_of(report: ModuleReport, finding: Finding) -> Mapping[str, Any]:
    """The identity of a finding in the editor's later requests."""
    return {"module": report.module, "rule": finding.rule, "subject": finding.subject}


def _severity(finding: Finding) -> DiagnosticSeverity:
    if finding.waiver is not None or finding.passes:
        return DiagnosticSeverity.Information
    return _SEVERITY.get(finding.level, DiagnosticSeverity.Error)


def _lines(finding: Finding) -> Iterator[str]:
    yield finding.message
    if finding.waiver is not None:
        yield f"waived until {finding.waiver.until} by {finding.waiver.owner}: {finding.waiver.reason}"
    elif finding.breaks:
        major = " -> major" if finding.is_breaking else ""
        yield f"breaks: {', '.join(finding.breaks)}{major}"
    yield from (f"witness: {witness.sentence}" for witness in finding.witnesses[:1])
    if finding.fix and finding.waiver is None:
        yield f"fix: {finding.fix}"


def _related(
    judged: Judged, report: ModuleReport, finding: Finding, places: Places
) -> Iterator[DiagnosticRelatedInformation]:
    """The released line, in a file of the registry or of the cache; none if the release cannot be read."""
    try:
        side = released_side(judged.project, report.module, finding)
    except FieldstoneError:
        return  # the findings stay; the check of the registry reports the defect
    if side is None:
        return
    source, location = side
    there = Places(source.text, places.codec)
    start, end = there.found_at(location)
    text = f"was `{finding.was}` at {report.compared_with}" if finding.was else f"at {report.compared_with}"
    yield DiagnosticRelatedInformation(FileLocation(source.path.as_uri(), there.span(start, end)), text)
