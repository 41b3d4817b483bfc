"""A finding with the texts around it, and the check of an edit that is to end it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.baseline import history
from fieldstone.checking.judgement import policy_of
from fieldstone.compatibility.finding import Finding, ModuleReport
from fieldstone.compatibility.ledger import TypeHistory
from fieldstone.lsp.features.released import Source, released_side
from fieldstone.lsp.room import Judged, Room
from fieldstone.lsp.text.buffers import Buffer
from fieldstone.lsp.text.edits import Edit, applied, are_apart
from fieldstone.lsp.text.outline import Declaration, outline
from fieldstone.lsp.text.places import Places
from fieldstone.lsp.ticket import Ticket
from fieldstone.schema.location import Location

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec


class Case(Struct, frozen=True, dict=True):
    """A finding in an open buffer.

    Attributes:
        room: checks edits.
        judged: the check that has the finding.
        report: the part of it about the module.
        finding: the finding.
        buffer: the text.
        codec: how the editor counts characters.
        ticket: to give up.
    """

    room: Room
    judged: Judged
    report: ModuleReport
    finding: Finding
    buffer: Buffer
    codec: PositionCodec
    ticket: Ticket

    @property
    def text(self) -> str:
        """The text of the buffer."""
        return self.buffer.text

    @cached_property
    def outline(self) -> Declaration:
        """The declarations in the buffer."""
        return outline(self.text)

    @cached_property
    def declaration(self) -> Declaration:
        """The declaration that the finding points to."""
        return self.outline.at(self._index(self.text, self.finding.location))

    @cached_property
    def released(self) -> tuple[Source, Declaration] | None:
        """The released declaration, with its source; the whole file if the finding is about it. None if it is new."""
        side = released_side(self.judged.project, self.report.module, self.finding)
        if side is None:
            return None
        source, location = side
        if not location.line:
            return source, source.outline
        return source, source.outline.at(self._index(source.text, location))

    def _index(self, text: str, location: Location) -> int:
        return Places(text, self.codec).found_at(location)[0]

    def history_of(self, full_name: str) -> TypeHistory:
        """The history of a type of the module.

        Raises:
            FieldstoneError: the registry cannot be read.
        """
        project = self.judged.project
        return history(project, project.module(self.report.module)).type(full_name)

    def first_that_ends_it(self, candidates: Iterable[Sequence[Edit]]) -> Sequence[Edit] | None:
        """The first edits after which the finding is gone and no other counts that did not before; None if none does.

        Raises:
            Given: the check was given up.
        """
        fitting = (edits for edits in candidates if edits and are_apart(edits))
        return next((edits for edits in fitting if self.new_after(edits) == []), None)

    def new_after(self, edits: Sequence[Edit]) -> list[Finding] | None:
        """The findings that count only after these edits; None if the text is not judged, or the finding stays.

        Raises:
            Given: the check was given up.
        """
        path = str(self.buffer.path)
        edited = replace(self.buffer, text=applied(self.text, edits))
        buffers = [edited if key == path else other for key, other in self.judged.buffers.items()]
        after = self.room.judge(self.judged.project.settings.root, buffers, self.ticket).modules
        report = after.get(self.report.module)
        if report is None or _key(self.finding) in map(_key, self._counting(report)):
            return None
        before = {_key(finding) for other in self.judged.modules.values() for finding in self._counting(other)}
        return [f for other in after.values() for f in self._counting(other) if _key(f) not in before]

    def _counting(self, report: ModuleReport) -> list[Finding]:
        """The findings of a report that refuse the change, or that need a major version."""
        findings = [finding for finding in report.findings if finding.waiver is None and not finding.passes]
        refused = policy_of(self.judged.project.settings.module(report.module)).refuses(findings)
        refuses = {id(finding) for finding in refused}
        return [f for f in findings if id(f) in refuses or f.is_breaking or f.rule == self.finding.rule]


def _key(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.subject
