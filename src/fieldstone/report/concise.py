"""One line per finding, as compilers print them: `path:line:col: rule: message`."""

from __future__ import annotations

from fieldstone.compatibility.finding import Finding, Level, Report
from fieldstone.palette import LEVELS, painted
from fieldstone.printed import printable, printable_line
from fieldstone.report import Options
from fieldstone.report.grouping import left_out, most_severe

LIMITED = True
"""It can leave findings out."""


def render(report: Report, options: Options) -> str:
    """One line for each finding of the report."""
    shown = most_severe(report.findings, options.limit)
    more = left_out(len(shown), len(report.findings))
    return "".join(_line(finding, color=options.color) for finding in shown) + (f"{more}\n" if more else "")


def _line(finding: Finding, *, color: bool) -> str:
    """A finding without a position points to the start of its file, because tools expect numbers."""
    location = finding.location
    position = f"{printable(location.path)}:{max(location.line, 1)}:{max(location.column, 1)}"
    waived = f" (waived {printable(finding.waiver.terms)})" if finding.waiver else ""
    passes = f"; {printable(finding.fix)}" if finding.passes else ""
    line = printable_line(f"{position}: {finding.rule}: {printable(finding.message)}{passes}{waived}") + "\n"
    if not color:
        return line
    style = LEVELS[Level.NOTE if finding.waiver else finding.level]
    return line.replace(f": {finding.rule}:", f": {painted(style, finding.rule)}:", 1)
