"""`fieldstone check`: what passes, what is refused, and what it is judged against."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from tests.cli.workspace import HERE, MONEY, SHOP, Repo, release_on, waiver

BREAK = ("string id = 1;", "int32 id = 1;")
ADDITION = ("string id = 1;", "string id = 1;\n  string buyer = 9;")
COMMENT = ("What somebody ordered", "What someone ordered")
RENAMING = ("string id = 1;", "string ident = 1;")
REFUSED = "shop: 1 type changed. Refused: 1 breaking change since 1.2.0"


def test_nothing_changed(grown: Repo) -> None:
    ran = grown.run("check")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "money: unchanged since 1.0.0.\nshop: unchanged since 1.2.0.\n"


def test_a_break_is_shown_in_a_frame_with_what_was_released_and_what_to_do(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert ran.out == (
        "error[field-type-changed]: `id` of `acme.shop.v1.Order` went from string to int32\n"
        f"  --> {SHOP}:9:3\n"
        "   |\n"
        " 9 |   int32 id = 1;\n"
        "   |   ^^^^^^^^^^^^^ was `string id = 1;` at 1.2.0\n"
        "  ::: registry/shop/1.2.0/schemas/acme/shop/v1/shop.proto:9 at 1.2.0\n"
        "   = breaks:  wire and json (reading old data, being read by old code), "
        "source (compiling against it), storage -> major\n"
        '   = witness: 1.2.0 writes id="a" as 0a 0161; this schema reads id=0, 1 byte unknown\n'
        '   = witness: 1.2.0 writes id="a" as {"id": "a"}; this schema refuses it: Failed to parse id field: '
        "invalid literal for int() with base 10: 'a'\n"
        "   = fix:     keep `string id = 1;` and add a new field\n"
        "   = more:    fieldstone explain field-type-changed\n"
    )
    assert ran.err.startswith(REFUSED)
    assert ran.err.endswith("it needs 2.0.0. Undo it, or `fieldstone waive`.\n")


def test_the_formats_tell_the_same_break(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    said = {
        name: grown.run("check", "shop", "--format", name) for name in ("concise", "json", "github", "sarif", "junit")
    }
    assert {ran.code for ran in said.values()} == {1}
    assert len({ran.err for ran in said.values()}) == 1
    assert said["concise"].out == (
        f"{SHOP}:9:3: field-type-changed: `id` of `acme.shop.v1.Order` went from string to int32\n"
    )
    (module,) = json.loads(said["json"].out)["modules"]
    assert (module["module"], module["version"], module["bump"], module["allowed"]) == ("shop", "2.0.0", "major", False)
    (finding,) = module["findings"]
    assert finding["rule"] == "field-type-changed"
    assert (finding["place"]["path"], finding["place"]["line"]) == (SHOP, 9)
    assert finding["was_at"]["path"] == "registry/shop/1.2.0/schemas/acme/shop/v1/shop.proto"
    assert said["github"].out.startswith(f"::error file={SHOP},line=9,")
    (run,) = json.loads(said["sarif"].out)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["field-type-changed"]
    suite = ET.fromstring(said["junit"].out).find("testsuite")  # noqa: S314 - written by the command above
    assert suite is not None
    assert suite.attrib == {"name": "shop", "tests": "1", "failures": "1", "errors": "0"}


@pytest.mark.parametrize("format_", ["github", "sarif"])
def test_pipelines_get_paths_from_the_top_of_the_checkout(grown: Repo, format_: str) -> None:
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", "shop", "--format", format_, cwd="schemas/shop")
    assert ran.code == 1
    assert SHOP in ran.out
    assert "../" not in ran.out


def test_github_annotations_come_by_themselves_in_actions(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    in_actions = {"GITHUB_ACTIONS": "true"}
    assert grown.run("check", env=in_actions).out.startswith(f"::error file={SHOP},line=9,")
    assert grown.run("check", "--format", "concise", env=in_actions).out.startswith(f"{SHOP}:9:3: ")
    assert grown.run("check", env={"GITHUB_ACTIONS": "false"}).out.startswith("error[field-type-changed]")


def test_an_addition_passes(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    ran = grown.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "shop: 1 type changed since 1.2.0: additive. Allowed as 1.3.0.\n"


def test_comments_ask_for_a_patch(grown: Repo) -> None:
    grown.edit(SHOP, *COMMENT)
    ran = grown.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "shop: only comments, layout, imports or documents changed since 1.2.0. Allowed as 1.2.1.\n"


def test_style_is_what_buf_lint_says(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string BadName = 9;")
    ran = grown.run("check", "shop", "--format", "concise")
    assert ran.code == 1
    assert ran.out.startswith(f'{SHOP}:10:10: FIELD_LOWER_SNAKE_CASE: Field name "BadName" should be lower_snake_case')
    assert ran.err == "shop: 1 type changed since 1.2.0: additive, 1 error. Refused until the error is fixed.\n"


def test_style_is_judged_again_when_its_configuration_changes(grown: Repo) -> None:
    grown.edit("buf.yaml", "    - STANDARD\n", "    - STANDARD\n    - COMMENT_FIELD\n")
    ran = grown.run("check", "shop", "--format", "concise")
    assert ran.code == 1
    assert "COMMENT_FIELD" in ran.out
    assert "shop: unchanged since 1.2.0" in ran.err


def test_naming_is_asked_for_module_by_module(grown: Repo) -> None:
    grown.write(SHOP, grown.read(SHOP) + "\n// More.\nmessage Extra {\n  string id = 1;\n}\n")
    assert grown.run("check", "shop").code == 0
    grown.settings("[modules.money]\nnaming = true\n")
    assert grown.run("check").code == 0
    grown.settings("[modules.shop]\nnaming = true\n")
    ran = grown.run("check", "shop", "--format", "concise")
    assert ran.code == 1
    assert ran.out == (
        f"{SHOP}:23:1: message-name-without-version: message `Extra` of `acme.shop.v1` does not end in V1\n"
    )
    grown.settings("naming = true\n[modules.shop]\nnaming = false\n")
    assert grown.run("check", "shop").code == 0


def test_only_the_surfaces_that_a_module_protects_count(grown: Repo) -> None:
    grown.edit(SHOP, *RENAMING)
    grown.settings('[modules.shop]\nsurfaces = ["wire"]\n')
    ran = grown.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")
    assert "Allowed as 1.3.0." in ran.err
    grown.settings('[modules.shop]\nsurfaces = ["wire", "json"]\n')
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "error[field-renamed]" in ran.out
    assert "= breaks:  json (reading old data, being read by old code) -> major" in ran.out


def test_a_rule_that_is_off_says_nothing(grown: Repo) -> None:
    grown.edit(SHOP, *RENAMING)
    grown.settings('[rules]\nfield-renamed = "off"\n')
    ran = grown.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")
    assert "Allowed as 1.3.0." in ran.err


def test_a_warning_is_shown_and_still_asks_for_a_major_version(grown: Repo) -> None:
    grown.edit(SHOP, *RENAMING)
    grown.settings('[modules.shop.rules]\nfield-renamed = "warning"\n')
    ran = grown.run("check", "shop")
    assert ran.code == 0
    assert ran.out.startswith("warning[field-renamed]: field 1 of `acme.shop.v1.Order` was `id` and is now `ident`\n")
    assert "Allowed as 2.0.0." in ran.err


def test_warnings_refuse_where_a_module_fails_on_them(grown: Repo) -> None:
    grown.edit(SHOP, *RENAMING)
    grown.settings('fail-on = "warning"\n[rules]\nfield-renamed = "warning"\n')
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "Refused: 1 breaking change since" in ran.err


def test_a_module_without_a_release_is_judged_on_style_alone(fresh: Repo) -> None:
    ran = fresh.run("check")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        f"{name}: no release yet; style judged only. The first release may be 1.0.0." for name in ("money", "shop")
    ]
    fresh.edit(SHOP, "string id = 1;", "string Id = 1;")
    ran = fresh.run("check", "--format", "concise")
    assert ran.code == 1
    assert "FIELD_LOWER_SNAKE_CASE" in ran.out


@pytest.mark.parametrize("ref", ["1.0.0", "v1.0.0", "HEAD~2", "old", "../old", "old.binpb"])
def test_against(grown: Repo, ref: str) -> None:
    """A version, a tag, a commit, a branch, a folder and an image: all hold what 1.0.0 was."""
    grown.git("branch", "old", "v1.0.0")
    grown.git("worktree", "add", "--quiet", "../old", "v1.0.0")
    _build_image(grown, "../old", "old.binpb")
    ran = grown.run("check", "shop", "--against", ref)
    assert (ran.code, ran.out.startswith("warning[enum-value-added]"), ran.out.count("[")) == (0, True, 1)
    assert ran.err == f"shop: 2 types changed since {ref}: additive, 1 warning.\n"
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", "shop", "--against", ref)
    assert ran.code == 1
    assert f"was `string id = 1;` at {ref}" in ran.out


def test_against_what_is_equal_nothing_changed(grown: Repo) -> None:
    _build_image(grown, ".", "now.binpb")
    for ref in ("HEAD", "1.2.0", "now.binpb", "."):
        ran = grown.run("check", "--against", ref, "shop")
        assert (ran.code, ran.err) == (0, f"shop: unchanged since {ref}.\n")


def test_against_tells_comments_from_changes(grown: Repo) -> None:
    grown.edit(SHOP, *COMMENT)
    ran = grown.run("check", "shop", "--against", "HEAD")
    assert ran.err == "shop: only comments, layout, imports or documents changed since HEAD. Allowed as 1.2.1.\n"


def test_the_version_follows_from_the_releases_also_against_something_else(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    grown.commit("not released yet")
    grown.edit(SHOP, *COMMENT)
    ran = grown.run("check", "shop", "--against", "HEAD")
    assert ran.err == "shop: only comments, layout, imports or documents changed since HEAD. Allowed as 1.3.0.\n"


def test_a_break_of_what_was_never_released_is_one_against_the_branch(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    grown.commit("not released yet")
    grown.edit(SHOP, "string buyer = 9;", "int32 buyer = 9;")
    assert grown.run("check", "shop").code == 0
    ran = grown.run("check", "shop", "--against", "HEAD")
    assert ran.code == 1
    assert "was `string buyer = 9;` at HEAD" in ran.out


def test_a_module_that_did_not_exist_there_is_new(fresh: Repo) -> None:
    fresh.git("tag", "before")
    fresh.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/tax\n")
    fresh.write("schemas/tax/acme/tax/v1/tax.proto", 'syntax = "proto3";\n\npackage acme.tax.v1;\n\nmessage Tax {}\n')
    ran = fresh.run("check", "tax", "--against", "before")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("tax: no release yet")


def test_a_folder_that_holds_another_workspace_without_the_module(fresh: Repo) -> None:
    shutil.copytree(fresh.root, fresh.root.parent / "other")
    other = Repo(fresh.root.parent / "other", fresh.environment)
    other.edit(
        "buf.yaml",
        "  - path: schemas/shop\n",
        "  - path: .\n    name: buf.build/acme/all\n    excludes: [schemas/money]\n",
    )
    ran = fresh.run("check", "shop", "--against", "../other")
    assert "no module shop in" in ran.error
    assert ran.error.endswith("; it lists money, all")


def test_from_a_folder_below_places_lead_there(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", cwd="schemas/shop/acme")
    assert ran.code == 1
    assert "  --> shop/v1/shop.proto:9:3\n" in ran.out
    assert "9 |   int32 id = 1;\n" in ran.out
    assert "::: ../../../registry/shop/1.2.0/schemas/acme/shop/v1/shop.proto:9 at 1.2.0" in ran.out


def test_a_module_is_judged_once_however_often_it_is_named(grown: Repo) -> None:
    assert grown.run("check", "shop", "shop", "money", "shop").err == (
        "shop: unchanged since 1.2.0.\nmoney: unchanged since 1.0.0.\n"
    )


def test_one_refusal_among_several_modules_refuses(grown: Repo) -> None:
    grown.edit(MONEY, "int64 units = 2;", "int32 units = 2;")
    ran = grown.run("check")
    assert ran.code == 1
    assert ran.out.startswith("error[field-type-changed]: `units` of `acme.money.v1.Money` went from int64 to int32\n")
    money, shop = ran.err.splitlines()
    assert "Refused: 1 breaking change since" in money
    assert shop == "shop: only comments, layout, imports or documents changed since 1.2.0. Allowed as 1.2.1."


def test_a_number_is_remembered_three_releases_later(grown: Repo) -> None:
    relaxed = '[rules]\nfield-removed = "warning"\nfield-removed-without-reserve = "warning"\n'
    grown.settings(relaxed)
    grown.edit(SHOP, "  string note = 4;\n", "")
    assert "2.0.0" in grown.release("shop").out
    for number in (5, 6):
        grown.edit(SHOP, "string id = 1;", f"string id = 1;\n  string extra_{number} = {number};")
        assert f"2.{number - 4}.0" in grown.release("shop").out
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string remark = 4;")
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "error[field-number-reused]" in ran.out
    assert "takes number 4, which was `string note` since 1.1.0" in ran.out
    grown.edit(SHOP, "string remark = 4;", "string note = 7;")
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "error[field-name-reused]" in ran.out


def test_what_is_past_its_sunset_may_leave_in_a_major_release(released: Repo) -> None:
    released.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/fieldstone\n")
    shutil.copytree(HERE / "schemas/fieldstone", released.root / "schemas/fieldstone")
    release_on(released, -200, "fieldstone")
    old = (
        "\n// Was once ordered.\nmessage Basket {\n  option deprecated = true;\n"
        "  option (fieldstone.v1.message_lifecycle) = {\n"
        '    deprecated_since: "1.1.0"\n    sunset: "DATE"\n  };\n  string id = 1;\n}\n'
    )
    before = released.read(SHOP)
    also = 'import "fieldstone/v1/annotations.proto";\n'
    annotated = before.replace('money.proto";\n', f'money.proto";\n{also}') + old
    released.write(SHOP, annotated.replace("DATE", "2999-12-31"))
    assert release_on(released, -150) == "1.1.0"
    released.write(SHOP, before)
    ran = released.run("check", "shop")
    assert ran.code == 1
    assert "error[message-removed]" in ran.out
    sunset = (datetime.now(UTC) - timedelta(30)).date().isoformat()
    released.write(SHOP, annotated.replace("DATE", sunset))
    released.settings(waiver("sunset-moved-closer", "acme.shop.v1.Basket"))
    release_on(released, -100)
    released.settings("")
    released.write(SHOP, before)
    ran = released.run("check", "shop")
    assert ran.code == 0
    assert ran.out.startswith(
        f"note[retired-after-sunset]: `Basket` was removed from `acme.shop.v1` after its sunset of {sunset}\n"
    )
    assert "Allowed as 2.0.0." in ran.err
    assert "Released shop 2.0.0 (major)" in released.release("shop").out
    released.write(SHOP, before + "\n// Something else.\nmessage Basket {\n  int32 size = 1;\n}\n")
    ran = released.run("check", "shop")
    assert ran.code == 1
    assert "error[type-name-reused]" in ran.out


def test_a_released_module_that_leaves_the_configuration_is_a_break(grown: Repo) -> None:
    grown.edit("buf.yaml", "  - path: schemas/shop\n", "")
    ran = grown.run("check")
    assert ran.code == 1
    assert "error[message-removed]: message `Order` was removed from `acme.shop.v1`" in ran.out
    assert "shop: 2 types changed. Refused: 4 breaking changes since 1.2.0; they need 2.0.0" in ran.err
    assert grown.run("check", "money").code == 0


def test_a_damaged_registry_refuses_also_where_nothing_changed(grown: Repo) -> None:
    with (grown.root / "registry/shop/1.0.0/ledger.json").open("a") as file:
        file.write(" ")
    ran = grown.run("check", "--format", "concise")
    assert ran.code == 1
    assert (
        ran.out == "registry/shop/1.0.0/ledger.json:1:1: registry-file-changed: ledger.json is not what was released\n"
    )


def test_the_contract_of_telemetry(telemetry: Repo) -> None:
    path = "schemas/telemetry/telemetry/v1/telemetry_v1.proto"
    assert telemetry.run("check").code == 0
    telemetry.edit(path, "  double reward = 8;\n", "  float reward = 8;\n")
    ran = telemetry.run("check", "telemetry")
    assert ran.code == 1
    assert "error[field-type-changed]: `reward` of `telemetry.v1.TelemetryStepV1` went from double to float" in ran.out
    assert "Refused: 1 breaking change since 1.5.0; it needs 2.0.0. Undo it, or `fieldstone waive`." in ran.err


def test_the_installed_command(grown: Repo) -> None:
    assert grown.spawn("check").code == 0
    grown.edit(SHOP, *BREAK)
    ran = grown.spawn("check", "--format", "concise", cwd="schemas")
    assert (ran.code, ran.out.partition(": ")[0]) == (1, "shop/acme/shop/v1/shop.proto:9:3")
    assert ran.err.startswith("money: unchanged")


def _build_image(repo: Repo, folder: str, target: str) -> None:
    from fieldstone.toolchain import buf

    image = buf.build("schemas/shop", cwd=repo.root / folder).output(what="the baseline")
    repo.write(target, image)
