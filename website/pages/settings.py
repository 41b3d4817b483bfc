"""The page of settings, from their JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from fieldstone.project.settings_schema import SCHEMA
from website.pages.markdown import table

_INTRO = """# Settings

Settings are in `[tool.fieldstone]` of `pyproject.toml`, or in `fieldstone.toml` without that prefix, as shown here.
`fieldstone settings` prints those in force, with their origin. [The JSON Schema](fieldstone.schema.json) completes
and validates them in editors; `fieldstone settings --schema` prints it.

The keys of `modules.NAME` replace those of all modules for one. [Policy](../concepts/policy.md) explains how they
work together, [waivers](../how-to/waivers.md) how a single break is permitted.
"""


def page() -> str:
    """All keys in a list, then each with its meaning, values, default and an example."""
    keys = dict(_keys(SCHEMA))
    rows = ((f"[`{path}`](#{_anchor(path)})", _first(key), _default(key)) for path, key in keys.items())
    sections = (_section(path, key) for path, key in keys.items())
    return "\n".join([_INTRO, table(["key", "meaning", "default"], rows), "", *sections])


def _keys(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Dotted path to schema of every key; those that a module shares with all modules come once."""
    for name, key in part.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path, key
        yield from _keys(key, f"{path}.")
        others = key.get("additionalProperties")
        if isinstance(others, dict):
            shared = SCHEMA["properties"] if path == "modules" else {}
            own = {name: below for name, below in others.get("properties", {}).items() if name not in shared}
            yield from _keys({"properties": own}, f"{path}.NAME.")
            if path == "modules":
                yield "modules.NAME.generate", others["properties"]["generate"]
        yield from _keys(key.get("items", {}), f"{path}[].")


def _section(path: str, key: Mapping[str, Any]) -> str:
    parts = [f"## `{path}` {{#{_anchor(path)}}}", key.get("description", "")]
    choices = key.get("enum") or key.get("items", {}).get("enum")
    if choices:
        parts.append("One of " + ", ".join(f"`{choice}`" for choice in choices) + ".")
    if default := _default(key):
        parts.append(f"Default: {default}.")
    parts += (f"```toml\n{_toml(path, example)}```" for example in key.get("examples", ()))
    return "\n\n".join(filter(None, parts)) + "\n"


def _toml(path: str, example: Any) -> str:
    """The example as a settings file; NAME is the module telemetry."""
    nested = example
    for name in reversed(path.replace("NAME", "telemetry").split(".")):
        nested = {name: nested}
    return tomli_w.dumps(nested)


def _anchor(path: str) -> str:
    return path.lower().replace("[]", "").replace(".", "-")


def _first(key: Mapping[str, Any]) -> str:
    text: str = key.get("description", "")
    return text.partition(". ")[0].rstrip(".") + "."


def _default(key: Mapping[str, Any]) -> str:
    value = key.get("default")
    if isinstance(value, list):
        return ", ".join(f"`{item}`" for item in value)
    return "" if value in (None, "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"
