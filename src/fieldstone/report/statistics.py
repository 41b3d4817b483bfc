"""The number of findings by level and rule, as a table."""

from __future__ import annotations

from fieldstone.compatibility.finding import Report
from fieldstone.printed import printable_line
from fieldstone.report import Options
from fieldstone.report.grouping import counted


def render(report: Report, _options: Options) -> str:
    """A line for each level and rule: the number, the level (or "waived") and the rule; the most first."""
    rows = [(str(number), word, rule) for (word, rule), number in counted(report.findings).items()]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    return "".join(f"{printable_line(f'{n:>{widths[0]}}  {word:{widths[1]}}  {rule}')}\n" for n, word, rule in rows)
