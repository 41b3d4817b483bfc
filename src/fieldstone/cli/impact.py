"""`fieldstone impact`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from msgspec import to_builtins

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import Modules, OneOf, ReleasedModule, VersionName
from fieldstone.cli.output import say, say_json
from fieldstone.cli.parsing import Command


@click.command(cls=Command)
@click.argument("modules", nargs=-1, type=ReleasedModule(), cls=Modules)
@click.option("--against", type=VersionName(), metavar="REF", help="Compare with this, as in `check`.")
@click.option(
    "--since", metavar="REF", help="Judge the change since the merge base with REF; REF has the uses that count."
)
@click.option("--format", "format_", type=OneOf(["text", "markdown", "json"]), default="text")
def command(modules: tuple[str, ...], *, against: str | None, since: str | None, format_: str) -> int:
    """Say which consumers the changes in MODULES, or in all, break: whose, at which lines, on which surface.

    The exit code is 1 if a known consumer breaks. Who published no uses is not known: without evidence it says so.

    \b
    Examples:
      fieldstone impact
      fieldstone impact telemetry --since origin/main --format markdown
    """
    from fieldstone.checking.options import CheckOptions
    from fieldstone.checking.since.reference import named
    from fieldstone.consumers.answer import UNCLAIMED
    from fieldstone.consumers.impact import impact
    from fieldstone.errors import Unavailable
    from fieldstone.report.documents.impact import impact_lines, impact_markdown
    from fieldstone.workflows.check import check
    from fieldstone.workflows.check_since import check_since
    from fieldstone.workflows.readers import known_consumers, with_used_by

    options = CheckOptions(witness=False, second_opinion=False, style=False)
    project, reference = open_project(), named(since)
    if reference is None:
        found = check(project, modules, against=against or "", options=options).report
        report = with_used_by(project, found, partial(known_consumers, project))
    else:
        report = check_since(project, reference, modules, folder=Path.cwd(), against=against or "", options=options)
    if report.unasked:
        raise Unavailable(f"who uses the modules is unknown: {report.unasked}")
    concerned = {part.module: impact(part.findings) for part in report.modules}
    if format_ == "json":
        doubts = {part.module: part.doubts for part in report.modules}
        say_json({"modules": to_builtins(concerned), "unknown": to_builtins(doubts), "not_claimed": UNCLAIMED})
    else:
        for line in impact_markdown(report.modules) if format_ == "markdown" else impact_lines(report.modules):
            say(line)
    return 1 if any(concerned.values()) else 0
