"""`fieldstone diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import to_builtins
from msgspec.structs import replace

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import OneOf, ReleasedModule, VersionName, line_option
from fieldstone.cli.output import say, say_document, say_json, say_lines
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched
from fieldstone.printed import printable, printable_lines

if TYPE_CHECKING:
    from fieldstone.workflows.diff import Diff

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "deprecated": "!"}


@click.command(cls=Command)
@click.argument("module", type=ReleasedModule())
@click.argument("old", type=VersionName(), required=False)
@click.argument("new", type=VersionName(), default=".")
@line_option
@click.option("--witness", is_flag=True, help="Also show what breaks, with an example message for each.")
@click.option("--format", "format_", type=OneOf(["text", "markdown", "json"]), default="text")
def command(module: str, old: str | None, new: str, line: str | None, *, witness: bool, format_: str) -> int:
    """List the changes in MODULE from OLD, its newest release by default, to NEW, by default the working tree.

    OLD and NEW are versions, git revisions, folders or images.

    \b
    Examples:
      fieldstone diff telemetry
      fieldstone diff telemetry --line 1.4
      fieldstone diff telemetry 1.0.0 1.2.0
      fieldstone diff telemetry 1.0.0 2.0.0 --witness
      fieldstone diff telemetry 1.2.0 --format markdown >> CHANGELOG.md
    """
    from fieldstone.report.json import finding_document
    from fieldstone.workflows.diff import diff

    project = open_project().on_line([module], line)
    with watched(project, f"comparing {module}"):
        found = diff(project, module, old or "", new, witness=witness)
    if format_ == "json":
        document = to_builtins(replace(found, findings=()))
        del document["findings"]
        breaks = {"findings": [finding_document(finding) for finding in found.findings]} if witness else {}
        say_json({**document, **breaks})
    elif format_ == "markdown":
        say_document(printable_lines(_markdown(found)))
    else:
        say_lines(_text(found) + (_breaks(found) if witness else ""))
    name = "the working tree" if new == "." else new
    count = f"{len(found.changes)} change{'' if len(found.changes) == 1 else 's'}" if found.changes else "no change"
    say(f"{module}: {count} from {found.old} to {name} ({found.bump})", err=True)
    return 0


def _text(diff: Diff) -> str:
    lines = [f"{_SIGNS[change.kind]} {change.text}" for change in diff.changes]
    return "".join(f"{printable(line)}\n" for line in [*lines, *(f"* {waiver.text}" for waiver in diff.waivers)])


def _breaks(diff: Diff) -> str:
    """The findings, each with what breaks and its witnesses."""
    lines: list[str] = []
    for finding in diff.findings:
        waived = f" (waived {finding.waiver.terms})" if finding.waiver else ""
        lines += ["", f"{finding.level}[{finding.rule}]: {finding.message}{waived}"]
        lines.append(f"  = breaks:  {', '.join(finding.breaks)}")
        lines += [f"  = witness: {witness.sentence}" for witness in finding.witnesses]
        lines += [f"  = fix:     {finding.fix}"] if finding.fix else []
    return "".join(f"{printable(line)}\n" for line in lines)


def _markdown(diff: Diff) -> str:
    from fieldstone.packaging.changelog import section

    name = "Unreleased" if diff.new == "." else diff.new
    return section(f"{diff.module} {name}", diff.changes, diff.waivers)
