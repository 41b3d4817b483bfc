"""The whole report as one JSON document; `report.schema.json` describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import to_builtins

from fieldstone.compatibility.finding import Finding, ModuleReport, Report
from fieldstone.compatibility.waiver import Waiver
from fieldstone.printed import json_text
from fieldstone.report import Options

VERSION = 1
"""The version of the document's layout: raised when a key is removed or changes its meaning, not when one is added."""


def render(report: Report, _options: Options) -> str:
    """The report as a JSON document, also when nothing was found."""
    document: dict[str, Any] = {"version": VERSION, "allowed": report.allowed}
    if report.since and report.policy:
        findings = [finding_document(finding) for finding in report.policy.findings]
        document["policy"] = {**to_builtins(report.since), "allowed": report.policy.allowed, "findings": findings}
    document["modules"] = [_module(module) for module in report.modules]
    return json_text(document)


def schema() -> str:
    """The JSON Schema (2020-12) of the document, as text."""
    return Path(__file__).with_name("report.schema.json").read_text("utf-8")


def _module(module: ModuleReport) -> dict[str, Any]:
    return {
        "module": module.module,
        "compared_with": module.compared_with,
        **({"line": module.line} if module.line else {}),
        "differs": module.differs,
        "changed": module.changed,
        "bump": module.bump,
        "version": module.version,
        "allowed": module.allowed,
        "judged": module.judged,
        "unjudged_because": module.unjudged_because,
        **({"doubts": list(module.doubts)} if module.doubts else {}),
        "findings": [finding_document(finding) for finding in module.findings],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as the document has it."""
    return {
        "rule": finding.rule,
        "level": finding.level,
        "subject": finding.subject,
        "covers": list(finding.covers),
        "message": finding.message,
        "place": to_builtins(finding.location),
        "was": finding.was,
        "was_at": to_builtins(finding.was_at) if finding.was_at else None,
        "breaks": list(finding.breaks),
        "breaks_for": finding.breaks_for,
        "additive": finding.additive,
        "cause": to_builtins(finding.cause),
        "fix": finding.fix,
        "used_by": [to_builtins(reader) for reader in finding.used_by],
        "witnesses": [to_builtins(witness) for witness in finding.witnesses],
        "fingerprint": finding.fingerprint,
        "exemption": finding.exemption.text if finding.exemption else None,
        "waiver": _waiver(finding.waiver) if finding.waiver else None,
    }


def _waiver(waiver: Waiver) -> dict[str, str]:
    return {name: getattr(waiver, name) for name in ("reason", "owner", "until", "entered", "reason_class")}
