"""The examples of the rules, compiled and judged: for `fieldstone explain` and the tests."""

from __future__ import annotations

import json
import re
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, Example, Rule, Sources
from fieldstone.compatibility.witness import Version, prove
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf
from fieldstone.workspace.vocabulary import VOCABULARY, vocabulary_text

if TYPE_CHECKING:
    from fieldstone.compatibility.finding import Finding

_IMPORT = f'import "{VOCABULARY}";'
_WORKSPACE = {"version": "v2", "modules": [{"path": "example"}, {"path": "vocabulary"}]}


def with_headers(sources: Sources) -> dict[str, str]:
    """An example's files by path, completed with syntax, package and the import of the annotations."""
    files = {"acme/v1/example.proto": sources} if isinstance(sources, str) else dict(sources)
    return {path: _with_header(text) for path, text in files.items()}


def compile_example(sources: Sources) -> bytes:
    """The image of one side of an example, by the real buf; no files give an empty image.

    Raises:
        FieldstoneError: buf is not there, or the sources do not compile.
    """
    files = with_headers(sources)
    return _compile(tuple(sorted(files.items()))) if files else b""


def proven(rule: Rule, example: Example) -> list[Finding]:
    """The findings of a rule in an example, with witnesses whose versions are called `before` and `after`.

    Raises:
        FieldstoneError: buf is not there, or the example does not compile.
    """
    labels = [*(f"release {i}" for i, _ in enumerate(example.history, 1)), "before"]
    ledger, released = Ledger(), dict[str, Version]()
    for label, sources in zip(labels, (*example.history, example.before), strict=True):
        released[label] = _version(label, sources)
        ledger = ledger.advance(released[label].schema, label)
    old, new = released["before"], _version("after", example.after)
    today = datetime.now(UTC).date()
    context = Context(old.schema, new.schema, ledger, today, watched=example.options, sunsets=example.sunsets)
    findings = judge(context, [rule])
    return [prove(finding, old, new, ledger=ledger, earlier=released.get) for finding in findings]


def _version(label: str, sources: Sources) -> Version:
    image = compile_example(sources)
    return Version(label, image, load_schema(image, where=label) if image else Schema())


def _with_header(text: str) -> str:
    syntax = re.match(r'\s*(syntax|edition) = "\w+";', text)
    head, body = (syntax[0], text[syntax.end() :]) if syntax else ('syntax = "proto3";', text)
    package = "" if re.search(r"(^|[;\s])package [\w.]+;", body) else " package acme.v1;"
    imports = f" {_IMPORT} " if "(fieldstone.v1." in body and _IMPORT not in body else ""
    return head + package + imports + body


@cache
def _compile(files: tuple[tuple[str, str], ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        sources = {Path("example", path): text for path, text in files}
        if any(_IMPORT in text for text in sources.values()):
            sources |= {Path("buf.yaml"): json.dumps(_WORKSPACE), Path("vocabulary", VOCABULARY): vocabulary_text()}
        for path, text in sources.items():
            Path(folder, path.parent).mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text, "utf-8")
        return buf.build("example", cwd=Path(folder)).output(what=f"{dict(files)} does not compile")
