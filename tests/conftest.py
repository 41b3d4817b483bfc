"""What every test shares: sources to compile, and the command as a user runs it."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fieldstone.schema import buf

SEED = os.environ.get("FIELDSTONE_SEED", "stone")
"""What random tests start from."""

Sources = str | Mapping[str, str]

VOCABULARY = Path(__file__).resolve().parent.parent / "schemas" / "fieldstone"
"""The module that holds the annotations."""

ANNOTATIONS = "fieldstone/v1/annotations.proto"
_IMPORT = f'import "{ANNOTATIONS}";'
_WORKSPACE = {"version": "v2", "modules": [{"path": "example"}, {"path": "vocabulary"}]}


def with_headers(sources: Sources) -> dict[str, str]:
    """An example's files, with the lines that it leaves out: syntax, package and import of the annotations."""
    files = {"acme/v1/example.proto": sources} if isinstance(sources, str) else dict(sources)
    return {path: _with_header(text) for path, text in files.items()}


def _with_header(text: str) -> str:
    syntax = re.match(r'\s*(syntax|edition) = "\w+";', text)
    head, body = (syntax[0], text[syntax.end() :]) if syntax else ('syntax = "proto3";', text)
    package = "" if re.search(r"(^|[;\s])package [\w.]+;", body) else " package acme.v1;"
    imports = f" {_IMPORT} " if "(fieldstone.v1." in body and _IMPORT not in body else ""
    return head + package + imports + body


@functools.cache
def _compile(files: tuple[tuple[str, str], ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder, "example")
        for path, text in files:
            target = module / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        if any(_IMPORT in text for _, text in files):
            Path(folder, "buf.yaml").write_text(json.dumps(_WORKSPACE))
            shutil.copytree(VOCABULARY, Path(folder, "vocabulary"))
        return buf.build("example", cwd=Path(folder)).output(what=f"{dict(files)} does not compile")


def compile_sources(sources: Sources) -> bytes:
    """The image of an example's sources, compiled by the real buf; empty sources give an empty image."""
    files = with_headers(sources)
    return _compile(tuple(sorted(files.items()))) if files else b""


def pytest_report_header() -> str:
    """The seed of the random tests."""
    return f"FIELDSTONE_SEED={SEED}"
