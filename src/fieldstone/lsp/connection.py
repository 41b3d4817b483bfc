"""The connection to one editor, with its session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from fieldstone import __version__
from fieldstone.errors import FieldstoneError
from fieldstone.lsp.client import Client
from fieldstone.lsp.features.answers import Answers
from fieldstone.lsp.session import Session
from fieldstone.lsp.text.context import Context, context_of
from fieldstone.lsp.ticket import Given

T = TypeVar("T")


class FieldstoneServer(LanguageServer):
    """A language server for one editor.

    Args:
        pages: a folder for the pages of rules that it shows.
    """

    def __init__(self, pages: Path) -> None:
        super().__init__("fieldstone", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.pages = pages
        self.client = Client(self)
        self.session = Session(self.client)
        self.answers = Answers(self.client, self.session.room)

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002 - a method of pygls
        """Log what a message could not be answered for, and go on."""
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, f"{type(error).__name__}: {error}"))

    async def answer(self, work: Callable[[], T], otherwise: T) -> T:
        """The result of a request that uses the room; the other value, and a line in the log, if it fails."""
        try:
            return await self.session.in_thread(work)
        except Given:
            return otherwise
        except FieldstoneError as error:
            self.client.tell(str(error), is_quiet=True)
            return otherwise

    def context(self, uri: str) -> Context | None:
        """The module around an open file; None if there is none. Runs in the thread of the room.

        Raises:
            FieldstoneError: the settings or modules cannot be read.
        """
        buffer = self.client.buffer(uri)
        if buffer is None or buffer.path.suffix != ".proto":
            return None
        others = tuple(other for other in self.client.buffers() if other.path != buffer.path)
        return context_of(self.session.room.project_of(buffer.path), buffer, others)
