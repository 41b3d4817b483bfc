"""Breaks long lines at spaces, under the text that they continue. Code is never broken."""

from __future__ import annotations

import re

from fieldstone.palette import SEQUENCE
from fieldstone.printed import cells

_KEPT = re.compile(r"\s*\d*\s*(\||-->|:::)")
"""A line of source, what is marked in it, or a path: broken, it could not be copied or clicked."""

_STARTS = re.compile(
    r"""
      \s*=\ [\w\ ]+:\s+              # a note of a finding
    | (error|warning|note|next):\ +  # an error
    | \s*[-+~!*]\ +                  # an entry of a list
    | (?:\S+(?:\ \S+)*\ \ +)+        # the columns before the last one
    | \s+
    """,
    re.VERBOSE,
)
_MOST = 0.6
"""The largest part of a line that stays empty before a continued one."""


def wrapped(line: str, width: int) -> str:
    """A line, which may have colors, as lines of at most so many cells where that breaks no word.

    Args:
        line: the line without its end.
        width: the number of cells.
    """
    plain = SEQUENCE.sub("", line)
    if cells(plain) <= width or _KEPT.match(plain):
        return line
    start = _STARTS.match(plain)
    indent = cells(start[0]) if start else 2
    indent = indent if indent <= width * _MOST else 2
    lines, used = [""], 0
    for spaced in re.findall(r" *[^ ]+", line):
        size = cells(SEQUENCE.sub("", spaced))
        if used + size <= width or used <= indent:
            lines[-1] += spaced
            used += size
        else:
            word = spaced.lstrip(" ")
            lines.append(" " * indent + word)
            used = indent + cells(SEQUENCE.sub("", word))
    return "\n".join(lines)
