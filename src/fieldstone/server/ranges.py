"""A part of a file, as a client asks for it in a Range header (RFC 9110, 14)."""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.ASCII | re.IGNORECASE)


class UnsatisfiableError(Exception):
    """A part that lies outside the file."""


def part_of(size: int, header: str) -> slice | None:
    """Which bytes a client asks for.

    Args:
        size: how many bytes the file has.
        header: the value of its Range header.

    Returns:
        None for the whole file: the header is malformed or asks for several parts, and may be ignored.

    Raises:
        UnsatisfiableError: there are no such bytes.
    """
    found = _ONE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return None
    first = int(found[1]) if found[1] else max(size - int(found[2]), 0)
    end = min(int(found[2]) + 1, size) if found[1] and found[2] else size
    if found[1] and found[2] and int(found[2]) < int(found[1]):
        return None
    if first >= size:
        raise UnsatisfiableError
    return slice(first, end)
