"""A release of a module at a tag: judged against the release before, and accepted whatever the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.checking.baseline import ledger_of, released
from fieldstone.checking.drafting import Draft, Origin, Snapshot, draft
from fieldstone.checking.judging import judge_module
from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.compatibility.ledger import Ledger
from fieldstone.project.project import Project
from fieldstone.registry.lines import MAIN, beside
from fieldstone.registry.release import HISTORY, Link
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.digest import b5, manifest
from fieldstone.workflows.adopting.chosen_tags import NumberedTag
from fieldstone.workflows.adopting.tagged_module import TaggedModule
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.modules import Module

_NOT_ASKED_OF_HISTORY = CheckOptions(witness=False, style=False)
"""History is judged by both engines; its style is over, and nobody reads a witness of it."""


class HistoryRelease(Struct, frozen=True):
    """The draft of a release accepted as history, and the report about its changes."""

    draft: Draft
    report: ModuleReport


class _KnownDigest(Dependencies):
    """The dependencies of a module whose digest is known, and whose files no longer exist."""

    def __init__(self, tagged: TaggedModule, digest: str) -> None:
        super().__init__(tagged.workspace)
        self._digest = digest

    def digest(self, module: Module) -> str:  # noqa: ARG002 - only one module is asked for
        return self._digest


def history_release(
    project: Project, tag: NumberedTag, tagged: TaggedModule, links: Sequence[Link], *, compiler: str, start: Path
) -> HistoryRelease:
    """Judge a module at a tag as of the day of its commit, and draft its release.

    Args:
        project: the project; its registry has the releases of earlier tags.
        tag: the tag.
        tagged: the module at the tag.
        links: the releases and remote modules that it imports.
        compiler: the compiler of its image ("buf 1.75.0").
        start: the folder that paths in the report are relative to.

    Raises:
        FieldstoneError: the date of the commit is no date, or the engines disagree.
    """
    made = tag.commit.made
    then = project.under(project.settings, tagged.workspace)
    digest = b5(manifest(tagged.sources), (link.digest for link in links))
    vars(then).update(registry=project.registry, dependencies=_KnownDigest(tagged, digest))
    checked = judge_module(
        then, tagged.module, tagged.image, against="", start=start, options=_NOT_ASKED_OF_HISTORY, today=made.date()
    )
    new = checked.new
    if new and new.image is tagged.image:
        schema = compared = new.schema
    else:
        schema = load_schema(tagged.image, where=f"the image of {tagged.module.path} at {tag.name}")
        compared = new.schema if new else schema
    newest, line = then.newest(tagged.module), then.line_of(tagged.module.name)
    drafted = draft(
        Snapshot(sources=tagged.sources, image=tagged.image, schema=schema, compared=compared, imports=links),
        str(tag.version),
        checked.report,
        baseline=(newest, released(then, newest).side.schema) if newest else None,
        ledger=ledger_of(project.registry, newest) if newest else Ledger(),
        line=line,
        beside=beside(project.registry, tagged.module.name, line or MAIN),
        made=made,
        origin=Origin(commit=tag.commit.name, style="", compiler=compiler, accepted=HISTORY),
    )
    return HistoryRelease(drafted, checked.report)
