"""`fieldstone release`."""

from __future__ import annotations

import os.path
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ReleasableModule, cache_option, line_option
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched

if TYPE_CHECKING:
    from fieldstone.project.project import Project
    from fieldstone.workflows.release import Released

_SHORT = 7
"""The number of digits of a commit's hash that are shown."""


@click.command(cls=Command)
@click.argument("module", type=ReleasableModule(), required=False)
@click.option("--all", "every", is_flag=True, help="Release every module that changed, imported modules first.")
@click.option(
    "--version", "version", default="", help="A larger version than the smallest possible one, or a pre-release."
)
@click.option("--dry-run", is_flag=True, help="Check the release and compute its version, but write nothing.")
@click.option("--retire", "retires", is_flag=True, help="End MODULE with a last, empty, major release.")
@line_option
@click.option(
    "--style/--no-style",
    default=True,
    help="Refuse faults of style. Without it they do not keep MODULE from being released; `fieldstone check` reports "
    "them all the same.",
)
@click.option(
    "--sign",
    "key",
    type=click.Path(exists=True, dir_okay=False),
    metavar="KEY",
    help="Sign the release with an SSH key: its file, or the public key of one in the ssh-agent.",
)
@cache_option
def command(
    module: str | None,
    version: str,
    line: str | None,
    *,
    every: bool,
    dry_run: bool,
    retires: bool,
    style: bool,
    key: str | None,
    cache: bool | None,
) -> int:
    """Release MODULE, or with --all every changed module, as it is in the working tree.

    An addition raises the minor version, comments alone the patch version. A break is refused, or raises the major
    version if a waiver permits it.

    With --retire everything in MODULE is removed, by the same rules: elements that were not deprecated until their
    sunset need a waiver. Its numbers and names stay taken, and no release can follow.

    With --line 1.4 the release continues that minor line while newer releases exist: additions raise its patch version,
    and breaks are refused.

    With --all a refused module stops the modules that import it, and no others.

    \b
    Examples:
      fieldstone release telemetry
      fieldstone release telemetry --dry-run
      fieldstone release telemetry --version 2.0.0-rc.1
      fieldstone release telemetry --line 1.4
      fieldstone release telemetry --no-style
      fieldstone release telemetry --retire
      fieldstone release telemetry --sign ~/.ssh/id_ed25519
      fieldstone release --all
    """
    from msgspec.structs import replace

    for option, given in (("--version", version), ("--retire", retires), ("--line", line)):
        if every and given:
            raise click.UsageError(f"{option} is for one module: use it without --all")
    if retires and line:
        raise click.UsageError("--retire ends all lines of a module: use it without --line")
    if every == bool(module):
        raise click.UsageError("name a module, or all changed ones with --all" + (": not both" if every else ""))
    project = replace(open_project(cached=cache), signing_key=key or "")
    if module is None:
        return _release_all(project, dry_run=dry_run, style=style)
    from fieldstone.workflows.release import release
    from fieldstone.workflows.retire import retire

    project = project.on_line([module], line)
    make = retire if retires else partial(release, style=style)
    with watched(project, f"judging {module}"):
        outcome = make(project, module, version=version, dry_run=dry_run)
    return _tell(project, module, outcome, dry_run=dry_run, retires=retires)


def _release_all(project: Project, *, dry_run: bool, style: bool) -> int:
    """Release every changed module; returns the exit code: the largest of the modules'."""
    from fieldstone.report.summaries import summary_of_unchanged
    from fieldstone.workflows.release_all import release_all

    code, unchanged = 0, 0
    for step in release_all(project, dry_run=dry_run, style=style):
        if step.released:
            code = max(code, _tell(project, step.module, step.released, dry_run=dry_run, retires=False))
        elif step.waits_for:
            say(f"{step.module}: not released, because it imports {step.waits_for}, which was refused", err=True)
        else:
            unchanged += 1
    if unchanged:
        say(f"{summary_of_unchanged(unchanged)}: nothing to release.", err=True)
    return code


def _tell(project: Project, module: str, outcome: Released, *, dry_run: bool, retires: bool) -> int:
    """Print the result of releasing a module; returns its exit code."""
    from fieldstone.cli.reporting import exit_code, show
    from fieldstone.compatibility.finding import Report
    from fieldstone.report.documents import kind_of
    from fieldstone.report.summaries import summary
    from fieldstone.toolchain.git import DIRTY

    report = Report((outcome.report,))
    show(report)
    if outcome.refused or not outcome.report.allowed:
        say(outcome.refused or summary(outcome.report), err=True)
        if not retires and not outcome.refused and project.settings.registry_folder is None:
            say(f"next: for its owners to decide: `fieldstone propose {module}`", err=True)
        if retires and not outcome.refused and module in project.workspace.modules:
            say(f"next: to waive these, first remove {module} from the buf configuration", err=True)
        return exit_code(report) or 1
    if outcome.release is None:
        say(f"{module}: nothing changed since {outcome.report.compared_with}; nothing to release.", err=True)
        return 0
    made = outcome.release
    if made.commit.endswith(DIRTY):
        recorded = made.commit.removesuffix(DIRTY)[:_SHORT] + DIRTY
        said = f"is made from uncommitted sources (recorded as {recorded}): commit them together with the release"
        say(f"{module} {made.version} {said}", err=True)
    label = project.registry.label(made)
    where = os.path.relpath(label) if Path(label).is_absolute() else label
    kind = kind_of(made)
    say(f"{'Would release' if dry_run else 'Released'} {module} {made.version} ({kind}) as {where}")
    for change in made.changes:
        say(f"  - {change}")
    for permission in [*(waiver.text for waiver in made.waivers), *(exempt.text for exempt in made.exemptions)]:
        say(f"  - {permission}")
    for fix in () if dry_run else outcome.spent:
        say(f"next: the waiver is no longer needed, {fix}", err=True)
    if retires and not dry_run and module in project.workspace.modules:
        say(f"next: remove {module} from the buf configuration", err=True)
    return 0
