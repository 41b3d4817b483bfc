"""The digest of a file, known again by its stat, as git's index knows it (gitformat-index(5)).

A file that has the size, times and inode that it had when it was read is taken for unchanged, but
only where it had been left alone for longer than the clock may be coarse when it was read: else it could
have been written once more within the same tick ("racy git", Documentation/technical/racy-git.txt).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldstone.cache.store import Store
from fieldstone.errors import Conflict, FieldstoneError, Unavailable
from fieldstone.regular_file import read_regular
from fieldstone.schema.digest import file_digest, imports

_FILES, _IMPORTS = "files", "imports"
_TICK = 2_000_000_000
"""Nanoseconds that a file must have been left alone before it was read."""

Row = list[Any]
"""Size, times in nanoseconds of the last change of content and of inode, inode, digest."""


def read_known(path: Path, digest: str) -> bytes:
    """The bytes of a released file that was found to have a digest.

    Raises:
        FieldstoneError: it cannot be read, or has changed since.
    """
    try:
        content = read_regular(path)
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error
    if file_digest(content) != digest:
        raise Conflict(f"{path} changed while it was read", fix="run the command again")
    return content


class Digests:
    """Digests of files, and what .proto files import; each file is read once while it stays as it is.

    Args:
        store: where they are kept.

    Attributes:
        seen: how many files were asked for.
        read: how many of them had to be read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables: dict[str, dict[str, Row]] = {}
        self._imports: dict[str, dict[str, list[Any]]] = {}
        self._rows: dict[str, Row] = {}
        self._told: dict[str, tuple[set[str], dict[str, str]]] = {}
        self.seen = 0
        self.read = 0

    def of(self, folder: str, files: Mapping[str, str]) -> dict[str, str]:
        """The digest of each of a folder's files; those that are not there are left out.

        Asked again, it answers as it did: one process judges one state of the files.

        Args:
            folder: the absolute path of the folder, or what else these files are called together.
            files: name to absolute path.

        Returns:
            name to digest, in their order.

        Raises:
            FieldstoneError: a file cannot be read.
        """
        told = self._told.get(folder)
        if told is not None and files.keys() <= told[0]:
            return told[1] if len(files) == len(told[0]) else {n: told[1][n] for n in files if n in told[1]}
        found = self._find(folder, files)
        self._told[folder] = set(files), found
        return found

    def _find(self, folder: str, files: Mapping[str, str]) -> dict[str, str]:
        table = self._table(folder)
        found: dict[str, str] = {}
        anew = False
        self.seen += len(files)
        for name, path in files.items():
            try:
                stat = os.stat(path)  # noqa: PTH116 - a Path would cost more than the call
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise FieldstoneError(f"cannot read {path}: {error.strerror}") from error
            signature = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
            row = table.get(name)
            if row is None or row[:4] != signature:
                row = table[name] = self._read_before(path, signature) or self._row(path, stat)
                anew = True
            found[name] = row[4]
        if anew:
            settled = {name: row for name, row in table.items() if row[0] is not None}
            self._store.put(_FILES, {folder: json.dumps(settled, separators=(",", ":")).encode()})
        return found

    def one(self, path: str) -> str:
        """The digest of a file by itself; empty where it is not there.

        Raises:
            FieldstoneError: it cannot be read.
        """
        return self.of(path, {"": path}).get("", "")

    def imports(self, folder: str, files: Mapping[str, str]) -> dict[str, list[str]]:
        """The paths that each of a folder's .proto files imports; see `of`."""
        digests = self.of(folder, files)
        known = self._imports_of(folder)
        fresh = {
            name: self._imports_row(files[name])
            for name, digest in digests.items()
            if name not in known or known[name][0] != digest
        }
        if fresh:
            known = self._imports[folder] = {name: row for name, row in known.items() if name in digests} | fresh
            self._store.put(_IMPORTS, {folder: json.dumps(known, separators=(",", ":")).encode()})
        return {name: known[name][1] for name in digests}

    def _imports_row(self, path: str) -> list[Any]:
        """What a file imports, with the digest that it has now: it may have changed since it was asked for."""
        content = self._content(path)
        return [file_digest(content), imports(content)]

    def _imports_of(self, folder: str) -> dict[str, list[Any]]:
        if folder not in self._imports:
            text = self._store.get(_IMPORTS, folder)
            try:
                self._imports[folder] = dict(json.loads(text)) if text else {}
            except (ValueError, TypeError):
                self._imports[folder] = {}
        return self._imports[folder]

    def _read_before(self, path: str, signature: list[int]) -> Row | None:
        """What this process read of a file under another name, if it is still so."""
        row = self._rows.get(path)
        return row if row is not None and row[:4] == signature else None

    def _row(self, path: str, stat: os.stat_result) -> Row:
        started = time.time_ns()
        content = self._content(path)
        self.read += 1
        settled = started - max(stat.st_mtime_ns, stat.st_ctime_ns) > _TICK and len(content) == stat.st_size
        signature = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino] if settled else [None] * 4
        row = self._rows[path] = [*signature, file_digest(content)]
        return row

    def _content(self, path: str) -> bytes:
        try:
            return read_regular(path)
        except OSError as error:
            raise FieldstoneError(f"cannot read {path}: {error.strerror}") from error

    def _table(self, folder: str) -> dict[str, Row]:
        if folder not in self._tables:
            text = self._store.get(_FILES, folder)
            try:
                rows = json.loads(text) if text else {}
                self._tables[folder] = {name: row for name, row in rows.items() if len(row) == 5}  # noqa: PLR2004
            except (ValueError, TypeError, AttributeError):
                self._tables[folder] = {}
        return self._tables[folder]
