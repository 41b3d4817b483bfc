"""A release's ledger, type by type: where each lies in `ledger.json`, so that nobody reads the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from fieldstone.cache.buckets import Buckets
from fieldstone.cache.digests import read_known
from fieldstone.cache.store import Store, table_of
from fieldstone.compatibility.ledger import Ledger, TypeHistory, type_history
from fieldstone.errors import FieldstoneError

KIND = "ledger"
"""What the tables of ledgers are called, with the digest of each."""


def ledger_of(store: Store, path: Path, digest: str) -> Ledger:
    """The ledger in a file.

    Args:
        store: where its index is kept.
        path: the file.
        digest: the digest of its bytes, which it was found to have.

    Raises:
        FieldstoneError: it cannot be read, or is no ledger.
    """
    return Ledger(_Types(store, path, digest))


class _Types(Mapping[str, TypeHistory]):
    """The types of a ledger, each read when it is asked for."""

    def __init__(self, store: Store, path: Path, digest: str) -> None:
        self._path, self._digest = path, digest
        self._places = Buckets(store, table_of(KIND, digest), lambda: _places(read_known(path, digest), path))
        self._places.fill()
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
        place = self._places.find([name]).get(name)
        if place is None:
            return None
        offset, size = place
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                return type_history(json.loads(file.read(size)))
        except (ValueError, TypeError, KeyError, AttributeError):  # the file is another one by now
            return self._all.get(name)
        except OSError as error:
            raise FieldstoneError(f"cannot read {self._path}: {error.strerror}") from error

    @cached_property
    def _all(self) -> Mapping[str, TypeHistory]:
        content = read_known(self._path, self._digest)
        return Ledger.from_json(content.decode("utf-8", "replace"), where=str(self._path)).types


def _places(content: bytes, path: Path) -> dict[str, tuple[int, int]]:
    """Type to the offset and the size, in bytes, of what a file says of it that `Ledger.to_json` wrote.

    Everything in it is ASCII, so that characters are bytes.
    """
    text = content.decode("ascii", "replace")
    decoder = json.JSONDecoder()
    found: dict[str, tuple[int, int]] = {}
    try:
        place = text.index("{") + 1
        while (start := text.find('"', place)) >= 0:
            name, after = decoder.raw_decode(text, start)
            begin = text.index("{", after)
            _, place = decoder.raw_decode(text, begin)
            found[name] = begin, place - begin
    except ValueError as error:
        raise FieldstoneError(f"{path} is not a ledger: {error}", fix="restore it from git") from error
    return found
