"""SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from fieldstone import __version__
from fieldstone.compatibility.finding import MODULE_FINDINGS, Finding, ModuleReport, Report
from fieldstone.compatibility.rules import Rule, all_rules
from fieldstone.printed import json_text
from fieldstone.report import Options
from fieldstone.schema.location import Location

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

FROM_THE_TOP = True
"""Its readers take paths from the top of the checkout."""


def render(report: Report, _options: Options) -> str:
    """The report as a SARIF log with one run, also when nothing was found."""
    rules = sorted({finding.rule for finding in report.findings})
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "Fieldstone", "version": __version__, "rules": _descriptors(rules)}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(f, module, rules.index(f.rule)) for module in report.parts for f in module.findings],
    }
    notes = [_notification(module) for module in report.modules if not module.judged]
    if notes:
        run["invocations"] = [{"executionSuccessful": False, "toolExecutionNotifications": notes}]
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _notification(module: ModuleReport) -> dict[str, Any]:
    """The notice about an unjudged module: an empty list of results means nothing there."""
    return {"level": "error", "message": {"text": f"{module.module} could not be judged: {module.unjudged_because}"}}


def _descriptors(ids: Iterable[str]) -> list[dict[str, Any]]:
    known = all_rules() if ids else {}
    return [_descriptor(known[id_]) if id_ in known else _other(id_) for id_ in ids]


def _other(id_: str) -> dict[str, Any]:
    """A finding that no compatibility rule makes."""
    meaning = MODULE_FINDINGS.get(id_)
    return {"id": id_, "fullDescription": {"text": meaning}} if meaning else {"id": id_}


def _descriptor(rule: Rule) -> dict[str, Any]:
    why = " ".join(rule.why.split())
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": why},
        "help": {"text": f"Fix: {rule.advice}.\n\n{why}"},
        "defaultConfiguration": {"level": rule.level},
        "properties": {"breaks": list(rule.breaks)},
    }


def _result(finding: Finding, module: ModuleReport, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": f"{finding.message}; {finding.fix}" if finding.passes else finding.message},
        "locations": [_location(finding.location)] if finding.location.path else [],
        "properties": {"module": module.module, "subject": finding.subject, "breaks": list(finding.breaks)},
    }
    if finding.was_at and finding.was_at.path:
        result["relatedLocations"] = [_location(finding.was_at, f"Was here at {module.compared_with}: {finding.was}")]
    if finding.additive:
        result["properties"]["additive"] = True
    if finding.witnesses:
        result["properties"]["witnesses"] = [witness.sentence for witness in finding.witnesses]
    if finding.waiver:
        suppression = {"kind": "external", "status": "accepted", "justification": f"Waived {finding.waiver.terms}"}
        result["suppressions"] = [suppression]
    if finding.fingerprint:
        result["partialFingerprints"] = {"fieldstone/v1": finding.fingerprint}
    return result


def _location(location: Location, message: str = "") -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(location.path)}}
    if location.line:
        physical["region"] = _region(location)
    entry: dict[str, Any] = {"physicalLocation": physical}
    return {**entry, "message": {"text": message}} if message else entry


def _region(location: Location) -> dict[str, int]:
    """SARIF counts as `Location` does: from 1, with an exclusive end column."""
    region = {"startLine": location.line, "endLine": max(location.line, location.end_line)}
    if location.column:
        region |= {"startColumn": location.column, "endColumn": max(1, location.end_column)}
    return region
