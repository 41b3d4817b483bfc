"""Judges a revision of a proposal by the registry's policy: its findings, the waivers it needs, whom it may break."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.judgement import policy_of
from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import Finding, ModuleReport, Report
from fieldstone.compatibility.rules import rule_ids
from fieldstone.compatibility.waiver import Waiver
from fieldstone.consumers.answer import Readers, Verdict
from fieldstone.consumers.impact import used_by
from fieldstone.project.project import Project
from fieldstone.project.server_policy import Policy
from fieldstone.proposals.proposal import Affected, Break, Judged, Proposal, label_of
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.sql.catalog import Catalog, Commit
from fieldstone.report import render
from fieldstone.report.summaries import summary
from fieldstone.workflows.check import check
from fieldstone.workflows.pushing.scratch import compiled_with, lay_out
from fieldstone.workflows.readers import readers_of

if TYPE_CHECKING:
    from fieldstone.registry.buffered import BufferedStore
    from fieldstone.registry.sql import SqlStore

UNSTYLED = CheckOptions(style=False)
"""A proposal has no buf.yaml, so the style that its authors asked for is unknown."""


class Workspace(Struct, frozen=True):
    """The workspace of a revision.

    Attributes:
        project: the project.
        root: the folder of the proposed module, to which paths in reports are relative.
        digest: the module's b5 digest.
    """

    project: Project
    root: Path
    digest: str


@contextmanager
def workspace(
    catalog: Catalog,
    buffer: BufferedStore,
    policy: Policy,
    proposal: Proposal,
    *,
    files: Mapping[str, bytes] | None = None,
    waivers: Sequence[Waiver] = (),
) -> Iterator[Workspace]:
    """The newest revision of a proposal with what it was compiled with, in a folder that is removed at the end.

    Args:
        catalog: the commits of the registry.
        buffer: the releases to judge against.
        policy: the policy of the registry.
        proposal: the proposal.
        files: the sources of the revision, if they are not stored yet.
        waivers: waivers besides those of the policy.

    Raises:
        NotFound: a commit that it was compiled with is not there.
        FieldstoneError: the registry cannot be read.
    """
    revision = proposal.newest
    if files is None:
        files = catalog.contents(_as_commit(proposal), revision.files)
    sources: dict[str, Mapping[str, bytes]] = {proposal.module: files}
    for commit in compiled_with(catalog, revision.dependencies):
        sources.setdefault(commit.module, catalog.contents(commit, commit.files))
    with tempfile.TemporaryDirectory(prefix="fieldstone-proposal-") as scratch:
        registry, ask = FetchedRegistry(buffer), SqlConsumers(catalog.database).known
        folder = Path(scratch).resolve()
        project = lay_out(folder, sources, registry=registry, policy=policy, ask=ask, waivers=waivers)
        module = project.module(proposal.module)
        yield Workspace(project, module.root, project.dependencies.digest(module))


def judge(store: SqlStore, space: Workspace, module: str) -> Judged:
    """The judgement of the module of a workspace, as of now.

    Raises:
        FieldstoneError: it does not compile, or the registry cannot be read.
    """
    (report,) = check(space.project, [module], full=True, start=space.root, options=UNSTYLED).report.modules
    return judged_of(store, space.project, report, space.root)


def is_waivable(project: Project, report: ModuleReport) -> bool:
    """Whether waivers could allow a refused module: all that refuses it are changes that its line takes."""
    refused = _refusing(project, report)
    return bool(refused and report.compared_with) and not report.line and {one.rule for one in refused} <= {*rule_ids()}


def judged_of(
    store: SqlStore, project: Project, report: ModuleReport, root: Path, waivers: Sequence[Waiver] = ()
) -> Judged:
    """The judgement that a report comes to.

    Args:
        store: the registry, which knows the consumers.
        project: the judged project.
        report: the report of the module.
        root: the folder of the module.
        waivers: waivers in the report that are those of the proposal; its findings are without them.

    Raises:
        FieldstoneError: the registry cannot be read.
    """
    findings = [replace(one, waiver=None) if one.waiver in waivers else one for one in report.findings]
    report = replace(report, findings=tuple(findings), allowed=False)
    affected: tuple[Affected, ...] = ()
    if report.compared_with:
        baseline = project.registry.release(report.module, report.compared_with)
        readers = readers_of(project, baseline, SqlConsumers(store.database).known())
        used = [replace(one, used_by=used_by(readers, one)) if one.is_breaking else one for one in report.findings]
        report, affected = replace(report, findings=tuple(used)), _affected(readers, used)
    return Judged(
        compared_with=report.compared_with,
        releases=len(project.registry.versions(report.module)),
        version=report.version,
        findings=report.findings,
        breaks=tuple(sorted({Break(one.rule, one.subject) for one in _refusing(project, report)})),
        affected=affected,
        text=_rendered(report, root),
    )


def told(report: ModuleReport, root: Path) -> str:
    """The findings of a module and their summary, with paths as its files have them."""
    return f"{_rendered(report, root)}{summary(report)}"


def _rendered(report: ModuleReport, root: Path) -> str:
    def lines(path: str) -> list[str]:
        file = root / path
        return file.read_text("utf-8", "replace").split("\n") if file.is_file() else []

    return render(Report((report,)), "text", read=lines)


def _as_commit(proposal: Proposal) -> Commit:
    revision = proposal.newest
    return Commit(
        id=revision.commit,
        module=proposal.module,
        digest=revision.digest,
        created_at=revision.created_at,
        files=revision.files,
        dependencies=revision.dependencies,
        label=label_of(proposal.number),
    )


def _refusing(project: Project, report: ModuleReport) -> list[Finding]:
    return policy_of(project.settings.module(report.module)).refuses(report.findings)


def _affected(readers: Readers, findings: Sequence[Finding]) -> tuple[Affected, ...]:
    """The consumers that some findings may break, by name: those that are known to, and those that cannot be told."""
    found: dict[str, Affected] = {}
    breaking = [one for one in findings if one.is_breaking]
    for finding in breaking:
        for reader in finding.used_by:
            problem = f"{reader.consumer} {reader.version} uses {reader.element}"
            affected = Affected(reader.consumer, reader.owner, Verdict.BLOCKED.value, problem)
            found.setdefault(reader.consumer, affected)
    for doubt in readers.doubts if breaking else ():
        if doubt.consumer:
            affected = Affected(doubt.consumer, doubt.owner, Verdict.UNKNOWN.value, doubt.problem)
            found.setdefault(doubt.consumer, affected)
    return tuple(found[name] for name in sorted(found))
