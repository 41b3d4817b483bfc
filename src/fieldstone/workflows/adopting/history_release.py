"""A release of a module at a tag: judged against the release before, and accepted whatever the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.checking.baseline import Baseline, ledger_of, released
from fieldstone.checking.drafting import Draft, Origin, Snapshot, draft
from fieldstone.checking.judgement import Side
from fieldstone.checking.judging import judging_of_module
from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.compatibility.ledger import Ledger
from fieldstone.project.project import Project
from fieldstone.registry.lines import MAIN, beside
from fieldstone.registry.release import HISTORY, Link, Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.digest import b5, manifest
from fieldstone.schema.model import Schema
from fieldstone.workflows.adopting.chosen_tags import NumberedTag
from fieldstone.workflows.adopting.tagged_module import TaggedModule
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.modules import Module

_NOT_ASKED_OF_HISTORY = CheckOptions(witness=False, style=False)
"""History is judged by both engines; its style is over, and nobody reads a witness of it."""


class HistoryRelease(Struct, frozen=True):
    """The draft of a release accepted as history, the report about its changes, and its schema."""

    draft: Draft
    report: ModuleReport
    schema: Schema


class _KnownDigest(Dependencies):
    """The dependencies of a module whose digest is known, and whose files no longer exist."""

    def __init__(self, tagged: TaggedModule, digest: str) -> None:
        super().__init__(tagged.workspace)
        self._digest = digest

    def digest(self, module: Module) -> str:  # noqa: ARG002 - only one module is asked for
        return self._digest


def history_release(
    project: Project,
    tag: NumberedTag,
    tagged: TaggedModule,
    links: Sequence[Link],
    *,
    compiler: str,
    start: Path,
    last: HistoryRelease | None = None,
) -> HistoryRelease:
    """Judge a module at a tag as of the day of its commit, and draft its release.

    Args:
        project: the project, on the line that the release goes on; its registry has the releases of earlier tags.
        tag: the tag.
        tagged: the module at the tag.
        links: the releases and remote modules that it imports.
        compiler: the compiler of its image ("buf 1.75.0").
        start: the folder that paths in the report are relative to.
        last: the release that was made last, whose schema need not be loaded again.

    Raises:
        FieldstoneError: the date of the commit is no date, or the engines disagree.
    """
    made, name = tag.commit.made, tagged.module.name
    then = project.under(project.settings, tagged.workspace)
    files = tagged.contents
    digest = b5(manifest({**files.sources, **files.third_party}), (link.digest for link in links))
    vars(then).update(registry=project.registry, dependencies=_KnownDigest(tagged, digest))
    newest, line = then.newest_of(name), then.line_of(name)
    baseline = _baseline(then, newest, last) if newest else None
    judging = judging_of_module(
        then,
        tagged.module,
        tagged.image,
        against="",
        start=start,
        options=_NOT_ASKED_OF_HISTORY,
        today=made.date(),
        baseline=baseline,
    )
    checked = judging.checked()
    snapshot = _snapshot(tag, tagged, links, checked.new)
    drafted = draft(
        snapshot,
        str(tag.version),
        checked.report,
        baseline=(newest, baseline.side.schema) if newest and baseline else None,
        ledger=ledger_of(project.registry, newest) if newest else Ledger(),
        line=line,
        beside=beside(project.registry, name, line or MAIN),
        made=made,
        origin=Origin(commit=tag.commit.name, style="", compiler=compiler, accepted=HISTORY),
    )
    return HistoryRelease(drafted, checked.report, snapshot.schema)


def _baseline(then: Project, newest: Release, last: HistoryRelease | None) -> Baseline:
    """The newest release as a baseline, with its schema if it is the one that was made last."""
    baseline = released(then, newest)
    if last and last.draft.release.version == newest.version:
        vars(baseline.side)["schema"] = last.schema
    return baseline


def _snapshot(tag: NumberedTag, tagged: TaggedModule, links: Sequence[Link], new: Side | None) -> Snapshot:
    """The module at the tag, with the schema that was judged."""
    if new and new.image is tagged.image:
        schema = compared = new.schema
    else:
        schema = load_schema(tagged.image, where=f"the image of {tagged.module.path} at {tag.name}")
        compared = new.schema if new else schema
    return Snapshot(
        sources=tagged.contents.sources,
        image=tagged.image,
        schema=schema,
        compared=compared,
        imports=links,
        third_party=tagged.contents.third_party,
        imported=tagged.contents.imported,
    )
