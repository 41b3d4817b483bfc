"""`fieldstone check --against BRANCH`: what this change introduces, and nothing that was there when it began."""

from __future__ import annotations

import json
import subprocess

from tests.cli.workspace import MONEY, SHOP, Repo

BREAK = ("string id = 1;", "int32 id = 1;")
ADDITION = ("string id = 1;", "string id = 1;\n  string buyer = 9;")


def branch(repo: Repo, name: str = "feature") -> None:
    repo.git("checkout", "--quiet", "-b", name)


def test_a_break_that_the_branch_point_has_is_not_told_again(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    grown.commit("an accepted break")
    branch(grown)
    grown.edit(SHOP, "string note = 4;", "string note = 4;\n  string buyer = 9;")
    assert grown.run("check", "shop").code == 1
    ran = grown.run("check", "shop", "--against", "main")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "shop: 1 type changed since main: additive. Allowed as 2.0.0.\n"


def test_a_number_taken_again_before_the_branch_point_is_not_told_again(grown: Repo) -> None:
    grown.settings('[rules]\nfield-removed = "off"\nfield-removed-without-reserve = "off"\n')
    grown.edit(SHOP, "  string note = 4;\n", "")
    grown.release("shop")
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  int32 size = 4;")
    assert "error[field-number-reused]" in grown.run("check", "shop").out
    grown.commit("an accepted break")
    branch(grown)
    grown.edit(SHOP, "int32 size = 4;", "int32 size = 4;\n  string buyer = 9;")
    ran = grown.run("check", "shop", "--against", "main")
    assert (ran.code, ran.out) == (0, "")
    grown.edit(SHOP, "string buyer = 9;", "string note = 9;")
    ran = grown.run("check", "shop", "--against", "main", "--format", "concise")
    assert ran.code == 1
    assert "field-name-reused" in ran.out
    assert "field-number-reused" not in ran.out


def test_style_that_the_branch_point_has_is_not_told_again(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string BadName = 9;")
    grown.settings("naming = true\n")
    grown.write(SHOP, grown.read(SHOP) + "\n// More.\nmessage Extra {\n  string id = 1;\n}\n")
    grown.commit("bad style")
    branch(grown)
    grown.edit(SHOP, "// What somebody ordered.", "// What somebody ordered,\n// and where.")
    assert grown.run("check", "shop").code == 1
    ran = grown.run("check", "shop", "--against", "main")
    assert (ran.code, ran.out) == (0, "")
    grown.edit(SHOP, "string BadName = 9;", "string BadName = 9;\n  string WorseName = 10;")
    ran = grown.run("check", "shop", "--against", "main", "--format", "concise")
    assert ran.code == 1
    assert ran.out.count("\n") == 1
    assert "FIELD_LOWER_SNAKE_CASE" in ran.out
    assert "WorseName" in ran.out


def test_a_second_fault_with_the_same_words_is_new(grown: Repo) -> None:
    grown.edit("buf.yaml", "    - STANDARD\n", "    - COMMENT_FIELD\n")
    grown.commit("asks for comments")
    branch(grown)
    grown.edit(SHOP, "// How far", "// More.\nmessage Extra {\n  string id = 1;\n}\n\n// How far")
    ran = grown.run("check", "shop", "--against", "main", "--format", "concise")
    assert ran.out.count("COMMENT_FIELD") == 1
    assert 'Field "id"' in ran.out


def test_cycles_of_which_buf_names_any_are_not_told_again(grown: Repo) -> None:
    """Each of these files is in many cycles of packages, and buf names one of them, another one every time."""
    names = [f"p{number}" for number in range(6)]
    head = 'syntax = "proto3";\n\npackage acme.{}.v1;\n\n'
    for name in names:
        folder = f"schemas/shop/acme/{name}/v1"
        imports = "".join(f'import "acme/{other}/v1/base.proto";\n' for other in names if other != name)
        grown.write(f"{folder}/base.proto", head.format(name) + "message Base {}\n")
        grown.write(f"{folder}/uses.proto", f"{head.format(name)}{imports}")
    grown.edit("buf.yaml", "    - STANDARD\n", "    - PACKAGE_NO_IMPORT_CYCLE\n")
    grown.commit("cycles")
    branch(grown)
    grown.edit(SHOP, *ADDITION)
    before = grown.run("check", "shop", "--format", "json")
    assert before.out.count("PACKAGE_NO_IMPORT_CYCLE") >= len(names)
    assert grown.run("check", "shop", "--against", "main").out == ""
    again = grown.run("check", "shop", "--format", "json")
    reports = [json.loads(ran.out)["modules"] for ran in (before, again)]
    told = [[found["fingerprint"] for module in report for found in module["findings"]] for report in reports]
    assert told[0] == told[1]


def test_style_of_a_folder_is_not_told_again(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string BadName = 9;")
    grown.commit("bad style")
    grown.git("worktree", "add", "--quiet", "../old", "HEAD")
    assert grown.run("check", "shop", "--against", "../old").code == 0
    assert grown.run("check", "shop", "--against", "1.2.0").code == 1


def test_what_the_other_branch_did_since_does_not_count(grown: Repo) -> None:
    branch(grown)
    grown.git("checkout", "--quiet", "main")
    grown.edit(SHOP, *ADDITION)
    grown.commit("an addition elsewhere")
    base = grown.git("rev-parse", "--short=9", "HEAD~1").strip()
    grown.git("checkout", "--quiet", "feature")
    ran = grown.run("check", "shop", "--against", "main")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"shop: unchanged since main (merge base {base}).\n"
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", "shop", "--against", "main")
    assert ran.code == 1
    assert f"was `string id = 1;` at main (merge base {base})" in ran.out


def test_a_tag_on_another_branch_is_that_state(grown: Repo) -> None:
    branch(grown, "fixes")
    grown.edit(SHOP, *ADDITION)
    grown.commit("an addition elsewhere")
    grown.git("tag", "fixed")
    grown.git("checkout", "--quiet", "main")
    ran = grown.run("check", "shop", "--against", "fixed", "--format", "concise")
    assert ran.code == 1
    assert "field-removed" in ran.out
    assert "since fixed; " in ran.err
    assert grown.run("check", "shop", "--against", "fixes").code == 0


def test_diff_compares_with_the_revision_itself(grown: Repo) -> None:
    branch(grown)
    grown.git("checkout", "--quiet", "main")
    grown.edit(SHOP, *ADDITION)
    grown.commit("an addition elsewhere")
    grown.git("checkout", "--quiet", "feature")
    assert "`buyer`" in grown.run("diff", "shop", "main").out


def test_a_module_that_left_before_the_branch_point_is_not_told_again(grown: Repo) -> None:
    grown.edit("buf.yaml", "  - path: schemas/shop\n", "")
    branch(grown)
    ran = grown.run("check", "--against", "main")
    assert ran.code == 1
    assert "error[message-removed]: message `Order` was removed from `acme.shop.v1`" in ran.out
    assert "shop: 2 types changed. Refused: 4 breaking changes since main; they need 2.0.0. " in ran.err
    grown.commit("an accepted removal")
    assert grown.run("check", "--against", "main").code == 1
    grown.git("branch", "--force", "main", "HEAD")
    ran = grown.run("check", "--against", "main")
    assert (ran.code, ran.out) == (0, "")
    assert "shop" not in ran.err
    assert grown.run("check").code == 1


def test_a_module_that_leaves_is_judged_against_what_the_branch_point_had(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    grown.commit("not released yet")
    branch(grown)
    grown.edit("buf.yaml", "  - path: schemas/shop\n", "")
    for ref in ("main", "v1.0.0", "1.0.0"):
        ran = grown.run("check", "--against", ref) if ref != "1.0.0" else grown.run("check")
        assert ran.code == 1
        assert "message `Order` was removed" in ran.out


def test_a_shallow_clone_without_the_merge_base_says_what_to_fetch(grown: Repo) -> None:
    branch(grown)
    grown.edit(SHOP, *ADDITION)
    grown.commit("an addition")
    grown.git("checkout", "--quiet", "main")
    grown.edit(MONEY, "An amount", "Some amount")
    grown.commit("a comment")
    clone = Repo(grown.root.parent / "shallow", grown.environment, grown.capsys)
    flags = ["--quiet", "--depth=1", "--no-single-branch", "--branch=feature"]
    subprocess.run(["git", "clone", *flags, grown.root.as_uri(), clone.root], check=True, env=dict(grown.environment))
    ran = clone.run("check", "shop", "--against", "origin/main")
    assert "origin/main and HEAD share no commit in the shallow clone" in ran.error
    assert ran.error.endswith("; fetch the whole history: `git fetch --unshallow`")
    ran = clone.run("check", "money", "--against", "HEAD~1")
    assert ran.error.endswith("; this clone is shallow: fetch the whole history: `git fetch --unshallow`")
    clone.git("fetch", "--quiet", "--unshallow")
    assert clone.run("check", "shop", "--against", "origin/main").code == 0
