"""The editor: its open buffers, what it can do, and what is sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol.types import (
    Diagnostic,
    DidChangeWatchedFilesRegistrationOptions,
    FileSystemWatcher,
    LogMessageParams,
    MessageType,
    PublishDiagnosticsParams,
    Registration,
    RegistrationParams,
    ResourceOperationKind,
    ShowDocumentParams,
    ShowMessageParams,
)
from pygls import uris

from fieldstone.lsp.text.buffers import Buffer

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer
    from pygls.workspace import PositionCodec, TextDocument

_WATCHED = (
    "**/*.proto",
    "**/buf.yaml",
    "**/buf.work.yaml",
    "**/buf.lock",
    "**/fieldstone.toml",
    "**/fieldstone.lock",
    "**/pyproject.toml",
    "**/release.toml",
)
"""The files on disk that a check depends on."""


class Client:
    """The editor at the other end.

    Args:
        server: the connection.
    """

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._opened: dict[str, str] = {}

    @property
    def codec(self) -> PositionCodec:
        """The unit by which it counts characters."""
        return self._server.workspace.position_codec

    def opened(self, uri: str, text: str) -> None:
        """Take the text with which a file was opened."""
        self._opened[uri] = text

    def closed(self, uri: str) -> None:
        """Forget the text with which a file was opened."""
        self._opened.pop(uri, None)

    def buffers(self) -> list[Buffer]:
        """The open .proto files."""
        documents = self._server.workspace.text_documents.values()
        made = (self._buffer(document) for document in documents)
        return [buffer for buffer in made if buffer and buffer.path.suffix == ".proto"]

    def buffer(self, uri: str) -> Buffer | None:
        """An open file; None if it is not open, or not a file on this machine."""
        document = self._server.workspace.text_documents.get(uri)
        return self._buffer(document) if document else None

    def buffer_at(self, path: Path) -> Buffer | None:
        """An open file, by its absolute path; None if it is not open."""
        documents = self._server.workspace.text_documents.values()
        return next((b for document in documents if (b := self._buffer(document)) and b.path == path), None)

    def _buffer(self, document: TextDocument) -> Buffer | None:
        path = path_of(document.uri)
        if path is None:
            return None
        return Buffer(document.uri, path, document.source, document.version, self._opened.get(document.uri, ""))

    def uri_of(self, path: Path) -> str:
        """The URI of a file, as the editor writes it if the file is open."""
        buffer = self.buffer_at(path)
        return buffer.uri if buffer else path.as_uri()

    def publish(self, path: Path, diagnostics: Sequence[Diagnostic]) -> None:
        """Show the diagnostics of a file instead of those before."""
        self._server.text_document_publish_diagnostics(PublishDiagnosticsParams(self.uri_of(path), [*diagnostics]))

    def tell(self, text: str, *, is_quiet: bool = False, trace: str = "") -> None:
        """Show a problem to the user, or only log it."""
        kind = MessageType.Info if is_quiet else MessageType.Warning
        self._server.window_log_message(LogMessageParams(kind, f"{text}\n{trace}" if trace else text))
        if not is_quiet:
            self._server.window_show_message(ShowMessageParams(kind, text))

    def show_text(self, file: Path, text: str) -> None:
        """Show a text: open its file, or show it as a message where the editor cannot."""
        if self.can("window.show_document.support"):
            self._server.window_show_document(ShowDocumentParams(file.as_uri(), take_focus=True))
        else:
            self._server.window_show_message(ShowMessageParams(MessageType.Info, text))

    def refresh_lenses(self) -> None:
        """Ask the editor to ask for the code lenses again."""
        if self.can("workspace.code_lens.refresh_support"):
            self._server.workspace_code_lens_refresh(None)

    def watch(self) -> bool:
        """Ask the editor to tell of changed files; whether it can."""
        if not self.can("workspace.did_change_watched_files.dynamic_registration"):
            return False
        options = DidChangeWatchedFilesRegistrationOptions([FileSystemWatcher(glob) for glob in _WATCHED])
        registration = Registration("fieldstone-files", "workspace/didChangeWatchedFiles", options)
        self._server.client_register_capability(RegistrationParams([registration]))
        return True

    @property
    def can_create_files(self) -> bool:
        """Whether an edit may create a file."""
        kinds = self._capability("workspace.workspace_edit.resource_operations") or ()
        return self.takes_versions and ResourceOperationKind.Create in kinds

    @property
    def takes_versions(self) -> bool:
        """Whether an edit may name the version of the text that it is for."""
        return self.can("workspace.workspace_edit.document_changes")

    def can(self, capability: str) -> bool:
        """Whether the editor has a capability, given by its dotted path."""
        return bool(self._capability(capability))

    def _capability(self, path: str) -> Any:
        at: Any = self._server.client_capabilities
        for name in path.split("."):
            at = getattr(at, name, None)
        return at


def path_of(uri: str) -> Path | None:
    """The absolute path of a file; None for what is no file, as a text that was never saved.

    The path is resolved as the checkout's own are, through the links of its folder.
    """
    if not uri.startswith("file:"):
        return None
    path = uris.to_fs_path(uri)
    if not path or "\0" in path:
        return None
    file = Path(path)
    try:
        return file.parent.resolve() / file.name
    except (OSError, RuntimeError):
        return file
