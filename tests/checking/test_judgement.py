"""What no small workspace shows: engines that disagree, rules that buf has, modules that leave."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from fieldstone.checking import judgement
from fieldstone.checking.examples import compile_example
from fieldstone.checking.judgement import Side, judge_change
from fieldstone.compatibility.changes import describe
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import all_rules
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.project.settings import Settings
from fieldstone.schema.descriptors import load_schema
from fieldstone.toolchain import buf
from fieldstone.workflows.check import check

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = Settings(Path()).module("acme")


def side(sources: str, label: str) -> Side:
    image = compile_example(sources)
    return Side(lambda: image, lambda: load_schema(image, where=label), label)


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


def waiver(rule: str, subject: str) -> Waiver:
    return Waiver(rule=rule, subject=subject, reason="r", owner="o", until="2999-12-31")


def test_fieldstone_has_a_rule_for_all_that_buf_finds() -> None:
    """Of a newer buf's rules this says which lack one; until then they change no verdict."""
    known = {identifier for rule in all_rules().values() for identifier in rule.buf}
    listed = buf.Running(["config", "ls-breaking-rules", "--format", "json"], cwd=ROOT).output(what="the list of rules")
    strictest = {line["id"] for line in map(json.loads, listed.splitlines()) if "FILE" in line["categories"]}
    assert strictest == known


def test_a_module_that_leaves_buf_yaml_is_judged_as_removed(tmp_path: Path) -> None:
    for name in ("schemas", "registry"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "buf.yaml").write_text("version: v2\nmodules:\n  - path: schemas/fieldstone\n")
    report = check(Project.at(tmp_path), start=tmp_path).report
    removed = next(module for module in report.modules if module.module == "telemetry")
    assert (removed.allowed, report.allowed) == (False, False)
    assert {finding.location.path for finding in removed.findings} == {"buf.yaml"}
    gone = {"message-removed", "enum-removed", "service-removed", "package-removed", "file-removed"}
    assert gone == {finding.rule for finding in removed.findings}


OPTIONS = """
import "google/protobuf/descriptor.proto";
message Range { int32 min = 1; repeated string notes = 2; }
enum Unit { UNIT_NONE = 0; UNIT_MS = 1; UNIT_S = 2; }
extend google.protobuf.FileOptions { string team = 50001; }
extend google.protobuf.MessageOptions { repeated Range ranges = 50001; }
extend google.protobuf.FieldOptions { Unit unit = 50001; bytes mark = 50002; }
extend google.protobuf.OneofOptions { bool open = 50001; }
extend google.protobuf.EnumOptions { double weight = 50001; }
extend google.protobuf.EnumValueOptions { repeated Unit units = 50001; }
extend google.protobuf.ServiceOptions { string host = 50001; }
extend google.protobuf.MethodOptions { Limits limits = 50001; }
message Limits { map<string, Range> of = 1; }
"""
_USED = """
option (team) = "%(team)s";
message Step { option (ranges) = { min: %(min)s notes: ["a"] }; int64 took = 1 [(unit) = %(unit)s, (mark) = "\\377"];
  oneof kind { option (open) = %(open)s; int32 a = 2; } }
enum End { option (weight) = %(weight)s; END_NONE = 0 [(units) = UNIT_MS, (units) = %(unit)s]; }
service Steps { option (host) = "%(team)s";
  rpc Get(Step) returns (Step) { option (limits) = { of { key: "k" value { min: %(min)s } } }; } }
"""
OLD = OPTIONS + _USED % {"team": "a", "min": 1, "unit": "UNIT_MS", "open": "true", "weight": "0.5"}
NEW = OPTIONS + _USED % {"team": "b", "min": 2, "unit": "UNIT_S", "open": "false", "weight": "inf"}
ALL = ["team", "ranges", "unit", "mark", "open", "weight", "units", "host", "limits"]


def test_the_custom_options_that_a_module_watches_are_judged_wherever_they_stand() -> None:
    watching = Settings(Path(), None, {"options": [f"acme.v1.{name}" for name in ALL]}).module("acme")
    old, new = side(OLD, "1.0.0"), side(NEW, "the working tree")
    found = judge_change(old, new, Ledger(), watching, same_sources=False).findings
    assert {finding.message for finding in found} == {
        'option `acme.v1.team` of `acme/v1/example.proto` went from `"a"` to `"b"`',
        'option `acme.v1.ranges` of `Step` went from `[min: 1 notes: "a"]` to `[min: 2 notes: "a"]`',
        "option `acme.v1.unit` of `took` went from `UNIT_MS` to `UNIT_S`",
        "option `acme.v1.open` of `kind` went from `true` to `false`",
        "option `acme.v1.weight` of `End` went from `0.5` to `inf`",
        "option `acme.v1.units` of `END_NONE` went from `[UNIT_MS, UNIT_MS]` to `[UNIT_MS, UNIT_S]`",
        'option `acme.v1.host` of `Steps` went from `"a"` to `"b"`',
        (
            "option `acme.v1.limits` of `Get` went from "
            '`of { key: "k" value { min: 1 } }` to `of { key: "k" value { min: 2 } }`'
        ),
    }
    assert judge_change(old, new, Ledger(), SETTINGS, same_sources=False).findings == ()


def test_a_changed_option_is_told_among_the_changes() -> None:
    told = [change.text for change in describe(side(OLD, "1.0.0").schema, side(NEW, "1.1.0").schema)]
    assert "option `acme.v1.unit` of field `took` of `acme.v1.Step` went from `UNIT_MS` to `UNIT_S`" in told
