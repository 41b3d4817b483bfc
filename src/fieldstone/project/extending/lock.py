"""`fieldstone.lock`: what the sources of `extends` contained when somebody reviewed them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.project.settings_file import parse_toml
from fieldstone.regular_file import read_file

LOCK = "fieldstone.lock"
"""The name of the file, beside the settings."""

UPDATE = "`fieldstone settings update` pins it; commit fieldstone.lock"
"""The fix for a source without an entry."""

_HEAD = "# Written by `fieldstone settings update`: the files that `extends` names, pinned. Commit this file.\n"
_KEYS = {"source": r"\S.*", "commit": r"([0-9a-f]{40}|[0-9a-f]{64})?", "sha256": r"[0-9a-f]{64}"}


class Pin(Struct, frozen=True):
    """A pinned source.

    Attributes:
        source: the source, as text.
        commit: the full hash of the git commit; empty for a path.
        sha256: the digest of the file, in hex.
    """

    source: str
    commit: str
    sha256: str


def read_lock(folder: Path) -> dict[str, Pin]:
    """The pins of a folder by source; none without a lock file.

    Raises:
        FieldstoneError: the file cannot be read, or is not one that `fieldstone settings update` wrote.
    """
    file = folder / LOCK
    if not file.exists():
        return {}
    entries = parse_toml(read_file(file), where=str(file)).get("extends", [])
    pins = [_pin(entry, file) for entry in entries] if isinstance(entries, list) else [_pin(entries, file)]
    found = {pin.source: pin for pin in pins}
    if len(found) != len(pins):
        raise _damaged(file)
    return found


def lock_text(pins: Mapping[str, Pin]) -> str:
    """The text of a lock file."""
    import tomli_w

    entries = [{"source": p.source, "commit": p.commit, "sha256": p.sha256} for _, p in sorted(pins.items())]
    return _HEAD + tomli_w.dumps({"extends": entries}, multiline_strings=False)


def _pin(entry: Any, file: Path) -> Pin:
    if not isinstance(entry, dict) or entry.keys() != _KEYS.keys():
        raise _damaged(file)
    for key, pattern in _KEYS.items():
        if not isinstance(entry[key], str) or not re.fullmatch(pattern, entry[key]):
            raise _damaged(file)
    return Pin(**entry)


def _damaged(file: Path) -> Invalid:
    return Invalid(
        f"{file} is not a lock file as `fieldstone settings update` writes it",
        fix="restore it from git, or write it anew: `fieldstone settings update`",
    )
