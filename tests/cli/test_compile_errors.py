"""Sources that do not compile: every error is a finding of every format, and the other modules are judged."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.cli.workspace import MONEY, SHOP, Ran, Repo, many, waiver

BROKEN = ("string id = 1;", "strin id = 1;")
SECOND = "schemas/shop/acme/shop/v1/second.proto"
TWO_ERRORS = 'syntax = "proto3";\n\npackage acme.shop.v1;\n\nmessage Second {\n  string = 1;\n  string x 2;\n}\n'
OWNER = ("--owner", "ada@example.com")
UNJUDGED = "could not be judged: it does not compile"


def break_shop(repo: Repo) -> None:
    """Three errors in two files of shop."""
    repo.edit(SHOP, *BROKEN)
    repo.write(SECOND, TWO_ERRORS)


def break_money(repo: Repo) -> None:
    repo.edit(MONEY, "int64 units = 2;", "int64 units = 1;")


def places(ran: Ran) -> list[str]:
    """Where the errors of the compiler are that a check in text tells."""
    return re.findall(r"^error\[compile-error\].*\n +--> (.+)$", ran.out, re.MULTILINE)


def modules(ran: Ran) -> dict[str, dict[str, Any]]:
    """The modules of a report in JSON, by name."""
    return {module["module"]: module for module in json.loads(ran.out)["modules"]}


def test_every_error_is_shown_with_its_line(grown: Repo) -> None:
    break_shop(grown)
    ran = grown.run("check")
    assert ran.code == 2
    assert places(ran) == [f"{SECOND}:6:3", f"{SECOND}:7:12", f"{SHOP}:9:3"]
    assert "error[compile-error]: cannot find `strin` in this scope" in ran.out
    assert " 9 |   strin id = 1;\n   |   ^^^^^\n" in ran.out
    assert "fieldstone explain compile-error" in ran.out
    assert f"shop: {UNJUDGED}; 3 errors.\n" in ran.err


@pytest.mark.parametrize("how", [(), ("--full",), ("--no-cache",), ("--against", "1.0.0"), ("--since", "HEAD")])
def test_the_other_modules_are_judged_in_the_same_run(grown: Repo, how: tuple[str, ...]) -> None:
    break_shop(grown)
    grown.edit(MONEY, "int64 units = 2;", "int32 units = 2;")
    ran = grown.run("check", *how)
    assert ran.code == 2
    assert len(places(ran)) == 3
    assert "error[field-type-changed]" in ran.out
    assert f"shop: {UNJUDGED}" in ran.err
    assert "money: 1 type changed. Refused: 1 breaking change since 1.0.0" in ran.err


def test_json_marks_what_could_not_be_judged(grown: Repo) -> None:
    break_shop(grown)
    ran = grown.run("check", "--format", "json")
    assert ran.code == 2
    found = modules(ran)
    assert (found["money"]["judged"], found["money"]["unjudged_because"]) == (True, "")
    shop = found["shop"]
    assert (shop["judged"], shop["allowed"]) == (False, False)
    assert shop["unjudged_because"] == "it does not compile"
    assert {finding["rule"] for finding in shop["findings"]} == {"compile-error"}
    place = {"path": SHOP, "line": 9, "column": 3, "end_line": 9, "end_column": 8}
    assert shop["findings"][-1]["place"] == place


def test_sarif(grown: Repo) -> None:
    break_shop(grown)
    ran = grown.run("check", "--format", "sarif")
    assert ran.code == 2
    (run,) = json.loads(ran.out)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["compile-error"] * 3
    assert run["tool"]["driver"]["rules"][0]["fullDescription"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"] == f"shop {UNJUDGED}"


def test_github_and_junit(grown: Repo) -> None:
    break_money(grown)
    ran = grown.run("check", "--format", "github")
    assert ran.code == 2
    annotation, unjudged = ran.out.splitlines()
    assert annotation.startswith(f"::error file={MONEY},line=9,endLine=9,col=17,endColumn=18,title=compile-error::")
    assert unjudged.startswith("::error title=compile-error::shop could not be judged: it imports ")
    ran = grown.run("check", "--format", "junit")
    assert ran.code == 2
    suites = {suite.get("name"): suite for suite in ET.fromstring(ran.out)}  # noqa: S314 - of our own
    assert [suites[name].get("errors") for name in ("money", "shop")] == ["1", "1"]
    assert suites["money"].find("testcase/failure[@type='compile-error']") is not None
    assert suites["shop"].find("testcase/error") is not None


def test_an_imported_error_is_told_once(grown: Repo) -> None:
    break_money(grown)
    ran = grown.run("check")
    assert places(ran) == [f"{MONEY}:9:17"]
    assert f"money: {UNJUDGED}; 1 error." in ran.err
    assert f"shop: could not be judged: it imports {MONEY}, which does not compile." in ran.err


def test_an_imported_error_is_told_by_a_check_of_the_importer_alone(grown: Repo) -> None:
    break_money(grown)
    ran = grown.run("check", "shop")
    assert ran.code == 2
    assert places(ran) == [f"{MONEY}:9:17"]
    assert "it imports" in ran.err


def test_errors_of_both_modules(grown: Repo) -> None:
    break_money(grown)
    break_shop(grown)
    found = modules(grown.run("check", "--format", "json"))
    told = {name: {finding["place"]["path"] for finding in found[name]["findings"]} for name in found}
    assert told == {"money": {MONEY}, "shop": {SHOP, SECOND}}


def test_paths_lead_from_the_working_directory(grown: Repo) -> None:
    grown.edit(SHOP, *BROKEN)
    assert places(grown.run("check", cwd="schemas/shop")) == ["acme/shop/v1/shop.proto:9:3"]


def test_an_import_that_is_not_there(grown: Repo) -> None:
    grown.edit(SHOP, "money/v1/money.proto", "money/v1/mony.proto")
    for command in (("check", "shop"), ("release", "shop")):
        ran = grown.run(*command)
        assert ran.code == 2
        assert f"{SHOP}:5:1" in places(ran)
        assert "imported file does not exist" in ran.out


@pytest.mark.parametrize("line", [b"// \xff\n", b'option java_package = "\xff";\n', b"message \xff\xfe {}\n"])
def test_a_byte_that_is_no_text(grown: Repo, line: bytes) -> None:
    grown.write(SHOP, grown.read(SHOP).encode() + line)
    for command in (("check",), ("release", "shop")):
        ran = grown.run(*command)
        assert ran.code == 2
        assert places(ran)[0].startswith(f"{SHOP}:21:")
        assert "invalid byte" in ran.out


def test_where_only_a_part_is_compiled(large: Repo) -> None:
    large.run("check")
    large.edit(many(9), "string id = 1;", "strin id = 1;")
    ran = large.run("check")
    assert (ran.code, places(ran)) == (2, [f"{many(9)}:6:3"])
    large.edit(many(9), "strin id = 1;", "string id = 1;")
    assert large.run("check").code == 0


def test_a_deleted_file_that_others_import(large: Repo) -> None:
    large.run("check")
    (large.root / many(1)).unlink()
    ran = large.run("check")
    assert ran.code == 2
    assert {place.rpartition(":")[0] for place in places(ran)} >= {f"{many(number)}:5" for number in range(2, 7)}
    full = large.run("check", "--full")
    assert (full.code, full.out) == (2, ran.out)


def test_an_unused_import_is_no_error(grown: Repo) -> None:
    grown.edit(SHOP, 'import "acme', 'import "google/protobuf/empty.proto";\nimport "acme')
    ran = grown.run("check")
    assert ran.code == 1
    assert "error[IMPORT_USED]" in ran.out
    assert "compile-error" not in ran.out


def test_it_can_be_neither_switched_off_nor_waived_nor_accepted(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "strin id = 1;  // fieldstone:allow compile-error because")
    ran = grown.run("check", "--no-style", "--no-second-opinion", "--since", "HEAD", "--accept", "policy-weakened")
    assert (ran.code, places(ran)) == (2, [f"{SHOP}:9:3"])
    assert grown.run("check", "--accept", "compile-error").code == 2
    grown.settings('[rules]\ncompile-error = "off"\n')
    assert "compile-error" in grown.run("check").error
    grown.settings(waiver("compile-error", SHOP))
    assert "is compile-error, and that cannot be waived; see `fieldstone explain compile-error`" in (
        grown.run("check").error
    )


def test_fail_on_and_surfaces_do_not_let_it_pass(grown: Repo) -> None:
    grown.edit(SHOP, *BROKEN)
    grown.settings('surfaces = []\nfail-on = "error"\n')
    assert grown.run("check").code == 2


def test_a_waiver_of_what_could_not_be_judged_is_not_called_unused(grown: Repo) -> None:
    own, every = (waiver("field-removed", name, module=module) for name, module in (("a.A.x", "shop"), ("a.A.y", "")))
    grown.settings(own + every.replace('module = ""\n', ""))
    assert grown.run("check").out.count("waiver-unused") == 4  # with `explain`
    grown.edit(SHOP, *BROKEN)
    assert "waiver-unused" not in grown.run("check").out


def test_waive_says_that_the_module_could_not_be_judged(grown: Repo) -> None:
    grown.edit(SHOP, *BROKEN)
    ran = grown.run("waive", "field-removed", "acme.shop.v1.Order.x", "--reason", "r", "--until", "2999-01-01", *OWNER)
    assert f"to waive: shop {UNJUDGED}; `fieldstone check` shows where" in ran.error


def test_explain(grown: Repo) -> None:
    assert "does not compile" in grown.run("explain", "compile-error").out


@pytest.mark.parametrize("command", [("check", "--against", "HEAD"), ("diff", "shop", "HEAD")])
def test_what_it_is_judged_against_does_not_compile(grown: Repo, command: tuple[str, ...]) -> None:
    good = grown.read(SHOP)
    break_shop(grown)
    grown.commit("broken")
    (grown.root / SECOND).unlink()
    grown.write(SHOP, good)
    ran = grown.run(*command)
    assert (ran.code, ran.out) == (2, "")
    first, *others = ran.err.splitlines()
    assert first == "error: schemas/shop at HEAD does not compile: 3 errors"
    assert [line.split(": ")[0] for line in others] == [f"{SECOND}:6:3", f"{SECOND}:7:12", f"{SHOP}:9:3"]


def test_neither_side_compiles(grown: Repo) -> None:
    break_money(grown)
    grown.commit("broken")
    ran = grown.run("check", "money", "--against", "HEAD")
    assert (ran.code, places(ran)) == (2, [f"{MONEY}:9:17"])


def test_nothing_is_released(grown: Repo) -> None:
    break_shop(grown)
    before = grown.snapshot()
    for command in (("release", "shop"), ("release", "shop", "--dry-run"), ("release", "shop", "--version", "9.0.0")):
        ran = grown.run(*command)
        assert (ran.code, len(places(ran))) == (2, 3)
        assert ran.err == f"shop: {UNJUDGED}; 3 errors.\n"
    assert grown.snapshot() == before


def test_no_first_release(fresh: Repo) -> None:
    fresh.edit(SHOP, *BROKEN)
    ran = fresh.run("init", "--release", "--no-hooks")
    assert (ran.code, places(ran)) == (2, [f"{SHOP}:9:3"])
    assert "released money 1.0.0" in ran.out
    assert f"shop: {UNJUDGED}" in ran.err


def test_diff_and_generate_name_every_place(grown: Repo) -> None:
    break_money(grown)
    break_shop(grown)
    ran = grown.run("diff", "shop", "1.0.0")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: schemas/shop does not compile: 4 errors\n")
    ran = grown.run("generate")
    first, *others = ran.err.splitlines()
    assert ran.code == 2
    assert first == "error: schemas/money and schemas/shop do not compile: 4 errors"
    assert [line.split(": ")[0] for line in others] == [
        f"{MONEY}:9:17",
        f"{SECOND}:6:3",
        f"{SECOND}:7:12",
        f"{SHOP}:9:3",
    ]


def test_a_value_of_the_source_cannot_be_a_command_to_a_runner(grown: Repo) -> None:
    grown.edit(SHOP, 'import "acme/money', 'import "##[set-env]\\n::error::x";\nimport "acme/money')
    for format_ in ("text", "concise", "github", "json", "junit", "sarif"):
        ran = grown.run("check", "shop", "--format", format_)
        assert ran.code == 2
        assert "##[" not in ran.out + ran.err
        assert not any(line.startswith("::error::x") for line in ran.out.splitlines())
