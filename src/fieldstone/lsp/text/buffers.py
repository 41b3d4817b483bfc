"""The open buffers of the editor."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class Buffer(Struct, frozen=True):
    """An open file as the editor has it.

    Attributes:
        uri: its URI, as the editor writes it.
        path: its absolute path.
        text: its text.
        version: the number of the text, which rises with each change.
        opened: the text with which it was opened.
    """

    uri: str
    path: Path
    text: str
    version: int | None = None
    opened: str = ""

    @property
    def content(self) -> bytes:
        """The bytes of the file if the editor saved it now; a lone surrogate, which no file has, becomes `?`."""
        return self.text.encode("utf-8", "replace")

    @property
    def is_unsaved(self) -> bool:
        """Whether the text counts, and not the file: they differ, and the file was not removed under an unchanged text.

        A new file that was never saved counts as well, once something was typed.
        """
        try:
            return self.path.read_bytes() != self.content
        except OSError:
            return self.text != self.opened or (bool(self.text) and not self.path.exists() and not self.opened)
