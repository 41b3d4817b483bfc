"""What no small workspace shows: engines that disagree, ids that only buf knows, modules that leave."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import all_rules
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import FieldstoneError
from fieldstone.schema.descriptors import read_schema
from fieldstone.settings import Settings
from fieldstone.workflows import judgement
from fieldstone.workflows.check import check
from fieldstone.workflows.judgement import Side, judge_change
from fieldstone.workflows.project import Project
from tests.conftest import compile_sources

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = Settings(Path()).module("acme")


def side(sources: str, label: str) -> Side:
    image = compile_sources(sources)
    return Side(image, read_schema(image, where=label), label)


def test_a_break_that_only_buf_sees_is_an_error_of_fieldstone(monkeypatch: pytest.MonkeyPatch) -> None:
    blind = {name: rule for name, rule in all_rules().items() if name != "field-json-name-changed"}
    monkeypatch.setattr(judgement, "all_rules", lambda: blind)
    old = side("message Step { string id = 1; }", "1.0.0")
    new = side('message Step { string id = 1 [json_name = "key"]; }', "the working tree")
    with pytest.raises(
        FieldstoneError, match=r"buf reports FIELD_SAME_JSON_NAME .* and fieldstone does not.*report it"
    ):
        judge_change(old, new, Ledger(), SETTINGS, same_sources=False)


def test_no_waiver_permits_that_the_engines_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    blind = {name: rule for name, rule in all_rules().items() if name != "field-json-name-changed"}
    monkeypatch.setattr(judgement, "all_rules", lambda: blind)
    old = side("message Step { string id = 1; }", "1.0.0")
    new = side('message Step { string id = 1 [json_name = "key"]; }', "the working tree")
    settings = replace(SETTINGS, waivers=(waiver("FIELD_SAME_JSON_NAME", "acme/v1/example.proto"),))
    with pytest.raises(FieldstoneError, match="disagree"):
        judge_change(old, new, Ledger(), settings, same_sources=False)


def test_what_only_buf_knows_can_be_waived() -> None:
    old = side("message Step { string id = 1; }", "1.0.0")
    new = side("message Step { option no_standard_descriptor_accessor = true; string id = 1; }", "the working tree")
    permitted = waiver("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", "acme/v1/example.proto")
    settings = replace(SETTINGS, waivers=(permitted,))
    (found,) = judge_change(old, new, Ledger(), settings, same_sources=False).findings
    assert found.waiver == permitted


def waiver(rule: str, subject: str) -> Waiver:
    return Waiver(rule=rule, subject=subject, reason="r", owner="o", until="2999-12-31")


def test_what_only_buf_knows_counts_on_its_word() -> None:
    old = side("message Step { string id = 1; }", "1.0.0")
    new = side("message Step { option no_standard_descriptor_accessor = true; string id = 1; }", "the working tree")
    found = judge_change(old, new, Ledger(), SETTINGS, same_sources=False).findings
    assert [finding.rule for finding in found] == ["MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR"]
    assert found[0].breaks == ("source",)


def test_a_module_that_leaves_buf_yaml_is_judged_as_removed(tmp_path: Path) -> None:
    for name in ("schemas", "registry"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "buf.yaml").write_text("version: v2\nmodules:\n  - path: schemas/fieldstone\n")
    report = check(Project.at(tmp_path), start=tmp_path)
    removed = report.modules[-1]
    assert (removed.module, removed.allowed, report.allowed) == ("telemetry", False, False)
    assert {finding.place.path for finding in removed.findings} == {"buf.yaml"}
    assert {"message-removed", "enum-removed", "package-removed", "file-removed"} == {f.rule for f in removed.findings}
