"""`fieldstone init`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.output import say, say_document, say_lines


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option(
    "--storage", is_flag=True, help="Write the vocabulary of annotations for storage as well, as a module of its own."
)
@click.option("--hooks/--no-hooks", default=True, help="Write .pre-commit-config.yaml.")
@click.option("--release", "first_release", is_flag=True, help="Release every module as 1.0.0.")
def command(folder: Path, *, storage: bool, hooks: bool, first_release: bool) -> int:
    """Set up Fieldstone in FOLDER: settings and hooks.

    Works in an empty folder, in a buf repository and on plain .proto files. Existing files are never changed, and
    nothing is added to a module. The section `breaking` of buf.yaml becomes settings. Faults of style that exist are
    recorded in fieldstone.style.toml, so that only new ones are refused.

    \b
    Examples:
      fieldstone init
      fieldstone init --release
      fieldstone init --storage
    """
    from fieldstone.workflows.init import init

    outcome = init(folder, storage=storage, hooks=hooks)
    for path in outcome.written:
        say(f"wrote    {path}")
    for path in outcome.kept:
        say(f"kept     {path}")
    for line in outcome.taken:
        say(f"took     {line}")
    code = _release(folder) if first_release else 0
    for advice in outcome.advice:
        say_lines(f"next: {advice}\n", err=True)
    if not code:
        say(f"next: {_last_step(folder)}", err=True)
    return code


def _release(folder: Path) -> int:
    """Release every module without a release, up to the first that is refused; returns the exit code."""
    from fieldstone.cli.check import exit_code, read_lines, wants_color
    from fieldstone.compatibility.finding import Report
    from fieldstone.report import render
    from fieldstone.report.text import summary
    from fieldstone.workflows.setup.first_release import first_releases

    for outcome in first_releases(open_project(folder)):
        if outcome.release is None:
            report = Report((outcome.report,))
            say_document(render(report, "text", read=read_lines, color=wants_color()))
            say(summary(outcome.report), err=True)
            return exit_code(report) or 1
        say(f"released {outcome.release.name} {outcome.release.version}")
    return 0


def _last_step(folder: Path) -> str:
    from fieldstone.project.project import Project

    project = Project.at(folder)
    if all(project.newest(module) for module in project.workspace.modules.values()):
        return "commit these files; `fieldstone check` now guards the releases"
    return "`fieldstone check`; if it passes, `fieldstone init --release` releases every module as 1.0.0"
