"""The abilities of the terminal: colors, and lines of which width. Nothing else in the command line asks.

NO_COLOR is as in https://no-color.org, CLICOLOR and CLICOLOR_FORCE as in https://bixense.com/clicolors; the order is
Python's own (https://docs.python.org/3/using/cmdline.html#controlling-color).
"""

from __future__ import annotations

import os
from typing import IO

_NARROWEST = 40
"""A narrower terminal gets lines of this width."""


def wants_color(stream: IO[str]) -> bool:
    """Whether a stream gets colors: asked for by the environment, else a terminal that is not refused them."""
    if os.environ.get("NO_COLOR"):
        return False
    if is_forced():
        return True
    return os.environ.get("TERM") != "dumb" and os.environ.get("CLICOLOR") != "0" and stream.isatty()


def is_forced() -> bool:
    """Whether the environment asks for colors wherever the output goes."""
    return any(os.environ.get(name, "") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))


def line_width(stream: IO[str]) -> int | None:
    """The number of cells of a line on a terminal; None for a pipe or a file, whose lines are never broken.

    Where colors are forced, COLUMNS gives the width of a terminal that is only recorded.
    """
    if stream.isatty() or (is_forced() and os.environ.get("COLUMNS")):
        import shutil

        return max(shutil.get_terminal_size().columns, _NARROWEST)
    return None
