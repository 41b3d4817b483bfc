"""The colors of a printed line, found in its text: after escaping, so that no value can bring its own."""

from __future__ import annotations

import re

from fieldstone.palette import BLUE, BOLD, CODE, CYAN, GREEN, MAGENTA, RED, YELLOW, painted

_STYLES = {
    "error": RED,
    "warning": YELLOW,
    "note": CYAN,
    "refused": RED,
    "allowed": GREEN,
    "added": GREEN,
    "removed": RED,
    "changed": YELLOW,
    "deprecated": MAGENTA,
    "frame": BLUE,
    "code": CODE,
    "first": BOLD,
}
_TEXT = re.compile(
    r"""
      ^(?P<error>error(\[[^\]]*\])?:)
    | ^(?P<warning>warning(\[[^\]]*\])?:)
    | ^(?P<note>(?:note|next)(\[[^\]]*\])?:)
    | ^(?P<added>\+)(?=\ )  | ^(?P<removed>-)(?=\ )  | ^(?P<changed>~)(?=\ )  | ^(?P<deprecated>!)(?=\ )
    | ^\s+(?P<frame>-->|=)(?=\ )
    | (?P<code>`[^`]+`)
    | (?P<refused>\bRefused\b)
    | (?P<allowed>\b(?:Allowed|Released|Would\ release)\b)
    | ^(?P<first>[^\s:`][^:`]*?)(?=\ \ )
    """,
    re.VERBOSE,
)
_JSON = re.compile(
    r'(?P<first>"(?:[^"\\]|\\.)*"(?=:))|(?P<added>"(?:[^"\\]|\\.)*")|(?P<changed>\btrue\b|\bfalse\b|\bnull\b)'
)


def highlighted(line: str) -> str:
    """An escaped line with colors: its level, its verdict, code in backticks, signs of changes, first column."""
    return _TEXT.sub(_paint, line)


def highlighted_json(text: str) -> str:
    """A JSON document with colors: keys, strings, constants."""
    return _JSON.sub(_paint, text)


def _paint(found: re.Match[str]) -> str:
    style = next(name for name in _STYLES if name in found.re.groupindex and found[name] is not None)
    start, end = (place - found.start() for place in found.span(style))
    return f"{found[0][:start]}{painted(_STYLES[style], found[0][start:end])}{found[0][end:]}"
