"""Digests of files, cached by their stat, as in git's index (gitformat-index(5)).

A file with the same size, times and inode as when it was read counts as unchanged. A file that was
modified shortly before it was read is always read again: it may have been written once more within the
same clock tick ("racy git", Documentation/technical/racy-git.txt).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fieldstone.cache.store import Store
from fieldstone.errors import Conflict, Unavailable
from fieldstone.packed import unpacked
from fieldstone.regular_file import read_file
from fieldstone.schema.digest import file_digest, imports

_FILES, _IMPORTS = "files", "imports"
_TICK = 2_000_000_000
"""The least age of a file's last change when it is read, in nanoseconds, for its digest to be cached."""

_UNPACKED = " unpacked"
"""Ends the name of a table with the digest of a compressed file's content."""

Row = list[Any]
"""Size, mtime and ctime in nanoseconds, inode, digest."""


def read_known(path: Path, digest: str) -> bytes:
    """The bytes of a released file whose digest was verified earlier.

    Raises:
        FieldstoneError: it cannot be read, or has changed since.
    """
    content = read_file(path)
    if file_digest(content) != digest:
        raise Conflict(f"{path} changed while it was read", fix="run the command again")
    return content


def _digest_of_content(compressed: bytes) -> str:
    try:
        return file_digest(unpacked(compressed))
    except ValueError:
        return "damaged"


class Digests:
    """Digests of files and imports of .proto files; a file is read again only if it changed.

    Args:
        store: the cache.
        unsaved: texts that stand for files, by absolute path, which may change between calls.

    Attributes:
        seen: the number of files looked up.
        read: the number of files read.
    """

    def __init__(self, store: Store, unsaved: Mapping[str, bytes] | None = None) -> None:
        self._store = store
        self._unsaved = {} if unsaved is None else unsaved
        self._tables: dict[str, dict[str, Row]] = {}
        self._imports: dict[str, dict[str, list[Any]]] = {}
        self._rows: dict[str, Row] = {}
        self._answers: dict[str, tuple[set[str], dict[str, str]]] = {}
        self.seen = 0
        self.read = 0

    def of(self, folder: str, files: Mapping[str, str]) -> dict[str, str]:
        """The digest of each existing file of a folder.

        A repeated call has the same result, except for unsaved texts: one process judges one state of the files.

        Args:
            folder: the absolute path of the folder, or another name for this set of files.
            files: name to absolute path.

        Returns:
            name to digest, in their order.

        Raises:
            FieldstoneError: a file cannot be read.
        """
        found = self._on_disk(folder, files)
        if not self._unsaved:
            return found
        unsaved = {name: file_digest(self._unsaved[path]) for name, path in files.items() if path in self._unsaved}
        return {name: unsaved.get(name) or found[name] for name in files if name in unsaved or name in found}

    def _on_disk(self, folder: str, files: Mapping[str, str]) -> dict[str, str]:
        answer = self._answers.get(folder)
        if answer is not None and files.keys() <= answer[0]:
            return answer[1] if len(files) == len(answer[0]) else {n: answer[1][n] for n in files if n in answer[1]}
        found = self._find(folder, files, file_digest)
        self._answers[folder] = set(files), found
        return found

    def unpacked(self, path: str) -> str:
        """The digest of the content of a compressed file; empty if it does not exist, and no digest if it is damaged.

        Raises:
            FieldstoneError: it cannot be read.
        """
        name = f"{path}{_UNPACKED}"
        if name not in self._answers:
            self._answers[name] = {""}, self._find(name, {"": path}, _digest_of_content)
        return self._answers[name][1].get("", "")

    def learn_unpacked(self, path: str, digest: str) -> None:
        """Take the digest of the content of a compressed file from who has just read it, for `unpacked`.

        Args:
            path: the absolute path of the file.
            digest: the digest of its content.
        """
        self._answers.setdefault(f"{path}{_UNPACKED}", ({""}, {"": digest}))

    def _find(self, folder: str, files: Mapping[str, str], digest: Callable[[bytes], str]) -> dict[str, str]:
        table = self._table(folder)
        found: dict[str, str] = {}
        changed = False
        self.seen += len(files)
        for name, path in files.items():
            try:
                stat = os.stat(path)  # noqa: PTH116 - a Path would cost more than the call
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise Unavailable(f"cannot read {path}: {error.strerror}") from error
            signature = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
            row = table.get(name)
            if row is None or row[:4] != signature:
                known = self._known_row(path, signature) if digest is file_digest else None
                row = table[name] = known or self._row(path, stat, digest)
                changed = True
            found[name] = row[4]
        if changed:
            settled = {name: row for name, row in table.items() if row[0] is not None}
            self._store.put(_FILES, {folder: json.dumps(settled, separators=(",", ":")).encode()})
        return found

    def one(self, path: str) -> str:
        """The digest of one file; empty if it does not exist.

        Raises:
            FieldstoneError: it cannot be read.
        """
        return self.of(path, {"": path}).get("", "")

    def imports(self, folder: str, files: Mapping[str, str]) -> dict[str, list[str]]:
        """The imported paths of each .proto file of a folder; see `of`."""
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
        """The imports of a file with its current digest, which may differ from the one looked up before."""
        content = self._unsaved[path] if path in self._unsaved else read_file(path)
        return [file_digest(content), imports(content)]

    def _imports_of(self, folder: str) -> dict[str, list[Any]]:
        if folder not in self._imports:
            text = self._store.get(_IMPORTS, folder)
            try:
                self._imports[folder] = dict(json.loads(text)) if text else {}
            except (ValueError, TypeError):
                self._imports[folder] = {}
        return self._imports[folder]

    def _known_row(self, path: str, signature: list[int]) -> Row | None:
        """The row of a file that this process has read under another name, if its stat is the same."""
        row = self._rows.get(path)
        return row if row is not None and row[:4] == signature else None

    def _row(self, path: str, stat: os.stat_result, digest: Callable[[bytes], str]) -> Row:
        started = time.time_ns()
        content = read_file(path)
        self.read += 1
        settled = started - max(stat.st_mtime_ns, stat.st_ctime_ns) > _TICK and len(content) == stat.st_size
        signature = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino] if settled else [None] * 4
        row = [*signature, digest(content)]
        if digest is file_digest:
            self._rows[path] = row
        return row

    def _table(self, folder: str) -> dict[str, Row]:
        if folder not in self._tables:
            text = self._store.get(_FILES, folder)
            try:
                rows = json.loads(text) if text else {}
                self._tables[folder] = {name: row for name, row in rows.items() if len(row) == 5}  # noqa: PLR2004
            except (ValueError, TypeError, AttributeError):
                self._tables[folder] = {}
        return self._tables[folder]
