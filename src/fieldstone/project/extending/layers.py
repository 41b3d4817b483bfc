"""The settings files that extend each other, and the settings that they come to."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.project.extending.sources import Source, source_of
from fieldstone.project.settings_file import parse_settings
from fieldstone.project.settings_schema import validate
from fieldstone.regular_file import read_file

_MOST = 5
"""The most files that extend each other."""

_OWN = ("modules", "waivers")
"""The keys that only the repository's own settings may have: they name its modules and elements."""


class Layer(Struct, frozen=True):
    """One of the settings files that apply.

    Attributes:
        label: its name in messages: its path or its source.
        file: its absolute path if it is in the checkout; None if it is pinned.
        values: its validated content, without defaults.
    """

    label: str
    file: Path | None
    values: Mapping[str, Any]


def load_layers(file: Path, values: Mapping[str, Any], read: Callable[[Source], bytes]) -> tuple[Layer, ...]:
    """The repository's own settings, and those that they extend, from the nearest to the farthest.

    Args:
        file: the absolute path of its own settings.
        values: their validated content.
        read: gives the content of a source outside the checkout.

    Raises:
        FieldstoneError: a file is missing, invalid or not allowed, or the files extend each other in a circle or too
            deeply.
    """
    found = [Layer(str(file), file, values)]
    source = Source(file.name)
    seen = {os.path.realpath(file): found[0].label}
    while "extends" in found[-1].values:
        source = source_of(found[-1].values["extends"], within=source, where=found[-1].label)
        local = _in_checkout(source, file.parent)
        key, label = (os.path.realpath(local), str(local)) if local else (str(source), str(source))
        if key in seen:
            chain = " -> ".join([*seen.values(), label])
            raise Invalid(f"the settings extend each other in a circle: {chain}", fix="remove one `extends`")
        if len(found) > _MOST:
            raise Invalid(f"more than {_MOST} settings files extend each other from {file}", fix="merge some of them")
        seen[key] = label
        content = read_file(local) if local else read(source)
        found.append(Layer(label, local, _shared(content, source, label)))
    return tuple(found)


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The settings that layers come to: the nearest value of each key applies, and tables are merged key by key."""
    return reduce(lambda near, layer: _over(near, layer.values), layers, {})


def has_key(values: Mapping[str, Any], key: Sequence[str]) -> bool:
    """Whether a table has a key, given as the names that lead to it."""
    inner: Any = values
    for name in key:
        if not isinstance(inner, Mapping) or name not in inner:
            return False
        inner = inner[name]
    return True


def top_of(folder: Path) -> Path:
    """The root of the checkout around a folder; the folder itself outside one."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def _over(near: Mapping[str, Any], far: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables merged; a list is a value, and replaces the other one."""
    both = {
        key: _over(near[key], value) if isinstance(value, Mapping) and isinstance(near[key], Mapping) else near[key]
        for key, value in far.items()
        if key in near
    }
    return {**far, **near, **both}


def _in_checkout(source: Source, folder: Path) -> Path | None:
    """The path of a source in the same checkout, which git pins; None for any other."""
    if source.url:
        return None
    path = Path(os.path.normpath(folder / source.file))
    inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(top_of(folder)))
    return path if inside else None


def _shared(content: bytes, source: Source, label: str) -> Mapping[str, Any]:
    values = parse_settings(content, name=source.file.rpartition("/")[2], where=label)
    validate(values, label)
    for key in _OWN:
        if key in values:
            raise Invalid(
                f"{label} has {key}, and other settings extend it",
                fix=f"move {key} to the settings of the repository with these modules",
            )
    return values
