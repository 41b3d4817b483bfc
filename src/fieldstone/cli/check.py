"""`fieldstone check`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ModuleName, Modules, OneOf, VersionName, cache_option, line_option
from fieldstone.cli.output import say, say_document, say_record
from fieldstone.cli.parsing import Command
from fieldstone.cli.reporting import exit_code, show
from fieldstone.compatibility.finding import WEAKENED
from fieldstone.printed import within_json
from fieldstone.report import FORMATS, is_from_the_top, takes_limit

if TYPE_CHECKING:
    from fieldstone.compatibility.finding import Report
    from fieldstone.project.progress import Phases
    from fieldstone.project.project import Project

_FORMATS_OF_BUF = ("text", "json")
PROFILES = ("buf", "buf:FILE", "buf:PACKAGE", "buf:WIRE_JSON", "buf:WIRE", "buf:CSR")
"""The values of `--profile`: buf as its configuration says, or one of its categories."""


@click.command(cls=Command)
@click.argument("modules", nargs=-1, type=ModuleName(), cls=Modules)
@click.option(
    "--against",
    type=VersionName(),
    metavar="REF",
    help="Compare with a version, a git revision, a folder or an image instead of the newest release. "
    "A branch means its merge base with HEAD.",
)
@line_option
@click.option(
    "--since",
    metavar="REF",
    help="Apply the policy at the merge base of HEAD and REF: its settings, waivers, list of modules and "
    "releases; and judge changes of these. In a pull request's pipeline REF is detected automatically.",
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    type=OneOf([WEAKENED]),
    help="Accept a change of policy and apply the new one; every report shows it. To be set by the pipeline, not "
    "by the pull request.",
)
@click.option(
    "--format",
    "format_",
    type=OneOf(FORMATS),
    help="The format of findings: text by default, github in GitHub Actions. text shows more than 5 findings with one "
    "cause in one block; grouped every two; concise each in a line; markdown is a comment for a pull request.",
)
@click.option(
    "--statistics", "format_", flag_value="statistics", help="Print only the number of findings by level and rule."
)
@click.option(
    "--max-findings",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show at most N findings, or groups of them, the most severe ones, and say how many more there are.",
)
@click.option(
    "--profile",
    type=OneOf(PROFILES),
    help="Run only `buf breaking`, as configured in buf.yaml, or with one of its categories.",
)
@click.option("--witness/--no-witness", default=True, help="Show an example message for each wire or JSON break.")
@click.option(
    "--second-opinion/--no-second-opinion",
    default=True,
    help="Run `buf breaking` on the same change, too, and fail if the two disagree. "
    "Without it, mistakes of Fieldstone go unnoticed.",
)
@click.option(
    "--style/--no-style",
    default=True,
    help="Check style with `buf lint` and the naming rules. Switch it off if the linter has a hook of its own.",
)
@click.option(
    "--full", is_flag=True, help="Compile and judge all files, not only affected ones; the verdict is the same."
)
@click.option(
    "--stdin-file",
    metavar="PATH",
    help="Read a .proto file from standard input, and check as if it were saved as PATH: for editors and other tools.",
)
@cache_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of `--format json` instead.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Print a line for every module; otherwise unchanged ones share one."
)
@click.option("--stats", is_flag=True, help="Print file counts, times and memory of each phase on standard error.")
def command(
    modules: tuple[str, ...],
    *,
    against: str | None,
    line: str | None,
    since: str | None,
    accepted: tuple[str, ...],
    format_: str | None,
    max_findings: int | None,
    profile: str | None,
    witness: bool,
    second_opinion: bool,
    style: bool,
    full: bool,
    stdin_file: str | None,
    cache: bool | None,
    schema: bool,
    verbose: bool,
    stats: bool,
) -> int:
    """Check MODULES, or all, in the working tree; each is a name, or a path at or inside the module.

    `buf lint` and the naming rules check style. Fieldstone and `buf breaking` check compatibility with the newest
    release and the whole history. Digests check the registry.

    \b
    Examples:
      fieldstone check
      fieldstone check telemetry --against 1.1.0
      fieldstone check telemetry --line 1.4
      fieldstone check schemas/telemetry
      fieldstone check --since origin/main
      fieldstone check --against origin/main --format sarif > findings.sarif
      fieldstone check --statistics
      fieldstone check --stdin-file proto/shop.proto < unsaved.proto
      fieldstone check --profile buf:WIRE_JSON --against origin/main --format json
    """
    if schema:
        from fieldstone.report.json import schema as schema_of_reports

        say_document(schema_of_reports())
        return 0
    if profile:
        _refuse_with_profile(since, line, max_findings, stdin_file)
        return _check_like_buf(modules, against or "", format_ or "text", profile.partition(":")[2])
    from fieldstone.checking.options import CheckOptions
    from fieldstone.checking.since.reference import named
    from fieldstone.cli.progress import shown_progress
    from fieldstone.cli.unsaved import read_unsaved, with_unsaved
    from fieldstone.report.summaries import policy_summary, summaries
    from fieldstone.workflows.check import check

    reference = named(since)
    chosen = format_ or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    if max_findings and not takes_limit(chosen):
        raise click.UsageError(f"--max-findings does not apply to {chosen}, which is always complete")
    start = _top_of_checkout() if is_from_the_top(chosen) else Path.cwd()
    options = CheckOptions(witness=witness, second_opinion=second_opinion, style=style)
    with shown_progress("checking") as told, read_unsaved(stdin_file) as unsaved:
        project = with_unsaved(open_project(cached=cache), unsaved).on_line(modules, line)
        project.phases.told = told
        if reference is None:
            found = check(project, modules, against=against or "", start=start, full=full, options=options).report
            report = with_users(project, found)
        else:
            from fieldstone.workflows.check_since import check_since

            report = check_since(
                project,
                reference,
                modules,
                folder=Path.cwd(),
                accepted=accepted,
                against=against or "",
                start=start,
                full=full,
                options=options,
            )
    show(report, chosen, limit=max_findings, unsaved=unsaved.texts)
    if report.unasked:
        say(f"warning: who uses what breaks is unknown: {report.unasked}", err=True)
    if report.policy:
        say(policy_summary(report), err=True)
    for result in summaries(report, each=verbose):
        say(result, err=True)
    if stats:
        say(_stats(project.phases), err=True)
    return exit_code(report)


def with_users(project: Project, report: Report) -> Report:
    """The report with the known users of what breaks; a clean one as it is."""
    if all(part.allowed and not part.findings for part in report.modules):
        return report
    from fieldstone.workflows.readers import known_consumers, with_used_by

    return with_used_by(project, report, lambda: known_consumers(project))


def _stats(phases: Phases) -> str:
    """Statistics in one line: files, then seconds and megabytes by phase."""
    counts = phases.counts
    known = counts["seen"] - counts["read"]
    files = f"{counts['seen']:,} files seen, {known:,} known by the cache, {counts['read']:,} read"
    judged = f"{counts['compiled']:,} compiled, {counts['compared']:,} compared"
    spent = ", ".join(f"{phase.name} {phase.seconds:.3f} s ({phase.peak / 1e6:.0f} MB)" for phase in phases.done)
    return f"stats: {files}, {judged}; {spent}"


def _refuse_with_profile(since: str | None, line: str | None, max_findings: int | None, stdin_file: str | None) -> None:
    """Raise if an option is given that does not apply to the real buf."""
    if since is not None:
        raise click.UsageError("--profile only follows buf.yaml: use it with --against REF, not --since")
    if line:
        raise click.UsageError("--profile knows no lines: name the release with --against")
    if stdin_file:
        raise click.UsageError("--profile runs buf on saved files: use it without --stdin-file")
    if max_findings:
        raise click.UsageError("--profile shows what buf finds, and all of it: use it without --max-findings")


def _check_like_buf(modules: tuple[str, ...], against: str, format_: str, category: str) -> int:
    from fieldstone.workflows.profile import check_like_buf

    if format_ not in _FORMATS_OF_BUF:
        raise click.UsageError(f"--profile buf prints {' or '.join(_FORMATS_OF_BUF)}, not {format_}")

    def warn(warning: str) -> None:
        say(f"warning: {warning}", err=True)

    found = check_like_buf(open_project(bare=True), modules, category=category, against=against, warn=warn)
    for annotation in found:
        if format_ == "json":
            say_document(within_json(annotation.as_json()) + "\n")
        else:
            say_record(annotation.as_text())
    return 1 if found else 0


def _top_of_checkout() -> Path:
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
