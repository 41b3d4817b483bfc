"""The pages of a Python index: HTML by PEP 503, JSON by PEP 691 and 700, with the metadata of PEP 714.

Links are relative, so that the pages can be served at any address.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from fieldstone.packaging.index.packages import Distribution, sha256

_META = {"api-version": "1.1"}
_HEAD = '<meta charset="utf-8"><meta name="pypi:repository-version" content="1.1">'


def root_html(projects: Iterable[str]) -> bytes:
    """The list of all projects, by normalised name."""
    return _page("Simple index", [f'<a href="{name}/">{name}</a>' for name in projects])


def root_json(projects: Iterable[str]) -> bytes:
    """The list of all projects, by normalised name."""
    return _json({"meta": _META, "projects": [{"name": name} for name in projects]})


def project_html(project: str, files: Sequence[Distribution]) -> bytes:
    """The files of one project, with their digests, supported Python versions, and the digests of their metadata."""
    return _page(f"Links for {project}", [_anchor(file) for file in files])


def project_json(project: str, files: Sequence[Distribution]) -> bytes:
    """The same as `project_html`, with versions and sizes."""
    versions = list(dict.fromkeys(str(file.version) for file in files))
    return _json({"meta": _META, "name": project, "versions": versions, "files": [_entry(file) for file in files]})


def _anchor(file: Distribution) -> str:
    attributes = {"href": f"{_address(file)}#sha256={sha256(file.content)}"}
    if file.requires_python:
        attributes["data-requires-python"] = file.requires_python
    if file.metadata is not None:
        attributes["data-core-metadata"] = f"sha256={sha256(file.metadata)}"
    text = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<a {text}>{escape(file.filename)}</a>"


def _entry(file: Distribution) -> dict[str, Any]:
    entry = {
        "filename": file.filename,
        "url": _address(file),
        "hashes": {"sha256": sha256(file.content)},
        "size": len(file.content),
    }
    if file.requires_python:
        entry["requires-python"] = file.requires_python
    if file.metadata is not None:
        entry["core-metadata"] = {"sha256": sha256(file.metadata)}
    return entry


def _address(file: Distribution) -> str:
    return f"../../{quote(file.path)}"


def _page(title: str, links: Iterable[str]) -> bytes:
    body = "".join(f"{link}<br>\n" for link in links)
    return f"<!DOCTYPE html>\n<html><head>{_HEAD}<title>{title}</title></head><body>\n{body}</body></html>\n".encode()


def _json(document: dict[str, Any]) -> bytes:
    return f"{json.dumps(document, indent=1)}\n".encode()
