"""`fieldstone init`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.output import say, say_lines
from fieldstone.cli.parsing import Command
from fieldstone.printed import printable_line


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--name", default="", metavar="NAME", help="The name of the only module.")
@click.option("--module", "named", multiple=True, metavar="PATH=NAME", help="The name of the module at PATH.")
@click.option(
    "--storage", is_flag=True, help="Write the vocabulary of annotations for storage as well, as a module of its own."
)
@click.option("--hooks/--no-hooks", default=True, help="Write .pre-commit-config.yaml.")
@click.option("--merge-hooks", is_flag=True, help="Add the hooks to an existing .pre-commit-config.yaml.")
@click.option("--release", "first_release", is_flag=True, help="Release every module as 1.0.0.")
def command(
    folder: Path,
    *,
    name: str,
    named: tuple[str, ...],
    storage: bool,
    hooks: bool,
    merge_hooks: bool,
    first_release: bool,
) -> int:
    """Set up Fieldstone in FOLDER: settings and hooks.

    Works in an empty folder, in a buf repository and on plain .proto files. Existing files are never changed, but for
    the hooks with --merge-hooks, and nothing is added to a module. The section `breaking` of buf.yaml becomes settings.
    Faults of style that exist are recorded in fieldstone.style.toml, so that only new ones are refused.

    A module without a name of its own is named after the git remote or the package of its files. In a terminal, init
    asks for each name.

    \b
    Examples:
      fieldstone init
      fieldstone init --release
      fieldstone init --storage
      fieldstone init --name weather --merge-hooks
      fieldstone init --module proto=weather --module internal/proto=weather-internal
    """
    if merge_hooks and not hooks:
        raise click.UsageError("--merge-hooks and --no-hooks exclude each other.")
    from fieldstone.project.project import Project
    from fieldstone.workflows.init import init
    from fieldstone.workflows.setup.history import about_history
    from fieldstone.workflows.setup.naming import Naming

    naming = Naming(name, _by_path(named), _ask if is_interactive() else None)
    outcome = init(folder, storage=storage, hooks=hooks, naming=naming, merge_hooks=merge_hooks)
    for path in outcome.written:
        say(f"wrote    {path}")
    for path in outcome.changed:
        say(f"changed  {path}")
    for path in outcome.kept:
        say(f"kept     {path}")
    for line in outcome.taken:
        say(f"took     {line}")
    _say_what_is_permanent(outcome.permanent)
    code, released = _release(folder) if first_release else (0, [])
    for advice in (*outcome.advice, *about_history(Project.at(folder), released)):
        say_lines(f"next: {advice}\n", err=True)
    if not code:
        say(f"next: {_last_step(folder)}", err=True)
    return code


def _say_what_is_permanent(lines: Sequence[str]) -> None:
    for line in lines:
        say(f"permanent after the first release: {line}", err=True)
    if lines:
        way = "[modules.NAME] names a module; [package] has python-prefix, npm-scope, maven-group and go-prefix"
        say(f"until then, the settings can change these names: {way}", err=True)


def _by_path(named: Iterable[str]) -> dict[str, str]:
    """The values of --module: path to name."""
    wrong = [value for value in named if not all(value.rpartition("="))]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not PATH=NAME", param_hint="--module")
    split = [value.rpartition("=") for value in named]
    return {PurePosixPath(path.replace("\\", "/")).as_posix(): name for path, _, name in split}


def is_interactive() -> bool:
    """Whether somebody can be asked: input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def _ask(path: str, derived: str) -> str:
    """Ask for the name of a module until it is valid."""
    from fieldstone.workspace.module_name import REQUIREMENT, is_module_name

    def valid(answer: str) -> str:
        if not is_module_name(answer):
            raise click.BadParameter(REQUIREMENT)
        return answer

    question = f"Name of the module at {printable_line(path)}"
    answer: str = click.prompt(question, default=derived or None, value_proc=valid, err=True)
    return answer


def _release(folder: Path) -> tuple[int, list[str]]:
    """Release every module without a release, up to the first that is refused.

    Returns:
        the exit code, and the names of the modules that were released.
    """
    from fieldstone.cli.reporting import exit_code, show
    from fieldstone.compatibility.finding import Report
    from fieldstone.report.summaries import summary
    from fieldstone.workflows.setup.first_release import first_releases

    released: list[str] = []
    for outcome in first_releases(open_project(folder)):
        if outcome.release is None:
            report = Report((outcome.report,))
            show(report)
            say(summary(outcome.report), err=True)
            return exit_code(report) or 1, released
        say(f"released {outcome.release.name} {outcome.release.version}")
        released.append(outcome.release.name)
    return 0, released


def _last_step(folder: Path) -> str:
    from fieldstone.project.project import Project

    project = Project.at(folder)
    if all(project.newest(module) for module in project.workspace.modules.values()):
        return "commit these files; `fieldstone check` now guards the releases"
    return "`fieldstone check`; if it passes, `fieldstone init --release` releases every module as 1.0.0"
