"""Findings for people as in `text`, with all findings of one cause in one block."""

from __future__ import annotations

from fieldstone.compatibility.finding import Report
from fieldstone.report import Options
from fieldstone.report.text import render_groups

LIMITED = True
"""It can leave findings out."""


def render(report: Report, options: Options) -> str:
    """A block for each cause, and a last line with the counts by rule."""
    return render_groups(report, options, most_alone=1)
