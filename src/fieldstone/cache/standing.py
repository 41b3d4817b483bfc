"""What an earlier check found of files as git lists them now: where that stands, nobody looks at them again.

A listing names the stat and the blob of every file, so that a file of which git says the same as before is what
it was. What differed from its release then, or was not as git had it, is looked at anew; so is whatever git
says something else of since.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from fieldstone.cache import FOLDER
from fieldstone.cache.asked_before import keep
from fieldstone.cache.store import Store
from fieldstone.schema.asked import Asked
from fieldstone.schema.listing import Entries, Listing, listing_of

_TABLE = "standing"


class _Record(Struct, frozen=True):
    """What is kept.

    Attributes:
        entries: what git listed.
        found: by folder, relative: what it was held against, and the files in it that differed.
    """

    entries: Entries
    found: dict[str, tuple[str, set[str]]]


class Standing:
    """What is known of the files below a folder, by what git says of them.

    Args:
        store: where it is kept.
        folder: the folder.
        below: the folders in it that count, each with what the names of the files in question end in.
        asked: git, at work on a listing of these.
    """

    def __init__(self, store: Store, folder: Path, below: Mapping[Path, str], asked: Asked) -> None:
        self._store = store
        self._folder = folder
        self._below = below
        self._asked = asked
        self._found: dict[str, tuple[str, set[str]]] = {}

    def close(self) -> None:
        """End git if nobody waited for it."""
        self._asked.close()

    @property
    def count(self) -> int:
        """How many files git listed."""
        return self._listing.known.count if self._listing else 0

    def suspects(self, root: Path, stands: str) -> set[str] | None:
        """The files below a folder that may not be as they were found to be.

        Args:
            root: one of the folders that count, or one in it.
            stands: what they were held against.

        Returns:
            Their paths, relative to it; None where nothing is known.
        """
        if not self._counts(root):
            return None
        start = self._start(root)
        against, differed = self._before.get(start, ("", set()))
        if against != stands:
            return None
        return self._within(start, self._differing) | differed

    def note(self, root: Path, stands: str, differing: Iterable[str]) -> None:
        """Keep what the files below a folder came to, until `save`.

        Args:
            root: one of the folders that count, or one in it.
            stands: what they were held against.
            differing: those that were found to differ from it, relative to the folder.
        """
        listing = self._listing
        if listing is not None and self._counts(root):
            start = self._start(root)
            self._found[start] = stands, {*differing} | self._within(start, listing.unlike)

    def save(self) -> None:
        """Have the store keep what was noted, if it is more than what was there."""
        if self._listing is None or not self._found:
            return
        if self._store.folder == self._folder / FOLDER:
            keep(self._asked)
        kept = {
            start: (stands, was | self._within(start, self._differing)) for start, (stands, was) in self._before.items()
        }
        record = kept | self._found
        if self._as_listed and record == self._before:
            return
        told = msgspec.to_builtins(_Record(self._listing.known, record))
        self._store.put(_TABLE, {self._name: json.dumps(told).encode()})  # paths need not be text: json escapes them
        if not self._as_listed:
            self._store.put(_TABLE, {f"{self._name} as listed": self._listing.entries})

    @property
    def _name(self) -> str:
        return str(self._folder)

    @cached_property
    def _listing(self) -> Listing | None:
        return listing_of(self._asked, self._record.entries)

    @cached_property
    def _before(self) -> dict[str, tuple[str, set[str]]]:
        """What was found before; nothing where what git listed then is not known."""
        record = self._record
        return record.found if self._as_listed or record.entries.digest == sha256(self._entries).hexdigest() else {}

    @cached_property
    def _record(self) -> _Record:
        try:
            return msgspec.convert(json.loads(self._store.get(_TABLE, self._name) or b""), type=_Record)
        except ValueError:
            return _Record(Entries("", 0), {})

    @property
    def _as_listed(self) -> bool:
        """Whether git listed the same before."""
        return self._listing is not None and self._listing.known == self._record.entries

    @cached_property
    def _entries(self) -> bytes:
        return self._store.get(_TABLE, f"{self._name} as listed") or b""

    @cached_property
    def _differing(self) -> frozenset[str]:
        """The files that git says something else of than it did, or that are not as it has them."""
        if self._listing is None:
            return frozenset()
        anew = set() if self._as_listed else self._listing.differing(self._entries)
        return self._listing.unlike | anew

    def _counts(self, root: Path) -> bool:
        """Whether git was asked of a folder, knows files in it, and sees all that it leads to: no link is in it."""
        listing = self._listing
        if listing is None or not any(root == counted or counted in root.parents for counted in self._below):
            return False
        start = self._start(root)
        unlike = (root / path for path in _below(start, listing.unlike))
        return listing.knows(start) and not _below(start, listing.known.links) and not any(map(os.path.islink, unlike))

    def _start(self, root: Path) -> str:
        return os.path.relpath(root, self._folder).replace(os.sep, "/")

    def _within(self, start: str, paths: Iterable[str]) -> set[str]:
        """Those of these paths that lie below a folder and are in question, relative to it."""
        ending = next((end for path, end in self._below.items() if self._start(path) == start), "")
        return {path for path in _below(start, paths) if path.endswith(ending)}


def _below(start: str, paths: Iterable[str]) -> list[str]:
    """Those of these paths that lie below a folder, relative to it."""
    return [*paths] if start == "." else [path[len(start) + 1 :] for path in paths if path.startswith(f"{start}/")]
