"""Places in a text: as an index, as the compiler counts them, and as the editor does."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from lsprotocol.types import Position, Range

from fieldstone.lsp.text.columns import index_of
from fieldstone.schema.location import Location

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec

_LINE_END = re.compile(r"\r\n|\n|\r")
"""The ends of lines in the protocol (https://microsoft.github.io/language-server-protocol, textDocuments)."""


class Places:
    """The places of a text.

    Args:
        text: the text.
        codec: how the editor counts characters: by UTF-16 units, unless it agreed to another encoding.
    """

    def __init__(self, text: str, codec: PositionCodec) -> None:
        self.text, self.codec = text, codec

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    @cached_property
    def _line_feeds(self) -> list[int]:
        """The index of each line's first character, as the compiler counts lines."""
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def position(self, index: int) -> Position:
        """A place for the editor."""
        line = bisect_right(self._starts, index) - 1
        return Position(line, self.codec.client_num_units(self.text[self._starts[line] : index]))

    def span(self, start: int, end: int) -> Range:
        """A span for the editor."""
        return Range(self.position(start), self.position(end))

    def index(self, position: Position) -> int:
        """The index of a place of the editor; the nearest one if the text has no such place."""
        if position.line >= len(self._starts):
            return len(self.text)
        start = self._starts[position.line]
        end = self._starts[position.line + 1] if position.line + 1 < len(self._starts) else len(self.text)
        left = position.character
        for index in range(start, end):
            left -= self.codec.client_num_units(self.text[index])
            if left < 0 or self.text[index] in "\r\n":
                return index
        return end

    def found_at(self, location: Location) -> tuple[int, int]:
        """The span of the compiler's location; from its place to the end of the line if it has no end."""
        start = self._compiled(location.line, location.column)
        if location.end_line:
            return start, max(start, self._compiled(location.end_line, location.end_column))
        line_end = _LINE_END.search(self.text, start)
        return start, line_end.start() if line_end else len(self.text)

    def _compiled(self, line: int, column: int) -> int:
        if line < 1 or line > len(self._line_feeds):
            return 0
        start = self._line_feeds[line - 1]
        end = self.text.find("\n", start)
        whole = self.text[start : end if end >= 0 else len(self.text)]
        return start + index_of(whole, column)
