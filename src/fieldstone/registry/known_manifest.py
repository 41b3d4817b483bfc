"""What a manifest of a digest says, as the cache has it: its files apart, which a module may have thousands of."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from fieldstone.cache.buckets import Buckets
from fieldstone.cache.digests import read_known
from fieldstone.cache.store import Store, table_of
from fieldstone.registry import manifest

_HEADS, _FILES = "manifests", "manifest files"

_MANY = 500
"""How many files a manifest has at least to be kept in parts."""


class KnownManifest:
    """A manifest, read from its file where the cache does not have it.

    Args:
        store: the cache.
        path: the manifest's file.
        digest: the digest of its bytes.

    Raises:
        FieldstoneError: it cannot be read, or is no manifest.
    """

    def __init__(self, store: Store, path: Path, digest: str) -> None:
        self._store = store
        self._path = path
        self._digest = digest

    @property
    def content(self) -> dict[str, Any]:
        """What it says, as plain data; of its files, what is asked for is read."""
        return {**self._head.content, "files": _Files(self._files, self._head.size)}

    @property
    def seal(self) -> str:
        """The seal that it should have."""
        return self._head.seal

    @cached_property
    def _files(self) -> Buckets:
        parts = 256 if self._head.size >= _MANY else 1
        return Buckets(self._store, table_of(_FILES, self._digest), lambda: self._parsed[0]["files"], parts=parts)

    @cached_property
    def _head(self) -> _Head:
        match _decoded(self._store.get(_HEADS, self._digest)):
            case [dict(content), str(seal), int(count)]:
                return _Head(content, seal, count)
        content, seal = self._parsed
        manifest.from_content(content, where=str(self._path))
        head = _Head({name: value for name, value in content.items() if name != "files"}, seal, len(content["files"]))
        self._store.put(_HEADS, {self._digest: json.dumps(head).encode()})
        return head

    @cached_property
    def _parsed(self) -> tuple[dict[str, Any], str]:
        text = read_known(self._path, self._digest).decode("utf-8", "replace")
        return manifest.parse(text, where=str(self._path)), manifest.seal_of(text)


class _Head(NamedTuple):
    """What a manifest says but its files, the seal that it should have, and how many files it has."""

    content: dict[str, Any]
    seal: str
    size: int


class _Files(Mapping[str, str]):
    """The files of a manifest, path to digest."""

    def __init__(self, files: Buckets, count: int) -> None:
        self._files, self._count = files, count

    def __getitem__(self, path: str) -> str:
        found: str = self._files.find([path])[path]
        return found

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and path in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return self._count

    def items(self) -> ItemsView[str, str]:
        """All of them."""
        return self._all.items()

    @cached_property
    def _all(self) -> dict[str, str]:
        return self._files.all()


def _decoded(text: bytes | None) -> Any:
    try:
        return json.loads(text or b"")
    except ValueError:
        return None
