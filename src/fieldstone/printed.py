r"""Escaping of text for output: it stays on its line, and is never a command to a terminal or to a CI runner.

Names, paths, reasons and messages come from the author of a pull request. A runner interprets parts of a job's
output as commands. On GitHub these are lines that begin with `::`, and `##[` anywhere; on Azure `##vso[`; on
GitLab escape sequences. The escapes used here show the original character: `\x23` is `#`, `\x3a` is `:`.
"""

from __future__ import annotations

import re
from typing import Any

from fieldstone.palette import SEQUENCE

_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
_FIRST = re.compile(r"^(\s*)::(?!: )")
"""Two colons at the start of a line. The `::: ` of a code frame is excluded: no runner has such a command."""

_FIRST_OF_LINES = re.compile(_FIRST.pattern, re.MULTILINE)
_KEPT = re.compile(r"(\t)")
_KEPT_IN_COLOR = re.compile(rf"(\t|{SEQUENCE.pattern})")


def printable(text: str) -> str:
    """A value within a line, with control characters, line ends and command marks as backslash escapes."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return _COMMAND.sub(r"\\x23#", text)


def printable_line(text: str) -> str:
    """A whole line without its end: as `printable`, and without a command mark at its start."""
    return _FIRST.sub(r"\1\\x3a:", printable(text))


def printable_lines(text: str, *, color: bool = False) -> str:
    """A text of several lines, each as `printable_line`; tabs are kept.

    Args:
        text: the text; line ends in values must be escaped already.
        color: whether ANSI colors are kept as well.
    """
    kept = _KEPT_IN_COLOR if color else _KEPT
    lines = ("".join(_parts(kept.split(line))) for line in text.split("\n"))
    return "\n".join(_FIRST.sub(r"\1\\x3a:", line) for line in lines)


def _parts(parts: list[str]) -> list[str]:
    """The escaped parts of a line; every second part is kept as it is."""
    return [part if number % 2 else printable(part) for number, part in enumerate(parts)]


def cells(text: str) -> int:
    """The number of terminal cells that a text occupies."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "FW") for char in text)


def json_text(value: Any) -> str:
    """A value as a printable JSON document, with a line end."""
    from json import dumps

    return within_json(dumps(value, indent=2)) + "\n"


def within_json(text: str) -> str:
    """Equivalent JSON without command marks."""
    return _COMMAND.sub(r"\\u0023#", text)


def within_xml(text: str) -> str:
    """Equivalent XML without command marks."""
    return _FIRST_OF_LINES.sub(r"\1&#58;:", _COMMAND.sub("&#35;#", text))
