"""`fieldstone format`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.output import say, say_lines
from fieldstone.cli.parsing import Command


@click.command(cls=Command)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Print the difference and change nothing.")
def command(files: tuple[Path, ...], *, only_check: bool) -> int:
    """Format FILES, or all schemas of the workspace, as `buf format` does.

    Files in folders of vendored code, released ones and files that do not compile are left unchanged.

    \b
    Examples:
      fieldstone format
      fieldstone format --check
      fieldstone format schemas/telemetry/telemetry/v1/telemetry_v1.proto
    """
    from fieldstone.workflows.format import format_schemas

    done = format_schemas(open_project(), files, write=not only_check)
    for path in done.broken:
        say(f"left unchanged: {path} does not compile; `fieldstone check` says why", err=True)
    for path in done.others:
        say(f"left unchanged: {path} is vendored, or in no module", err=True)
    if not done.difference:
        return 0
    say_lines(done.difference)
    say("schemas are not formatted" if only_check else "schemas were formatted", err=True)
    return 1
