"""What git was asked at the last check: it is asked the same once more before the settings are read.

Where these ask for something else by now, that was in vain, and nothing else. pathlib is not imported yet when git is
asked, and so not used here.
"""

# ruff: noqa: PTH112, PTH118, PTH120, PTH123

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from fieldstone.cache import FOLDER
from fieldstone.schema.asked import Asked

if TYPE_CHECKING:
    from fieldstone.cache.permission import Permission

_FILE = os.path.join(FOLDER, "cache-asked")


def ask_again(start: str, permission: Permission) -> Asked | None:
    """git, at work on what it was asked by the last check of a project; None where that is not known.

    Args:
        start: a folder of the project, absolute.
        permission: whether a cache may be used.

    Raises:
        FieldstoneError: FIELDSTONE_CACHE has another value than it may have.
    """
    root = start
    while not os.path.lexists(os.path.join(root, _FILE)):
        root, below = os.path.dirname(root), root
        if root == below:
            return None
    paths = _read(root) if permission.allows(root) else []
    return Asked(root, [os.path.normpath(os.path.join(root, path)) for path in paths]) if paths else None


def keep(asked: Asked) -> None:
    """Have the next check in a folder with a cache ask the same; a disk that refuses keeps it from that."""
    folder, paths = asked.of
    found = [os.path.relpath(path, folder) for path in paths]
    if os.path.isdir(os.path.join(folder, FOLDER)) and found != _read(folder):
        with suppress(OSError), open(os.path.join(folder, _FILE), "wb") as file:
            file.write(os.fsencode("\0".join(found)))


def _read(root: str) -> list[str]:
    try:
        with open(os.path.join(root, _FILE), "rb") as file:
            return os.fsdecode(file.read()).split("\0")
    except OSError:
        return []
