"""The cache on disk: named tables of small values in one SQLite file, which may be missing, broken or in use.

No call fails: a value that cannot be read counts as missing, and one that cannot be written is computed
again next time. Keys contain the digests of contents. Each value is stored with a checksum, so that damaged
values count as missing (forged ones do not: see `permission`). `FORMAT` is part of the file name, so that
different versions of Fieldstone use different files.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

FORMAT = 5
"""The version of the layout; raised whenever a value is computed or stored differently."""

_NAME = f"cache-{FORMAT}.db"

_BUSY = 0.25
"""Seconds to wait for another process that writes; after that the cache is not used."""

_MEMORY = 65_536
"""SQLite's page cache for writing, in KiB: with the default of 2,000 a large ledger takes a hundred times as long."""

_CHECKED = 4
"""The length of the checksum before each value, in bytes."""

_CHUNK = 500
"""The number of keys in one statement: the oldest builds of SQLite accept 999."""

IMAGES = "image"
"""The prefix of the names of tables about images."""

_OF = " of "
_DIGITS = 40
"""The number of hex digits of a digest in the name of a table."""


def table_of(kind: str, digest: str) -> str:
    """The name of the table with data about the content of a digest."""
    return f"{kind}{_OF}{digest[-_DIGITS:]}"


OBJECTS = "objects"
"""The folder in the cache with files of releases that lie elsewhere, by digest."""
REGISTRIES = "registries"
"""The folder in the cache with answers of servers, by their address."""


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
    """Tables of bytes by text keys.

    Args:
        folder: the folder of the file; created with the first write. None keeps the values in memory only.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._pending: dict[str, dict[str, bytes]] = {}
        self._dropped: dict[str, list[str]] = {}

    def get(self, table: str, key: str) -> bytes | None:
        """One value; None if there is none."""
        return self.get_all(table, [key]).get(key)

    def get_all(self, table: str, keys: Iterable[str]) -> dict[str, bytes]:
        """The values of the given keys, as far as there are any."""
        wanted = list(keys)
        pending = self._pending.get(table, {})
        found = {key: pending[key] for key in wanted if key in pending}
        connection = self._reading
        if connection is None:
            return found
        with contextlib.suppress(sqlite3.Error, UnicodeError):  # a path with invalid text cannot be a key
            for start in range(0, len(wanted), _CHUNK):
                some = wanted[start : start + _CHUNK]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value FROM entries WHERE tab = ? AND key IN ({marks})"  # noqa: S608 - only marks
                rows = connection.execute(query, (table, *some))
                found = {k: stored[_CHECKED:] for k, stored in rows if _is_whole(table, k, stored)} | found
        return found

    def put(self, table: str, values: Mapping[str, bytes]) -> None:
        """Hold values for the next `save`; they can be read at once."""
        self._pending.setdefault(table, {}).update(values)

    def save(self) -> None:
        """Write all held values in one transaction; if that fails, the file is unchanged."""
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
        """Drop, with the next `save`, the tables whose names begin with a prefix, except those to keep."""
        self._dropped[prefix] = list(keep)

    def has_new(self, prefix: str) -> bool:
        """Whether a table whose name begins with a prefix has values that are not saved yet."""
        return any(table.startswith(prefix) for table in self._pending)

    def clear(self) -> int:
        """Remove the cache, and return its size in bytes."""
        self._close()
        there = self.folder is not None and self.folder.is_dir()
        patterns = ("cache-*", f"{OBJECTS}/*", f"{REGISTRIES}/*/*/*")
        found = [path for pattern in patterns for path in self.folder.glob(pattern)] if self.folder and there else []
        files = [path for path in found if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        for path in files:
            path.unlink()
        return size

    def keep_objects(self, digests: Collection[str]) -> None:
        """Remove the local copies of released files, except those with these digests; see `OBJECTS`."""
        kept = {digest.rpartition(":")[2] for digest in digests}
        for path in self.folder.glob(f"{OBJECTS}/*") if self.folder else ():
            if path.name not in kept:
                with contextlib.suppress(OSError):
                    path.unlink()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """The number of values and their size in bytes, by table; tables of one kind are added up."""
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
        except sqlite3.OperationalError:  # in use, or the disk is full: nothing is cached
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
    """Whether a stored value matches its checksum."""
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
