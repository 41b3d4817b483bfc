r"""Text as it is printed: on the line that it belongs to, and never a command to a terminal or to a runner of CI.

Names, paths, reasons and messages come from whoever writes a pull request. A runner takes lines of a job's output for
commands: GitHub's those that begin with `::`, and `##[` wherever it stands; Azure's `##vso[`; GitLab's an escape
sequence. Both escapes used here show which character is meant: `\x23` is `#`, `\x3a` is `:`.
"""

from __future__ import annotations

import re
from typing import Any

_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
_FIRST = re.compile(r"^(\s*)::(?!: )")
"""Two colons that open a line. The `::: ` of a code frame opens none: a runner has no command of that name."""

_FIRST_OF_LINES = re.compile(_FIRST.pattern, re.MULTILINE)
_KEPT = re.compile(r"(\t)")
_KEPT_IN_COLOR = re.compile(r"(\t|\x1b\[[\d;]*m)")


def printable(text: str) -> str:
    """A value within a line: control characters, line ends and the mark of a command as backslash escapes."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return _COMMAND.sub(r"\\x23#", text)


def printable_line(text: str) -> str:
    """A whole line, without its end: as `printable`, and it does not begin as a command does."""
    return _FIRST.sub(r"\1\\x3a:", printable(text))


def printable_lines(text: str, *, color: bool = False) -> str:
    """A text of several lines, each as `printable_line`; tabs stay.

    Args:
        text: whose line ends are meant: those in values are escaped already.
        color: whether ANSI colors stay, too.
    """
    kept = _KEPT_IN_COLOR if color else _KEPT
    lines = ("".join(_parts(kept.split(line))) for line in text.split("\n"))
    return "\n".join(_FIRST.sub(r"\1\\x3a:", line) for line in lines)


def _parts(parts: list[str]) -> list[str]:
    """The parts of a line: every second one is what stays."""
    return [part if number % 2 else printable(part) for number, part in enumerate(parts)]


def json_text(value: Any) -> str:
    """A value as a JSON document with its last line ended, to be printed."""
    from json import dumps

    return within_json(dumps(value, indent=2)) + "\n"


def within_json(text: str) -> str:
    """JSON that means the same and holds no mark of a command."""
    return _COMMAND.sub(r"\\u0023#", text)


def within_xml(text: str) -> str:
    """XML that means the same, holds no mark of a command and has no line that begins as one."""
    return _FIRST_OF_LINES.sub(r"\1&#58;:", _COMMAND.sub("&#35;#", text))
