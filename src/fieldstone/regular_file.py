"""Reading regular files only: a pipe or a device may block or never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from fieldstone.errors import Unavailable

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


def read_file(path: str | Path) -> bytes:
    """The bytes of a file, as `read_regular` reads them, for a file that must be there.

    Raises:
        FieldstoneError: it cannot be read.
    """
    try:
        return read_regular(path)
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _WITHOUT_WAITING)
