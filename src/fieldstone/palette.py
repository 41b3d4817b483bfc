"""The colors of text on a terminal, as ANSI sequences: one place for reports and the command line."""

from __future__ import annotations

import re

RESET = "\x1b[0m"
BOLD = "\x1b[1m"
RED = "\x1b[1;31m"
GREEN = "\x1b[1;32m"
YELLOW = "\x1b[1;33m"
BLUE = "\x1b[1;34m"
MAGENTA = "\x1b[1;35m"
CYAN = "\x1b[1;36m"
CODE = "\x1b[36m"

LEVELS = {"error": RED, "warning": YELLOW, "note": CYAN}
"""The color of a finding of each level."""

SEQUENCE = re.compile(r"\x1b\[[\d;]*m")
"""One such sequence."""


def painted(style: str, text: str) -> str:
    """A text in a color."""
    return f"{style}{text}{RESET}"
