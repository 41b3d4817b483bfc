"""A release's ledger, type by type: where each lies in `ledger.json`, so that nobody reads the rest.

The places are kept in buckets by the checksum of the type's name. A bucket that is not there was never made, or
is lost: that no release had a type is only said by a bucket that does not name it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from fieldstone.cache.digests import read_known
from fieldstone.cache.store import Store
from fieldstone.compatibility.ledger import Ledger, TypeHistory, type_history
from fieldstone.errors import FieldstoneError

PREFIX = "ledger "
"""What the names of the tables of ledgers begin with; the digest follows."""

_BUCKETS = 256

Places = dict[str, tuple[int, int]]
"""Type to the offset and the size, in bytes, of what the file says of it."""


def ledger_of(store: Store, path: Path, digest: str) -> Ledger:
    """The ledger in a file.

    Args:
        store: where its index is kept.
        path: the file.
        digest: the digest of its bytes, which it was found to have.

    Raises:
        FieldstoneError: it cannot be read, or is no ledger.
    """
    if store.get(f"{PREFIX}{digest}", _bucket("")) is None:
        store.put(f"{PREFIX}{digest}", _index(read_known(path, digest), path))
    return Ledger(_Types(store, path, digest))


def _bucket(name: str) -> str:
    return f"{zlib.crc32(name.encode()) % _BUCKETS:02x}"


class _Types(Mapping[str, TypeHistory]):
    """The types of a ledger, each read when it is asked for."""

    def __init__(self, store: Store, path: Path, digest: str) -> None:
        self._store, self._path, self._digest = store, path, digest
        self._known: dict[str, TypeHistory | None] = {}
        self._places: dict[str, Places] = {}

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
        place = self._in_bucket(_bucket(name)).get(name)
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

    def _in_bucket(self, key: str) -> Places:
        if key not in self._places:
            table = f"{PREFIX}{self._digest}"
            text = self._store.get(table, key)
            if text is None:
                buckets = _index(read_known(self._path, self._digest), self._path)
                self._store.put(table, buckets)
                text = buckets[key]
            self._places[key] = json.loads(text)
        return self._places[key]

    @cached_property
    def _all(self) -> Mapping[str, TypeHistory]:
        content = read_known(self._path, self._digest)
        return Ledger.from_json(content.decode("utf-8", "replace"), where=str(self._path)).types


def _index(content: bytes, path: Path) -> dict[str, bytes]:
    """Every bucket of places in a file that `Ledger.to_json` wrote: it is ASCII, so that characters are bytes."""
    text = content.decode("ascii", "replace")
    decoder = json.JSONDecoder()
    found: dict[str, Places] = {f"{number:02x}": {} for number in range(_BUCKETS)}
    try:
        place = text.index("{") + 1
        while (start := text.find('"', place)) >= 0:
            name, after = decoder.raw_decode(text, start)
            begin = text.index("{", after)
            _, place = decoder.raw_decode(text, begin)
            found[_bucket(name)][name] = begin, place - begin
    except ValueError as error:
        raise FieldstoneError(f"{path} is not a ledger: {error}", fix="restore it from git") from error
    return {key: json.dumps(places, separators=(",", ":")).encode() for key, places in found.items()}
