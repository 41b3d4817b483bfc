"""`fieldstone check`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from fieldstone.cli.options import ModuleName, VersionName
from fieldstone.report import FORMATS, render
from fieldstone.report.text import summary

_FROM_THE_TOP = ("github", "sarif")
"""Formats whose readers take paths from the root of the checkout."""


@click.command()
@click.argument("modules", nargs=-1, type=ModuleName())
@click.option(
    "--against",
    type=VersionName(),
    default="",
    metavar="REF",
    help="Judge against a version, a git revision, a folder or an image instead of the newest release. "
    "A branch stands for the commit where HEAD parted from it.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="How to print findings: text by default, github when running in GitHub Actions.",
)
def command(modules: tuple[str, ...], against: str, format_: str | None) -> int:
    """Judge MODULES, or all, as they are in the working tree.

    Style is judged by `buf lint` and the naming rules, compatibility by Fieldstone and `buf breaking`
    against the newest release and the whole history, and the registry by its digests.

    \b
    Examples:
      fieldstone check
      fieldstone check telemetry --against 1.1.0
      fieldstone check --against origin/main --format sarif > findings.sarif
    """
    from fieldstone.workflows.check import check
    from fieldstone.workflows.project import Project

    chosen = format_ or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    start = _top_of_checkout() if chosen in _FROM_THE_TOP else Path.cwd()
    report = check(Project.at(Path.cwd()), modules, against=against, start=start)
    click.echo(render(report, chosen, read=read_lines, color=wants_color()), nl=False)
    for module in report.modules:
        click.echo(summary(module), err=True)
    return 0 if report.allowed else 1


def _top_of_checkout() -> Path:
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def read_lines(path: str) -> list[str]:
    """The lines of a source file, for a code frame; none if it cannot be read."""
    try:
        return Path(path).read_text("utf-8", "replace").split("\n")
    except OSError:
        return []


def wants_color() -> bool:
    """Whether standard output is a terminal that was not told to stay plain (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
