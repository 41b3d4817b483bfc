"""One line per finding, as compilers print them: `path:line:col: rule: message`."""

from __future__ import annotations

from fieldstone.compatibility.finding import Finding, Report
from fieldstone.printed import printable, printable_line
from fieldstone.report import Options


def render(report: Report, _options: Options) -> str:
    """One line for each finding of the report."""
    return "".join(_line(finding) for finding in report.findings)


def _line(finding: Finding) -> str:
    """A finding without a position points to the start of its file, because tools expect numbers."""
    location = finding.location
    position = f"{printable(location.path)}:{max(location.line, 1)}:{max(location.column, 1)}"
    waived = f" (waived {printable(finding.waiver.terms)})" if finding.waiver else ""
    passes = f"; {printable(finding.fix)}" if finding.passes else ""
    return printable_line(f"{position}: {finding.rule}: {printable(finding.message)}{passes}{waived}") + "\n"
