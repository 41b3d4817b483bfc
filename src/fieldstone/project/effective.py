"""The settings that apply, each with its origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldstone.project.extending.layers import has_key
from fieldstone.project.settings import Settings
from fieldstone.project.settings_schema import SCHEMA

DEFAULT = "default"
"""The origin of a setting that no file has."""


def effective(settings: Settings) -> dict[str, dict[str, Any]]:
    """Dotted key -> its value, and the file or source that it is from: `{"value": true, "from": "default"}`."""
    found: dict[str, dict[str, Any]] = {}
    for key, default in _keys(SCHEMA, settings.values):
        value, origin = _value(settings.values, key, default), _origin(settings, key)
        if origin != DEFAULT or value is not None:
            found[".".join(key)] = {"value": value, "from": origin}
    return found


def _keys(schema: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[tuple[list[str], Any]]:
    """Every key of the schema, and of the tables with free names those that the values have, with its default."""
    known: Mapping[str, Any] = schema.get("properties", {})
    for name in [*known, *(name for name in values if name not in known)]:
        inner = known.get(name, schema.get("additionalProperties"))
        if inner.get("type") != "object":
            yield [name], inner.get("default") if name in known else None
            continue
        below = values.get(name, {})
        for key, default in _keys(inner, below):
            yield [name, *key], default if "properties" in inner and name in known else None


def _value(values: Mapping[str, Any], key: Sequence[str], default: Any) -> Any:
    found: Any = values
    for name in key:
        if name not in found:
            return default
        found = found[name]
    return found


def _origin(settings: Settings, key: Sequence[str]) -> str:
    for layer in settings.layers:
        if has_key(layer.values, key):
            return layer.label
    return str(settings.file) if has_key(settings.values, key) else DEFAULT
