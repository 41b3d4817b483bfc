"""What git was asked at the last check: it is asked the same once more before the settings are read.

Where these ask for something else by now, that was in vain, and nothing else.
"""

from __future__ import annotations

import os

from fieldstone.cache import FOLDER
from fieldstone.schema.asked import Asked

_FILE = os.path.join(FOLDER, "cache-asked")  # noqa: PTH118 - pathlib takes longer to import than git to answer


def ask_again(start: str) -> Asked | None:
    """git, at work on what it was asked by the last check of a project; None where that is not known.

    Args:
        start: a folder of the project, absolute.
    """
    root = start
    while True:
        paths = _read(root)
        if paths:
            return Asked(root, [os.path.normpath(os.path.join(root, path)) for path in paths])  # noqa: PTH118
        root, below = os.path.dirname(root), root  # noqa: PTH120
        if root == below:
            return None


def keep(asked: Asked) -> None:
    """Have the next check in a folder with a cache ask the same; a disk that refuses keeps it from that."""
    folder, paths = asked.of
    found = [os.path.relpath(path, folder) for path in paths]
    if os.path.isdir(os.path.join(folder, FOLDER)) and found != _read(folder):  # noqa: PTH112, PTH118
        try:
            with open(os.path.join(folder, _FILE), "wb") as file:  # noqa: PTH118, PTH123
                file.write(os.fsencode("\0".join(found)))
        except OSError:
            pass


def _read(root: str) -> list[str]:
    try:
        with open(os.path.join(root, _FILE), "rb") as file:  # noqa: PTH118, PTH123
            return os.fsdecode(file.read()).split("\0")
    except OSError:
        return []
