"""The offers for findings as code actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lsprotocol.types import (
    CodeAction,
    CodeActionKind,
    Command,
    CreateFile,
    CreateFileOptions,
    Diagnostic,
    OptionalVersionedTextDocumentIdentifier,
    Range,
    TextDocumentEdit,
    TextEdit,
    WorkspaceEdit,
)

from fieldstone.compatibility.finding import Finding, ModuleReport
from fieldstone.lsp.client import Client
from fieldstone.lsp.features.actions.case import Case
from fieldstone.lsp.features.actions.offers import Offer, offers
from fieldstone.lsp.features.diagnostics import data_of, diagnostics_of
from fieldstone.lsp.room import Judged, Room
from fieldstone.lsp.text.buffers import Buffer
from fieldstone.lsp.text.edits import Edit, with_line_ends
from fieldstone.lsp.text.places import Places
from fieldstone.lsp.ticket import Ticket

EXPLAIN = "fieldstone.explain"
"""The command that shows the page of a rule."""


class Answers:
    """The code actions of a session; those of one text are found once.

    Args:
        client: the editor.
        room: checks the edits.
    """

    def __init__(self, client: Client, room: Room) -> None:
        self._client, self._room = client, room
        self._judged: Judged | None = None
        self._known: dict[tuple[str, str, str], Sequence[Offer]] = {}

    def actions(self, judged: Judged, buffer: Buffer, wanted: Range, ticket: Ticket) -> list[CodeAction]:
        """The offers for the findings in some lines of a buffer.

        Args:
            judged: the check of this text.
            buffer: the buffer.
            wanted: the lines.
            ticket: to give up.

        Raises:
            FieldstoneError: a release cannot be read.
            Given: it was given up.
        """
        if self._judged is not judged:
            self._judged, self._known = judged, {}
        found: list[CodeAction] = []
        explained: set[str] = set()
        for report, finding, diagnostic in self._in(judged, buffer, wanted):
            for offer in self._offers(judged, report, finding, buffer, ticket):
                edit = self._edit(offer)
                if edit is not None:
                    found.append(_action(offer, edit, diagnostic))
            explained.add(finding.rule)
        return found + [_explanation(rule) for rule in sorted(explained)]

    def _in(self, judged: Judged, buffer: Buffer, wanted: Range) -> Iterator[tuple[ModuleReport, Finding, Diagnostic]]:
        """The findings in some lines, with their diagnostics."""
        for report in judged.modules.values():
            for diagnostic in diagnostics_of(judged, report, self._client.codec).get(buffer.path, ()):
                lines = diagnostic.range
                if lines.start.line <= wanted.end.line and wanted.start.line <= lines.end.line:
                    yield from (
                        (report, f, diagnostic) for f in report.findings if data_of(report, f) == diagnostic.data
                    )

    def _offers(
        self, judged: Judged, report: ModuleReport, finding: Finding, buffer: Buffer, ticket: Ticket
    ) -> Sequence[Offer]:
        key = report.module, finding.rule, finding.subject
        if key not in self._known:
            case = Case(self._room, judged, report, finding, buffer, self._client.codec, ticket)
            self._known[key] = [] if finding.waiver else [*offers(case, self._open_text)]
        return self._known[key]

    def _open_text(self, file: Path) -> str | None:
        buffer = self._client.buffer_at(file)
        return buffer.text if buffer else None

    def _edit(self, offer: Offer) -> WorkspaceEdit | None:
        """The edits for the editor; None if it cannot create the file that they need."""
        if offer.creates is not None and not self._client.can_create_files:
            return None
        if not self._client.takes_versions:
            return WorkspaceEdit(
                changes={self._client.uri_of(p): self._text_edits(p, e) for p, e in offer.edits.items()}
            )
        changes: list[TextDocumentEdit | CreateFile] = []
        if offer.creates is not None:
            changes.append(CreateFile(offer.creates.as_uri(), options=CreateFileOptions(ignore_if_exists=True)))
        for path, edits in offer.edits.items():
            buffer = self._client.buffer_at(path)
            version = buffer.version if buffer else None
            document = OptionalVersionedTextDocumentIdentifier(self._client.uri_of(path), version)
            changes.append(TextDocumentEdit(document, [*self._text_edits(path, edits)]))
        return WorkspaceEdit(document_changes=[*changes])

    def _text_edits(self, path: Path, edits: Sequence[Edit]) -> list[TextEdit]:
        text = self._open_text(path)
        if text is None:
            text = path.read_bytes().decode("utf-8", "replace") if path.exists() else ""
        places = Places(text, self._client.codec)
        return [TextEdit(places.span(edit.start, edit.end), with_line_ends(edit.text, text)) for edit in edits]


def _action(offer: Offer, edit: WorkspaceEdit, diagnostic: Diagnostic) -> CodeAction:
    kind, preferred = CodeActionKind.QuickFix, offer.is_preferred or None
    return CodeAction(offer.title, kind=kind, diagnostics=[diagnostic], is_preferred=preferred, edit=edit)


def _explanation(rule: str) -> CodeAction:
    title = f"Explain {rule}"
    return CodeAction(title, kind=CodeActionKind.QuickFix, command=Command(title, EXPLAIN, arguments=[rule]))
