"""Reading regular files only: a pipe or a device may block or never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def read_regular(path: str | Path) -> bytes:
    """Read a file, following links.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be read, or is not a regular file (but a folder, a pipe, a socket, a device).
    """
    with open(path, "rb", opener=_open) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read()


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _WITHOUT_WAITING)
