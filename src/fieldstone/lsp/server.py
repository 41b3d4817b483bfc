"""The language server over standard input and output."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from lsprotocol import types as lsp

from fieldstone.lsp import following, requests
from fieldstone.lsp.connection import FieldstoneServer
from fieldstone.lsp.features.answers import EXPLAIN

_COMPLETION = lsp.CompletionOptions(trigger_characters=["=", " "])
_ACTIONS = lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix])


def serve() -> None:
    """Serve one editor, until it goes away."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # the editor is told what it did wrong
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as pages:
        server = FieldstoneServer(Path(pages))
        _register(server)
        try:
            server.start_io()
        finally:
            server.session.close()


def _register(server: FieldstoneServer) -> None:
    server.feature(lsp.INITIALIZED)(following.initialized)
    server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)(following.opened)
    server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(following.changed)
    server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)(following.saved)
    server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(following.closed)
    server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)(following.changed_on_disk)
    server.command(requests.CHECK)(following.read_anew)
    server.feature(lsp.TEXT_DOCUMENT_COMPLETION, _COMPLETION)(requests.completed)
    server.feature(lsp.TEXT_DOCUMENT_HOVER)(requests.hovered)
    server.feature(lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensOptions(resolve_provider=False))(requests.lenses)
    server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, _ACTIONS)(requests.actions)
    server.command(EXPLAIN)(requests.explained)
