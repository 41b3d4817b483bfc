"""A large cached table in parts, by the checksum of the key: a lookup reads one part only.

If a part is missing from the cache, all parts are made again. So a key is only reported as absent after its
part was read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fieldstone.cache.store import Store


class Buckets:
    """A table of plain data by text keys.

    Args:
        store: the cache.
        table: the name of the table.
        make: makes the whole table.
        parts: the number of parts.
    """

    def __init__(self, store: Store, table: str, make: Callable[[], Mapping[str, Any]], *, parts: int = 256) -> None:
        self._store, self._table, self._make, self._count = store, table, make, parts
        self._parts: dict[str, Mapping[str, Any]] = {}

    def fill(self) -> None:
        """Make the table, unless it is cached."""
        self.find([""])

    def find(self, keys: Iterable[str]) -> dict[str, Any]:
        """The given keys that the table has, with their values, in the given order."""
        parts = {key: self._part_of(key) for key in keys}
        missing = {*parts.values()} - self._parts.keys()
        if missing:
            self._fetch(missing)
        return {key: self._parts[part][key] for key, part in parts.items() if key in self._parts[part]}

    def __contains__(self, key: str) -> bool:
        """Whether the table has a key."""
        part = self._part_of(key)
        if part not in self._parts:
            self._fetch({part})
        return key in self._parts[part]

    def all(self) -> dict[str, Any]:
        """The whole table, sorted by key."""
        self._fetch({f"{number:02x}" for number in range(self._count)})
        return dict(sorted(row for part in self._parts.values() for row in part.items()))

    def _fetch(self, missing: set[str]) -> None:
        found = self._store.get_all(self._table, missing)
        if missing <= found.keys():
            self._parts.update((part, json.loads(text)) for part, text in found.items())
            return
        made: dict[str, dict[str, Any]] = {f"{number:02x}": {} for number in range(self._count)}
        for key, value in self._make().items():
            made[self._part_of(key)][key] = value
        self._parts.update(made)
        self._store.put(
            self._table, {part: json.dumps(rows, separators=(",", ":")).encode() for part, rows in made.items()}
        )

    def _part_of(self, key: str) -> str:
        return f"{zlib.crc32(key.encode(errors='surrogateescape')) % self._count:02x}"
