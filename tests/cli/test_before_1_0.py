"""A module whose newest release is 0.x may break: the breaks are notes that say why they pass."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from tests.cli.workspace import SHOP, Repo

BREAK = ("string id = 1;", "int32 id = 1;")
PASSES = 'passes before 1.0.0 (breaking-before-1-0 = "minor")'


@pytest.fixture
def early(fresh: Repo) -> Repo:
    """shop 0.1.0, and a break of it in the tree."""
    fresh.release("money")
    fresh.release("shop", "--version", "0.1.0")
    fresh.commit("release")
    fresh.edit(SHOP, *BREAK)
    return fresh


@pytest.mark.parametrize(
    "args", [(), ("--full",), ("--no-second-opinion",), ("--no-style",), ("--against", "0.1.0"), ("--against", "HEAD")]
)
def test_a_break_passes_as_a_note(early: Repo, args: tuple[str, ...]) -> None:
    ran = early.run("check", "shop", *args)
    assert ran.code == 0
    assert ran.out.startswith("note[field-type-changed]")
    assert f"   = note:    {PASSES}\n" in ran.out
    assert "error" not in ran.out
    assert "= fix:" not in ran.out
    assert "1 breaking, allowed before 1.0.0. Allowed as 0.2.0." in ran.err


def test_every_format_says_so(early: Repo) -> None:
    said = {
        format_: early.run("check", "shop", "--format", format_).out
        for format_ in ("concise", "github", "json", "sarif", "junit")
    }
    assert said["concise"].endswith(f"; {PASSES}\n")
    assert said["github"].startswith("::notice ")
    assert PASSES in said["github"]
    report = json.loads(said["json"])
    (found,) = report["modules"][0]["findings"]
    assert (report["allowed"], found["level"], found["fix"]) == (True, "note", PASSES)
    assert (report["modules"][0]["bump"], report["modules"][0]["version"]) == ("major", "0.2.0")
    (result,) = json.loads(said["sarif"])["runs"][0]["results"]
    assert result["level"] == "note"
    assert PASSES in result["message"]["text"]
    suite = ET.fromstring(said["junit"])[0]  # noqa: S314  # our own output
    assert suite.get("failures") == "0"
    assert PASSES in "".join(suite.itertext())


def test_a_release_says_so_and_raises_the_minor(early: Repo) -> None:
    ran = early.release("shop")
    assert ran.out.startswith("note[field-type-changed]")
    assert PASSES in ran.out
    assert "Released shop 0.2.0 (major)" in ran.out
    early.edit(SHOP, "int32 id = 1;", "bool id = 1;")
    early.release("shop", "--version", "1.0.0")
    early.edit(SHOP, "bool id = 1;", "string id = 1;")
    ran = early.run("check", "shop")
    assert ran.code == 1
    assert "error[field-type-changed]" in ran.out
    assert PASSES not in ran.out


def test_what_breaks_nothing_still_refuses(early: Repo) -> None:
    early.edit(SHOP, "acme.money.v1.Money total = 2;", "acme.money.v1.Money Total = 2;")
    for command in ("check", "release"):
        ran = early.run(command, "shop")
        assert ran.code == 1
        assert "error[FIELD_LOWER_SNAKE_CASE]" in ran.out
        assert "note[field-type-changed]" in ran.out
        assert "breaking, allowed before 1.0.0, 1 error. Refused until the error is fixed." in ran.err


def test_a_module_that_leaves_passes_too(early: Repo) -> None:
    early.edit("buf.yaml", "  - path: schemas/shop\n", "")
    ran = early.run("check")
    assert ran.code == 0
    assert "note[message-removed]" in ran.out
    assert "error" not in ran.out
    assert ran.out.count(PASSES) == ran.out.count("note[")


def test_warnings_that_refuse_pass_too_and_those_that_do_not_stay(early: Repo) -> None:
    rules = '[rules]\nfield-type-changed = "warning"\n'
    early.settings(rules)
    assert "warning[field-type-changed]" in early.run("check", "shop").out
    early.settings(f'fail-on = "warning"\n{rules}')
    ran = early.run("check", "shop")
    assert ran.code == 0
    assert "note[field-type-changed]" in ran.out


def test_the_setting_refuses_breaks_from_the_start(early: Repo) -> None:
    early.settings('breaking-before-1-0 = "refuse"\n')
    ran = early.run("check", "shop")
    assert ran.code == 1
    assert "error[field-type-changed]" in ran.out
    assert "Refused: 1 breaking change since 0.1.0; it needs 1.0.0" in ran.err
