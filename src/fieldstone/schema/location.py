"""A location in a source file."""

from __future__ import annotations

from msgspec import Struct


class Location(Struct, frozen=True):
    """A span of a source file; lines and columns count from 1, `end_column` is exclusive.

    `path` is relative to the root of the module. `line` is 0 when the compiler gave no position.
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
