"""What a buf configuration says, known by the digest of its bytes: reading YAML takes longer than most of a check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldstone.cache.store import Store
from fieldstone.schema.digest import file_digest
from fieldstone.schema.workspace import parse_config, read_file

_TABLE = "configs"


class Configs:
    """buf configurations; each is parsed once.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, path: Path) -> Mapping[str, Any]:
        """The content of a configuration, as `workspace.read_config` has it.

        Raises:
            FieldstoneError: it cannot be read, or holds no mapping.
        """
        content = read_file(path)
        key = file_digest(content)
        known = _decoded(self._store.get(_TABLE, key))
        if known is not None:
            return known
        parsed = parse_config(content, path)
        text = json.dumps(parsed, default=str).encode()
        if _decoded(text) == parsed:  # YAML has values that JSON has not
            self._store.put(_TABLE, {key: text})
        return parsed


def _decoded(text: bytes | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text or b"")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
