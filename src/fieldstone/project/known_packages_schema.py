"""The setting `package.known`: which packages have the code of third-party files, with its validation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldstone.errors import Invalid

_LANGUAGES = ("python", "npm", "go", "maven")


def _text(pattern: str, description: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "description": description}


KNOWN_PACKAGES: dict[str, Any] = {
    "type": "object",
    "examples": [{"acme/common/": {"python": "acme-protos>=1.2,<2", "npm": "@acme/protos@^1.2.0"}}],
    "description": "Folder of third-party files -> the packages that have their code, which client packages then "
    "require instead of bundling it. Extends the table that Fieldstone brings.",
    "propertyNames": {
        "pattern": r"^([A-Za-z0-9_][A-Za-z0-9_.-]*/)+$",
        "title": "a folder of import paths",
        "description": "it is a beginning of import paths that ends with a slash: acme/common/",
    },
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "python": _text(
                r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]+\])? *([<>=!~][<>=!~A-Za-z0-9.*+, -]*)?$",
                "The requirement of the Python distribution: `acme-protos>=1.2,<2`.",
            ),
            "python-import": _text(
                r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$",
                "The Python package that the modules of the folder are in: `acme_protos.acme.common`. By default the "
                "folder's path.",
            ),
            "npm": _text(
                r"^(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*@[^\s@\"]+$",
                "The npm package and its range: `@acme/protos@^1.2.0`.",
            ),
            "npm-import": _text(
                r"^[^\s\"'\\:,]+$",
                "The specifier of the folder: `@acme/protos/gen/acme/common`. By default its path in the package.",
            ),
            "go": _text(
                r"^[^\s@\"]+@v[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.+-]*$",
                "The Go module and its oldest version: `example.com/protos@v1.2.0`.",
            ),
            "go-import": _text(
                r"^[A-Za-z0-9._~/-]+(;[A-Za-z_][A-Za-z0-9_]*)?$",
                "The Go package of the folder: `example.com/protos/acme/common`. By default the files' `go_package`.",
            ),
            "maven": _text(
                r"^[\w.-]+:[\w.-]+:[\w.-]+$",
                "GroupId, artifactId and version of the Java artifact: `com.acme:protos:1.2.0`.",
            ),
        },
    },
}
"""Its keys and their types, as JSON Schema."""


def check_known_packages(known: Mapping[str, Mapping[str, str]], file: Path | str) -> None:
    """Refuse entries that name no package, or the place of an import without its package.

    Raises:
        FieldstoneError: there is such an entry.
    """
    for folder, entry in known.items():
        key = f'package.known."{folder}"'
        if not any(language in entry for language in _LANGUAGES):
            raise Invalid(f"{key} in {file} names no package", fix=f"set one of {', '.join(_LANGUAGES)}")
        for language in _LANGUAGES:
            if f"{language}-import" in entry and language not in entry:
                raise Invalid(f"{key} in {file} has {language}-import without {language}", fix=f"set {language} there")
