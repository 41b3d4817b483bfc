"""`fieldstone format`."""

from __future__ import annotations

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.output import say, say_lines


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Print the difference and change nothing.")
def command(only_check: bool) -> int:
    """Format the schemas of the workspace as `buf format` does.

    \b
    Examples:
      fieldstone format
      fieldstone format --check
    """
    from fieldstone.toolchain import buf

    project = open_project()
    exclude = project.workspace.excluded_paths(project.settings.registry_folder)
    difference = buf.format_sources(cwd=project.workspace.root, write=False, exclude=exclude)
    if not difference:
        return 0
    say_lines(difference)
    if not only_check:
        buf.format_sources(cwd=project.workspace.root, write=True, exclude=exclude)
    say("schemas are not formatted" if only_check else "schemas were formatted", err=True)
    return 1
