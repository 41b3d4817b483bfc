"""The text around the cursor: its declarations, its module and the history of its types."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from fieldstone.checking.baseline import history
from fieldstone.compatibility.ledger import Ledger
from fieldstone.consumers.answer import Readers
from fieldstone.lsp.room import import_path
from fieldstone.lsp.text.buffers import Buffer
from fieldstone.lsp.text.outline import Declaration, outline
from fieldstone.project.project import Project
from fieldstone.workflows.readers import known_consumers, readers_of
from fieldstone.workspace.modules import Module


class Context(Struct, frozen=True, dict=True):
    """A buffer in its module.

    Attributes:
        buffer: the buffer.
        project: its project.
        module: the module that owns it.
        others: the other open buffers, by path.
    """

    buffer: Buffer
    project: Project
    module: Module
    others: tuple[Buffer, ...] = ()

    @cached_property
    def outline(self) -> Declaration:
        """The declarations of the buffer."""
        return outline(self.buffer.text)

    @cached_property
    def ledger(self) -> Ledger:
        """The history of the module; empty before its first release.

        Raises:
            FieldstoneError: the registry cannot be read.
        """
        return history(self.project, self.module)

    @cached_property
    def readers(self) -> Readers | None:
        """The known readers of the module; None before its first release, or if no consumer is known.

        Raises:
            FieldstoneError: the registry cannot be asked.
        """
        newest, known = self.project.newest(self.module), known_consumers(self.project)
        return readers_of(self.project, newest, known) if newest and known.published else None

    def message(self, name: str, scope: str) -> Declaration | None:
        """A message by the name that a text uses, in its own file or in one that it imports directly.

        Args:
            name: the name, with or without its package.
            scope: the full name of the declaration that uses it; empty at the top of a file without a package.
        """
        scopes = scope.split(".") if scope else []
        names = [".".join([*scopes[:end], name]) for end in range(len(scopes), -1, -1)]
        files = [self.outline, *self._imported()]
        return next((found for full in names for file in files if (found := file.find(full, "message"))), None)

    def _imported(self) -> Iterator[Declaration]:
        texts = {other.path: other.text for other in self.others}
        for part in self.outline.parts:
            path = part.name.strip("\"'") if part.kind == "import" else ""
            path = path.removeprefix("public").strip("\"'") if path.startswith("public") else path
            for module in self.project.workspace.everything:
                file = Path(module.all_paths[path]) if path in module.all_paths else None
                if file is not None:
                    yield outline(texts.get(file) or _read(file))


def context_of(project: Project, buffer: Buffer, others: tuple[Buffer, ...] = ()) -> Context | None:
    """The context of a buffer; None if no module owns it.

    Raises:
        FieldstoneError: the modules cannot be read.
    """
    owners = [module for module in project.workspace.modules.values() if import_path(module, buffer.path)]
    module = max(owners, key=lambda module: len(module.root.parts), default=None)
    return Context(buffer, project, module, others) if module else None


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
