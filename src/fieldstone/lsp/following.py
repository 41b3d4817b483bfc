"""Notifications of the editor: files that it opened, changed, saved and closed, and files that changed on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldstone.lsp.client import path_of
from fieldstone.lsp.connection import FieldstoneServer
from fieldstone.lsp.features.settings_text import settings_diagnostics
from fieldstone.lsp.room import SETTINGS
from fieldstone.lsp.text.places import Places

if TYPE_CHECKING:
    from lsprotocol import types as lsp


async def initialized(ls: FieldstoneServer, _: lsp.InitializedParams) -> None:
    """Ask to be told of changed files."""
    ls.session.is_watching = ls.client.watch()
    ls.session.warm_up()


async def opened(ls: FieldstoneServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """Check an opened file."""
    ls.client.opened(params.text_document.uri, params.text_document.text)
    await _take(ls, params.text_document.uri, anew=True)


async def changed(ls: FieldstoneServer, params: lsp.DidChangeTextDocumentParams) -> None:
    """Check a text that was typed."""
    await _take(ls, params.text_document.uri, anew=False)


async def saved(ls: FieldstoneServer, params: lsp.DidSaveTextDocumentParams) -> None:
    """Check everything anew: the file, and what else depends on it."""
    await read_anew(ls)
    await _take(ls, params.text_document.uri, anew=True)


async def closed(ls: FieldstoneServer, params: lsp.DidCloseTextDocumentParams) -> None:
    """Check without the text of a closed file."""
    ls.client.closed(params.text_document.uri)
    path = path_of(params.text_document.uri)
    if path is not None and path.name in SETTINGS:
        ls.session.publish((path, ""), {})
    elif path is not None:
        ls.session.touch([path], anew=True)


async def changed_on_disk(ls: FieldstoneServer, _: lsp.DidChangeWatchedFilesParams) -> None:
    """Check everything anew after a change outside of the editor."""
    await read_anew(ls)


async def read_anew(ls: FieldstoneServer, *_: Any) -> None:
    """Read everything anew and check it."""
    ls.session.touch([buffer.path for buffer in ls.client.buffers()], anew=True)


async def _take(ls: FieldstoneServer, uri: str, *, anew: bool) -> None:
    """Check a text; settings at once, schemas after a moment without another change."""
    buffer = ls.client.buffer(uri)
    if buffer is None:
        return
    if buffer.path.name in SETTINGS:
        places = Places(buffer.text, ls.client.codec)
        none: list[lsp.Diagnostic] = []
        found = await ls.answer(lambda: settings_diagnostics(buffer.path, places), none)
        current = ls.client.buffer(uri)
        if current is not None and current.text == buffer.text:
            ls.session.publish((buffer.path, ""), {buffer.path: found} if found else {})
    elif buffer.path.suffix == ".proto":
        ls.session.touch([buffer.path], anew=anew)
