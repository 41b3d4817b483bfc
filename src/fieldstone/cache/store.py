"""The cache on the disk: named tables of small values in one SQLite file, which may be missing, broken or in use.

Nothing here ever fails for the caller: what cannot be read is not there, and what cannot be written is
worked out again the next time. Keys name contents by their digests, and before each value stands its
checksum, so that a damaged value is as none (a forged one is not: see `permission`); `FORMAT` stands in the
file's name, so that another version of Fieldstone has another file.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

FORMAT = 5
"""Raised whenever a value is made in another way."""

_NAME = f"cache-{FORMAT}.db"

_BUSY = 0.25
"""Seconds to wait for another process that writes; then the value is done without."""

_MEMORY = 65_536
"""KiB of pages that a writer may hold: with the default of 2,000 a large ledger takes a hundred times as long."""

_CHECKED = 4
"""How many bytes the checksum before a value has."""

_CHUNK = 500
"""How many keys one statement names: SQLite takes 999 in its oldest builds."""

IMAGES = "image"
"""The prefix of the names of the tables of images."""

_OF = " of "
_DIGITS = 40
"""How many hex digits of a digest tell contents apart in the name of a table."""


def table_of(kind: str, digest: str) -> str:
    """The name of the table that has something of the content with a digest."""
    return f"{kind}{_OF}{digest[-_DIGITS:]}"


OBJECTS = "objects"
"""The folder in the cache with files of releases that lie elsewhere, by digest."""


def make_folder(folder: Path) -> None:
    """Make the folder of the cache, which excludes itself from git.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", "utf-8")


class Store:
    """Tables of texts and bytes, by text keys.

    Args:
        folder: where the file is; made with the first value that is written. None keeps nothing beyond the process.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._pending: dict[str, dict[str, bytes]] = {}
        self._dropped: dict[str, list[str]] = {}

    def get(self, table: str, key: str) -> bytes | None:
        """One value; None if it is not there."""
        return self.get_all(table, [key]).get(key)

    def get_all(self, table: str, keys: Iterable[str]) -> dict[str, bytes]:
        """Those of these values that are there."""
        wanted = list(keys)
        pending = self._pending.get(table, {})
        found = {key: pending[key] for key in wanted if key in pending}
        connection = self._reading
        if connection is None:
            return found
        with contextlib.suppress(sqlite3.Error, UnicodeError):  # a path may be no text, and no key
            for start in range(0, len(wanted), _CHUNK):
                some = wanted[start : start + _CHUNK]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value FROM entries WHERE tab = ? AND key IN ({marks})"  # noqa: S608 - only marks
                rows = connection.execute(query, (table, *some))
                found = {k: stored[_CHECKED:] for k, stored in rows if _is_whole(table, k, stored)} | found
        return found

    def put(self, table: str, values: Mapping[str, bytes]) -> None:
        """Keep values until `save`, and find them from now on."""
        self._pending.setdefault(table, {}).update(values)

    def save(self) -> None:
        """Write what was put, all of it or nothing; a disk that refuses leaves the cache as it was."""
        rows = [
            (table, key, _checksum(table, key, value) + value)
            for table, values in self._pending.items()
            for key, value in values.items()
        ]
        if not rows or self.folder is None:
            return
        with contextlib.suppress(sqlite3.Error, OSError, UnicodeError), self._writing(self.folder) as connection:
            connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", sorted(rows))
            for prefix, keep in self._dropped.items():
                marks = ",".join("?" * len(keep))
                which = f"substr(tab, 1, ?) = ? AND tab NOT IN ({marks})"
                connection.execute(f"DELETE FROM entries WHERE {which}", (len(prefix), prefix, *keep))  # noqa: S608
        self._pending.clear()
        self._dropped.clear()

    def forget(self, prefix: str, keep: Iterable[str]) -> None:
        """Drop, with the next `save`, the tables whose names begin so, but these."""
        self._dropped[prefix] = list(keep)

    def has_new(self, prefix: str) -> bool:
        """Whether something was put into a table whose name begins so, since the last `save`."""
        return any(table.startswith(prefix) for table in self._pending)

    def clear(self) -> int:
        """Remove the cache; gives how many bytes it had."""
        self._close()
        there = self.folder is not None and self.folder.is_dir()
        found = (*self.folder.glob("cache-*"), *self.folder.glob(f"{OBJECTS}/*")) if self.folder and there else ()
        files = [path for path in found if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        for path in files:
            path.unlink()
        return size

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Table, those of one kind together, to how many values it has, and their bytes."""
        if self._reading is None:
            return {}
        with contextlib.suppress(sqlite3.Error):
            kind = f"CASE WHEN instr(tab, '{_OF}') THEN substr(tab, 1, instr(tab, '{_OF}') - 1) ELSE tab END"
            query = f"SELECT {kind}, count(*), sum(length(value)) FROM entries GROUP BY 1 ORDER BY 1"  # noqa: S608 - no input
            return {table: (count, size) for table, count, size in self._reading.execute(query)}
        return {}

    @cached_property
    def _reading(self) -> sqlite3.Connection | None:
        if self.folder is None or not (self.folder / _NAME).is_file():
            return None
        try:
            connection = sqlite3.connect(f"{(self.folder / _NAME).as_uri()}?mode=ro", uri=True, timeout=_BUSY)
            connection.execute("SELECT 1 FROM entries LIMIT 1")
        except sqlite3.Error:
            return None
        return connection

    @contextlib.contextmanager
    def _writing(self, folder: Path) -> Iterator[sqlite3.Connection]:
        self._close()
        make_folder(folder)
        file = folder / _NAME
        try:
            connection = _open(file)
        except sqlite3.OperationalError:  # in use, or no place for a file: then it is done without
            raise
        except sqlite3.DatabaseError:
            file.unlink(missing_ok=True)
            connection = _open(file)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _close(self) -> None:
        connection = vars(self).pop("_reading", None)
        if connection is not None:
            connection.close()


def _checksum(table: str, key: str, value: bytes) -> bytes:
    return zlib.crc32(value, zlib.crc32(f"{table} {key}".encode(errors="surrogateescape"))).to_bytes(_CHECKED, "big")


def _is_whole(table: str, key: str, stored: object) -> bool:
    """Whether a value is there with the checksum that it was put with."""
    return isinstance(stored, bytes) and stored[:_CHECKED] == _checksum(table, key, stored[_CHECKED:])


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_BUSY)
    try:
        table = "CREATE TABLE IF NOT EXISTS entries (tab TEXT, key TEXT, value BLOB, PRIMARY KEY (tab, key))"
        connection.execute(table)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA cache_size = -{_MEMORY}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
