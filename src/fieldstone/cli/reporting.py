"""Shows the report of a check, and gives its exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fieldstone.cli.output import say_document, say_report
from fieldstone.cli.terminal import wants_color
from fieldstone.exit_codes import CLEAN, FAILED, FINDINGS
from fieldstone.report import render

if TYPE_CHECKING:
    from fieldstone.compatibility.finding import Report

_FOR_PEOPLE = ("text", "grouped", "concise")
"""The formats with colors, whose long lines are broken at the width of the terminal."""


def show(
    report: Report, format_: str = "text", *, limit: int | None = None, unsaved: Mapping[str, bytes] | None = None
) -> None:
    """Print a report on standard output.

    Args:
        report: the report.
        format_: one of `fieldstone.report.FORMATS`.
        limit: the most findings, or groups of them, to show; None for all.
        unsaved: texts that stand for files, by absolute path.
    """
    is_read = format_ in _FOR_PEOPLE
    color = is_read and wants_color(sys.stdout)
    read = partial(read_lines, unsaved=unsaved)
    text = render(report, format_, read=read, color=color, limit=limit)
    if is_read:
        say_report(text)
    else:
        say_document(text)


def exit_code(report: Report) -> int:
    """The exit code of a check or a release: 2 if a module could not be judged, 1 if one is refused, else 0."""
    if not report.judged:
        return FAILED
    return CLEAN if report.allowed else FINDINGS


def read_lines(path: str, *, unsaved: Mapping[str, bytes] | None = None) -> list[str]:
    """The lines of a source file, for a code frame; none if it cannot be read.

    Args:
        path: the file.
        unsaved: texts that stand for files, by absolute path.
    """
    try:
        content = (unsaved or {}).get(str(Path(path).resolve()))
        text = (Path(path).read_bytes() if content is None else content).decode("utf-8", "replace")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except OSError:
        return []
