"""What a manifest of a digest says, as the cache has it: its files apart, which a module may have thousands of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from fieldstone.cache.digests import read_known
from fieldstone.cache.store import Store
from fieldstone.registry import manifest

_HEADS, _FILES = "manifests", "manifest files"


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
        """What it says, as plain data; its files are read when one is asked for."""
        return {**self._head[0], "files": _Files(self)}

    @property
    def seal(self) -> str:
        """The seal that it should have."""
        return self._head[1]

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Its files, path to digest."""
        found = _decoded(self._store.get(_FILES, self._digest))
        if isinstance(found, dict) and all(isinstance(digest, str) for digest in found.values()):
            return found
        return dict(self._parsed[0]["files"])

    @cached_property
    def _head(self) -> tuple[dict[str, Any], str]:
        match _decoded(self._store.get(_HEADS, self._digest)):
            case [dict(head), str(seal)]:
                return head, seal
        content, seal = self._parsed
        manifest.from_content(content, where=str(self._path))
        head = {name: value for name, value in content.items() if name != "files"}
        self._store.put(_HEADS, {self._digest: _encoded([head, seal])})
        self._store.put(_FILES, {self._digest: _encoded(content["files"])})
        return head, seal

    @cached_property
    def _parsed(self) -> tuple[dict[str, Any], str]:
        text = read_known(self._path, self._digest).decode("utf-8", "replace")
        return manifest.parse(text, where=str(self._path)), manifest.seal_of(text)


class _Files(Mapping[str, str]):
    """The files of a manifest."""

    def __init__(self, known: KnownManifest) -> None:
        self._known = known

    def __getitem__(self, path: str) -> str:
        return self._known.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known.files)

    def __len__(self) -> int:
        return len(self._known.files)


def _decoded(text: bytes | None) -> Any:
    try:
        return json.loads(text or b"")
    except ValueError:
        return None


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
