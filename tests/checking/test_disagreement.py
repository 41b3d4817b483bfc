"""A wrong rule is found, and both schemas are written for the bug report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fieldstone.checking.disagreement import find_disagreements
from fieldstone.checking.examples import compile_example
from fieldstone.checking.judgement import Side, judge_change
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import all_rules
from fieldstone.errors import FieldstoneError
from fieldstone.project.settings import Settings
from fieldstone.schema.descriptors import load_schema
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic

SETTINGS = Settings(Path()).module("acme")
NOISE = "".join(
    f"message Noise{i} {{ string id = 1; Noise{i} again = 2; map<string, Noise{i}> m = 3; }}\n" for i in range(20)
)
STEP = "message Step { string id = 1; Mode mode = 2; oneof o { string x = 4; } }"
SERVICE = 'syntax = "proto3"; package acme.v1; import "acme/v1/a.proto"; service S { rpc Get(Step) returns (Step); }'
BEFORE = {
    "acme/v1/a.proto": f"{NOISE} enum Mode {{ NONE = 0; FAST = 1; SLOW = 2; }} {STEP}",
    "acme/v1/b.proto": SERVICE,
}
AFTER = {
    path: text.replace("SLOW = 2", "SLOW = 3").replace("string id = 1; M", "bytes id = 1; M")
    for path, text in BEFORE.items()
}
SMALL = {"acme/v1/a.proto": "message Step { string id = 1; }"}, {"acme/v1/a.proto": "message Step { bytes id = 1; }"}


@pytest.fixture(autouse=True)
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "reports"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule that sees that an enum value has another number."""
    rules = {name: rule for name, rule in all_rules().items() if name != "enum-value-renumbered"}
    for module in ("judgement", "disagreement"):
        monkeypatch.setattr(f"fieldstone.checking.{module}.all_rules", lambda: rules)


def side(sources: dict[str, str], label: str) -> Side:
    image = compile_example(sources)
    return Side(lambda: image, lambda: load_schema(image, where=label), label)


def refusal(before: dict[str, str], after: dict[str, str]) -> str:
    with pytest.raises(FieldstoneError) as caught:
        judge_change(side(before, "1.0.0"), side(after, "now"), Ledger(), SETTINGS, same_sources=False)
    return str(caught.value)


@pytest.mark.usefixtures("blind")
def test_both_schemas_are_written(reports: Path) -> None:
    said = refusal(BEFORE, AFTER)
    assert "buf reports ENUM_VALUE_NO_DELETE in acme/v1/a.proto and fieldstone does not" in said
    found = re.search(r"\S*fieldstone-disagreement-\w+", said)
    assert found
    folder = Path(found[0])
    assert folder.parent == reports
    images = [(folder / f"{name}.binpb").read_bytes() for name in ("before", "after")]
    assert ("buf", "ENUM_VALUE_NO_DELETE") in {(d.finder, d.rule) for d in find_disagreements(*images)}
    assert "ENUM_VALUE_NO_DELETE" in (folder / "report.txt").read_text()


def test_what_buf_says_more_often_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = buf.Running.diagnostics

    def once_more(running: buf.Running, *, what: str) -> list[Diagnostic]:
        found = honest(running, what=what)
        return found + found[:1]

    monkeypatch.setattr(buf.Running, "diagnostics", once_more)
    assert "disagree" in refusal(*SMALL)


def test_engines_that_agree_leave_nothing_behind(reports: Path) -> None:
    judge_change(side(BEFORE, "1.0.0"), side(AFTER, "now"), Ledger(), SETTINGS, same_sources=False)
    assert not list(reports.iterdir())
