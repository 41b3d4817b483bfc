"""Compressed files of a release: gzip (RFC 1952), which buf reads too; digests are of the content."""

from __future__ import annotations

import gzip
import zlib

_LARGEST = 2**31
"""The largest content in bytes: no protobuf message is larger."""
_GZIP = 16 + zlib.MAX_WBITS


def packed(content: bytes) -> bytes:
    """The content, compressed; without a time, and the same for one version of zlib."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def unpacked(content: bytes) -> bytes:
    """The content of a compressed file.

    Raises:
        ValueError: it is not exactly one gzip member, or its content is larger than any protobuf message.
    """
    reader = zlib.decompressobj(_GZIP)
    try:
        found = reader.decompress(content, _LARGEST)
    except zlib.error as error:
        raise ValueError(f"it is not compressed with gzip ({error})") from error
    if not reader.eof or reader.unused_data:
        raise ValueError("it is not one whole file that was compressed with gzip")
    return found
