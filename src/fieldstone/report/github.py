"""Annotations in a pull request: GitHub's workflow commands.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re

from fieldstone.compatibility.finding import COMPILE_ERROR, Finding, Level, ModuleReport, Report
from fieldstone.printed import printable
from fieldstone.report import Options
from fieldstone.report.grouping import left_out, most_severe
from fieldstone.schema.location import Location

_LINE_ENDS = {"\r", "\n"}
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}

FROM_THE_TOP = True
"""Its readers take paths from the top of the checkout."""


LIMITED = True
"""It can leave findings out."""


def render(report: Report, options: Options) -> str:
    """One workflow command for each finding, and for each unjudged module without findings."""
    shown = most_severe(report.findings, options.limit)
    more = left_out(len(shown), len(report.findings))
    unjudged = (_unjudged(module) for module in report.modules if not (module.judged or module.findings))
    return "".join([*map(_command, shown), f"::notice::{_data(more)}\n" if more else "", *unjudged])


def _unjudged(module: ModuleReport) -> str:
    return (
        f"::error title={COMPILE_ERROR}::{_data(f'{module.module} could not be judged: {module.unjudged_because}')}\n"
    )


def _command(finding: Finding) -> str:
    properties = {**_position(finding.location), "title": finding.rule}
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    waiver = finding.waiver
    advice = f"waived {waiver.terms}" if waiver else finding.fix
    proof = (witness.sentence for witness in finding.witnesses)
    text = "\n".join(part for part in (finding.message, *proof, advice) if part)
    return f"::{'notice' if waiver else _COMMANDS[finding.level]} {listed}::{_data(text)}\n"


def _position(location: Location) -> dict[str, str | int]:
    """The known parts of a location; GitHub accepts columns only if start and end share a line."""
    position: dict[str, str | int] = {"file": location.path} if location.path else {}
    if not location.line:
        return position
    end_line = max(location.line, location.end_line)
    position |= {"line": location.line, "endLine": end_line}
    if end_line == location.line and location.column:
        position |= {"col": location.column, "endColumn": max(location.column, location.end_column)}
    return position


def _data(text: str) -> str:
    """A text within a command: line ends are escaped as data, other control characters as text."""
    shown = "".join(part if part in _LINE_ENDS else printable(part) for part in re.split(r"([\r\n])", text))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
