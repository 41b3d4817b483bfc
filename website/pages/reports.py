"""The page of the JSON report, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fieldstone.report
from website.pages.markdown import capital, table

_INTRO = """# JSON reports

`fieldstone check --format json` prints one JSON object, whatever was found. [Its JSON Schema](report.schema.json)
is what this page is made from, and what the tests hold the reports to. The key `version` is the version of the
layout: keys may be added without a new one.

Other formats: `text`, `concise`, `grouped`, `github`, `markdown`, `junit`, `sarif` and `statistics`
([reports of big changes](../how-to/reports.md)).
"""


def schema() -> Mapping[str, Any]:
    """The JSON Schema of the report."""
    text = (Path(fieldstone.report.__file__).parent / "report.schema.json").read_text("utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def page() -> str:
    """The report, and each kind of object in it."""
    whole = schema()
    parts = [_INTRO, _object("The report", whole)]
    parts += (_object(capital(name.replace("_", " ")), part, name) for name, part in whole["$defs"].items())
    return "\n".join(parts)


def _object(title: str, part: Mapping[str, Any], anchor: str = "report") -> str:
    rows = table(["key", "type", "meaning"], _rows(part))
    return f"## {title} {{#{anchor}}}\n\n{part.get('description', '')}\n\n{rows}\n"


def _rows(part: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    needed = part.get("required", ())
    for name, key in part.get("properties", {}).items():
        optional = "" if name in needed else " May be absent."
        yield f"`{name}`", _type(key), f"{key.get('description', '')}{optional}"


def _type(key: Mapping[str, Any]) -> str:
    if "$ref" in key:
        name = key["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in key:
        return " or ".join(map(_type, key["anyOf"]))
    if "enum" in key:
        return ", ".join(f"`{value}`" for value in key["enum"])
    if "const" in key:
        return f"`{key['const']}`"
    if key.get("type") == "array":
        return f"list of {_type(key.get('items', {}))}"
    return str(key.get("type", "any"))
