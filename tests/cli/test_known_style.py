"""`fieldstone.style.toml`: old faults of style pass, new ones are refused, fixed ones are told."""

from __future__ import annotations

import re

import pytest

from tests.cli.workspace import SHOP, Repo

KNOWN = "fieldstone.style.toml"
UGLY = ("  Status status = 3;\n", "  Status status = 3;\n  string Old = 4;\n  string Older = 5;\n")
NEW = ("  string Older = 5;\n", "  string Older = 5;\n  string Newest = 6;\n")
RULE = "FIELD_LOWER_SNAKE_CASE"


@pytest.fixture
def ugly(released: Repo) -> Repo:
    """shop 1.1.0 with two known faults."""
    released.settings("")
    released.edit(SHOP, *UGLY)
    released.write(KNOWN, f'[{RULE}]\n"{SHOP}" = 2\n')
    released.release("shop")
    released.commit("with faults")
    return released


@pytest.mark.parametrize("how", [(), ("--full",), ("--since", "HEAD"), ("--against", "HEAD")], ids=" ".join)
def test_only_the_new_fault_of_a_file_is_refused(how: tuple[str, ...], ugly: Repo) -> None:
    assert ugly.run("check", *how).code == 0
    ugly.edit(SHOP, *NEW)
    ran = ugly.run("check", "--format", "concise", *how)
    assert ran.code == 1
    assert len(re.findall(rf": {RULE}: ", ran.out)) == 1
    assert '"Newest"' in ran.out


def test_all_faults_of_the_file_are_shown_where_the_new_one_cannot_be_told_apart(ugly: Repo) -> None:
    ugly.edit("buf.yaml", "    - STANDARD\n", "    - STANDARD\n  ignore:\n    - schemas/none\n")
    ugly.edit(SHOP, *NEW)
    ran = ugly.run("check", "shop")
    assert ran.out.count(f"error[{RULE}]") == 3
    assert f"{KNOWN} knows 2 of them in this file, and there are 3: fix the new one" in ran.out


def test_a_fixed_fault_is_told_with_a_fix_that_works(ugly: Repo) -> None:
    ugly.edit(SHOP, "  string Older = 5;\n", "  string older = 5;\n")
    ran = ugly.run("check", "shop", "--no-second-opinion")
    assert f"warning[style-fault-fixed]: {KNOWN} knows 2 faults of {RULE} in {SHOP}, and there is 1" in ran.out
    assert f"fix:     write 1 in line 2 of {KNOWN}" in ran.out
    ugly.edit(KNOWN, " = 2", " = 1")
    assert "style-fault-fixed" not in ugly.run("check", "shop").out
    ugly.edit(SHOP, "  string Old = 4;\n", "  string old = 4;\n")
    assert f"delete line 2 of {KNOWN}" in ugly.run("check", "--full").out
    ugly.write(KNOWN, "")
    assert "style-fault-fixed" not in ugly.run("check", "--full").out
    assert ugly.run("explain", "style-fault-fixed").code == 0


def test_a_line_that_is_deleted_too_early_makes_the_fault_count_again(ugly: Repo) -> None:
    ugly.write(KNOWN, "")
    ran = ugly.run("check", "shop")
    assert ran.code == 1
    assert ran.out.count(f"error[{RULE}]") == 2
    ugly.write(KNOWN, f'[{RULE}]\n"{SHOP}" = 2\n"schemas/shop/gone.proto" = 1\n')
    assert f"delete line 3 of {KNOWN}" in ugly.run("check", "--full").out


def test_a_release_without_style_leaves_the_faults_to_later_checks(released: Repo) -> None:
    released.edit(SHOP, *UGLY)
    assert released.run("release", "shop").code == 1
    released.release("shop", "--no-style")
    assert released.run("registry", "verify").code == 0
    ran = released.run("check", "shop")
    assert ran.code == 1
    assert ran.out.count(f"error[{RULE}]") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x", "is not TOML"),
        ("[field-removed]\n", "no table of a rule of buf"),
        ("FIELD = 1\n", "no table of a rule of buf"),
        ('[FIELD]\n"a.proto" = 0\n', "write the number of faults, or delete it"),
        ('[FIELD]\n"a.proto" = true\n', "write the number of faults, or delete it"),
        ('[FIELD]\n"/a.proto" = 1\n', "write it relative to that file"),
    ],
)
def test_a_wrong_file_is_one_clear_line(text: str, said: str, released: Repo) -> None:
    released.settings("")
    released.write(KNOWN, text)
    assert said in released.run("check").error
