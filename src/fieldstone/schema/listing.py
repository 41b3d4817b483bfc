"""What git says of files in a checkout: which are as its index has them, and which not."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from fieldstone.schema.asked import Asked

_STAT_LINES = 5
"""The lines that `--debug` prints of an entry before the header of the next: times, inode, owner, size and flags."""

_CHANGED = re.compile(rb"\0  ctime: (\d+)")

_FILES = (b"H 100644 ", b"H 100755 ")
_LINK = rb"(?:(?<=\n)|(?<=\0)|\A)H 120000 [0-9a-f]+ 0\t([^\0]*)\0"
"""How the header of an entry begins that is a file, or a symbolic link, and at whose stat git looks: neither a
repository of its own, nor unmerged, nor left out of the checkout, nor told to be taken for unchanged."""


class Entries(Struct, frozen=True):
    """What can be said of the entries of an index without another look at them.

    Attributes:
        digest: what tells them from others.
        count: how many there are.
        links: which of them are symbolic links: relative paths, sorted.
        newest: when the last of them changed, in seconds since 1970, UTC.
    """

    digest: str
    count: int
    links: tuple[str, ...] = ()
    newest: int = 0


class Listing(Struct, frozen=True):
    """What git said of some folders.

    Attributes:
        entries: all that it knows of, each with its stat and blob, in bytes.
        known: what these come to.
        unlike: what differs from that, is not known to it, or changed only just now: relative paths.
    """

    entries: bytes
    known: Entries
    unlike: frozenset[str]

    def knows(self, folder: str) -> bool:
        """Whether git knows a file below a folder; it does not look into another repository."""
        return folder == "." or os.fsencode(f"\t{folder}/") in self.entries

    def differing(self, earlier: bytes) -> set[str]:
        """The files of which git knows something else than it did in `entries` of an earlier listing."""
        now, then = self.entries.split(b"\0"), earlier.split(b"\0")
        return _paths_besides(now, {*then}) | _paths_besides(then, {*now})


def listing_of(asked: Asked, earlier: Entries | None) -> Listing | None:
    """What git said; None where it is not there, knows no checkout here, or does not vouch for every file.

    Args:
        asked: git, which was asked.
        earlier: what the entries of an earlier answer came to; it spares a look at the same ones.
    """
    said = asked.answer()
    if said is None:
        return None
    listed, differing = said
    others, entries = _parted(listed)
    digest = sha256(entries).hexdigest()
    known = earlier if earlier and earlier.digest == digest else _told(entries, digest)
    if known is None or b"\n" in differing or any(path.endswith(b"/") for path in others):
        return None  # there is no path of two lines among these entries: it is a warning, with a path behind it
    late = _changed_since(asked.since, entries) if known.newest >= asked.since else []
    paths = {*others, *differing.split(b"\0"), *late} - {b""}
    return Listing(entries, known, frozenset(map(os.fsdecode, paths)))


def _changed_since(second: int, entries: bytes) -> list[bytes]:
    """The known files that changed in a second since 1970, or after it."""
    pieces = entries.split(b"\0")
    late = [i for i, changed in enumerate(_CHANGED.findall(entries)) if int(changed) >= second]
    return [_path(pieces[i]) for i in late]


def _parted(listed: bytes) -> tuple[list[bytes], bytes]:
    """What git does not know of, which it lists first, and the entries of what it knows."""
    others: list[bytes] = []
    place = 0
    while listed.startswith(b"? ", place):
        end = listed.index(b"\0", place)
        others.append(listed[place + 2 : end])
        place = end + 1
    return others, listed[place:] if place else listed


def _told(entries: bytes, digest: str) -> Entries | None:
    """What the entries come to; None where there is one that git does not vouch for."""
    links = _links(entries)
    if links is None:
        return None
    newest = max(map(int, _CHANGED.findall(entries)), default=0)
    return Entries(digest, entries.count(b"\0"), tuple(sorted(map(os.fsdecode, links))), newest)


def _links(entries: bytes) -> list[bytes] | None:
    """The links among the entries; None where there is one that git does not vouch for."""
    known, lines = entries.count(b"\0"), entries.count(b"\n")
    files = sum(entries.count(b"\n" + begin) + entries.startswith(begin) for begin in _FILES)
    links = re.findall(_LINK, entries) if files != known else []
    return links if files + len(links) == known and lines == _STAT_LINES * known else None


def _paths_besides(pieces: Sequence[bytes], known: set[bytes]) -> set[str]:
    """The paths of the entries that are made of other pieces: each holds the stat of one and the header of the next."""
    found: set[bytes] = set()
    for i, piece in enumerate(pieces):
        if piece not in known:
            found.update(_path(pieces[at]) for at in (i - 1, i) if at >= 0)
    return {os.fsdecode(path) for path in found if path}


def _path(piece: bytes) -> bytes:
    """The path in the header at the end of a piece; empty in the last one, which has none."""
    header = piece.split(b"\n", _STAT_LINES)[-1]
    return header.partition(b"\t")[2]
