"""`manifest.json`: inputs and outputs of generating, and the version of Fieldstone, which stands nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from fieldstone import __version__
from fieldstone.errors import Damaged

NAME = "manifest.json"


class Entry(Struct, frozen=True, kw_only=True):
    """The inputs and outputs of one module.

    Attributes:
        version: what its packages are numbered as (PEP 440).
        inputs: the sources that it was generated from, path from the workspace to digest.
        releases: the releases that it was generated from, version to b5 digest.
        outputs: the files that were generated, path from the manifest's folder to digest.
    """

    version: str
    inputs: Mapping[str, str] = {}
    releases: Mapping[str, str] = {}
    outputs: Mapping[str, str] = {}


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def to_json(entries: Mapping[str, Entry]) -> str:
    """The text of the manifest; entries are by module."""
    modules = {
        name: {
            "version": entry.version,
            "inputs": dict(sorted(entry.inputs.items())),
            "releases": dict(entry.releases),
            "outputs": dict(sorted(entry.outputs.items())),
        }
        for name, entry in sorted(entries.items())
    }
    return json.dumps({"generator": f"fieldstone {__version__}", "modules": modules}, indent=2) + "\n"


def from_json(text: str, *, where: str) -> dict[str, Entry]:
    """Read a manifest.

    Args:
        text: its content.
        where: its path, for the error.

    Raises:
        FieldstoneError: the text is no manifest, or names files outside its folder.
    """
    try:
        modules = json.loads(text)["modules"]
        entries = {name: _entry(content) for name, content in modules.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Damaged(
            f"{where} is no manifest of generated code", fix="remove it and run `fieldstone generate`"
        ) from error
    return entries


def _entry(content: Mapping[str, Any]) -> Entry:
    parts = {name: {str(key): str(value) for key, value in content[name].items()} for name in ("inputs", "releases")}
    outputs = {str(path): str(value) for path, value in content["outputs"].items()}
    outside = [path for path in outputs if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts]
    if outside:
        raise ValueError(outside[0])
    return Entry(version=str(content["version"]), outputs=outputs, **parts)
