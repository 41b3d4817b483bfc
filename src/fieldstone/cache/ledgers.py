"""A release's ledger, type by type: where each lies in `ledger.json`, so that nobody reads the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from fieldstone.cache.store import Store, table_of
from fieldstone.compatibility.ledger import Ledger, TypeHistory, type_history
from fieldstone.errors import FieldstoneError

KIND = "ledger"
"""What the tables of ledgers are called, with the digest of each."""

_WHOLE = ""
"""The key that is there once all the others are."""


def ledger_of(store: Store, path: Path, digest: str) -> Ledger:
    """The ledger in a file.

    Args:
        store: where its index is kept.
        path: the file.
        digest: the digest of its bytes, which it was found to have.

    Raises:
        FieldstoneError: it cannot be read, or is no ledger.
    """
    table = table_of(KIND, digest)
    if store.get(table, _WHOLE) is None:
        store.put(table, {**_index(_read(path), path), _WHOLE: b""})
    return Ledger(_Types(store, table, path))


class _Types(Mapping[str, TypeHistory]):
    """The types of a ledger, each read when it is asked for."""

    def __init__(self, store: Store, table: str, path: Path) -> None:
        self._store, self._table, self._path = store, table, path
        self._known: dict[str, TypeHistory | None] = {}

    def __getitem__(self, name: str) -> TypeHistory:
        if name not in self._known:
            self._known[name] = self._find(name)
        found = self._known[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _find(self, name: str) -> TypeHistory | None:
        place = self._store.get(self._table, name) if name != _WHOLE else None
        if place is None:
            return None
        try:
            offset, size = map(int, place.split())
            with self._path.open("rb") as file:
                file.seek(offset)
                return type_history(json.loads(file.read(size)))
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
        ):  # the cache is damaged; the ledger is what was released
            return self._all.get(name)
        except OSError as error:
            raise FieldstoneError(f"cannot read {self._path}: {error.strerror}") from error

    @cached_property
    def _all(self) -> Mapping[str, TypeHistory]:
        return Ledger.from_json(_read(self._path).decode("utf-8", "replace"), where=str(self._path)).types


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FieldstoneError(f"cannot read {path}: {error.strerror}", fix="restore it from git") from error


def _index(content: bytes, path: Path) -> dict[str, bytes]:
    """Type to the offset and the size, in bytes, of what the file says of it, as `Ledger.to_json` wrote it.

    Everything in it is ASCII, so that characters are bytes.
    """
    text = content.decode("ascii", "replace")
    decoder = json.JSONDecoder()
    found: dict[str, bytes] = {}
    try:
        place = text.index("{") + 1
        while (start := text.find('"', place)) >= 0:
            name, after = decoder.raw_decode(text, start)
            begin = text.index("{", after)
            _, place = decoder.raw_decode(text, begin)
            found[name] = f"{begin} {place - begin}".encode()
    except ValueError as error:
        raise FieldstoneError(f"{path} is not a ledger: {error}", fix="restore it from git") from error
    return found
