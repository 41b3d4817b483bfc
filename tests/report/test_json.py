from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fieldstone.compatibility.finding import Level, ModuleReport, Surface
from fieldstone.report import render
from fieldstone.report.json import schema
from tests.report.reports import REPORTS, read

SCHEMA: dict[str, Any] = json.loads(schema())


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(REPORTS[name], "json", read=read))
    return document


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", REPORTS)
def test_every_document_fits_the_schema(name: str) -> None:
    Draft202012Validator(SCHEMA).validate(_document(name))


def _parts(document: dict[str, Any]) -> list[dict[str, Any]]:
    module = next(module for module in document["modules"] if module["findings"])
    return [document, module, module["findings"][0], module["findings"][0]["place"]]


@pytest.mark.parametrize("part", range(4))
def test_the_schema_refuses_a_key_too_many_or_too_few(part: int) -> None:
    validator = Draft202012Validator(SCHEMA)
    document = _document("mixed")
    _parts(document)[part]["surprise"] = 1
    assert not validator.is_valid(document)
    del _parts(document)[part]["surprise"]
    assert validator.is_valid(document)
    _parts(document)[part].popitem()
    assert not validator.is_valid(document)


def test_the_schema_knows_the_words_of_the_model() -> None:
    finding, module = SCHEMA["$defs"]["finding"], SCHEMA["$defs"]["module"]
    assert finding["properties"]["level"]["enum"] == [level for level in Level if level is not Level.OFF]
    assert finding["properties"]["breaks"]["items"]["enum"] == list(Surface)
    assert set(module["properties"]) == {*ModuleReport.__struct_fields__, "judged"}


def test_every_key_is_described() -> None:
    parts = [SCHEMA, *SCHEMA["$defs"].values()]
    keys = [key for part in parts for key in part["properties"].values()]
    assert all(part["description"] for part in (*parts, *keys))
