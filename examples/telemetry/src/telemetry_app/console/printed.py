"""Text from outside, as one line of output."""

from __future__ import annotations

import sys

_LONGEST = 500
_FAILED = 2


def printable(text: object) -> str:
    r"""The text in one line: characters that cannot be printed, such as line ends, are shown as `\n` or `\x1b`."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text)[: _LONGEST + 1])
    return f"{shown[:_LONGEST]}..." if len(shown) > _LONGEST else shown


def failed(problem: object) -> int:
    """Print an error as one line on stderr.

    Returns:
        The exit code of a command that cannot do what it was asked.
    """
    print(f"error: {printable(' '.join(str(problem).split()))}", file=sys.stderr)
    return _FAILED
