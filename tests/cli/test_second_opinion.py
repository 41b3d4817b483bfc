"""`fieldstone check --no-second-opinion`: Fieldstone's own rules, without `buf breaking`."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fieldstone.compatibility import buf_rules
from tests.cli.workspace import SHOP, Repo, waiver

WITHOUT = "--no-second-opinion"
BREAK = ("string id = 1;", "int32 id = 1;")
ONLY_BUF = "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR"


@pytest.fixture
def only_buf_refuses(grown: Repo) -> Repo:
    grown.edit(SHOP, "message Order {\n", "message Order {\n  option no_standard_descriptor_accessor = true;\n")
    return grown


@pytest.mark.parametrize("how", [(), ("--full",)], ids=["incremental", "full"])
def test_what_only_buf_finds_passes(how: tuple[str, ...], only_buf_refuses: Repo) -> None:
    assert ONLY_BUF in only_buf_refuses.run("check", *how).out
    ran = only_buf_refuses.run("check", WITHOUT, *how)
    assert (ran.code, ran.out) == (0, "")


def test_a_release_always_has_it(only_buf_refuses: Repo) -> None:
    assert only_buf_refuses.run("check", WITHOUT).code == 0
    ran = only_buf_refuses.run("release", "shop")
    assert (ran.code, ONLY_BUF in ran.out) == (1, True)


def test_fieldstones_own_findings_are_the_same(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    assert grown.run("check", WITHOUT) == grown.run("check")


def test_buf_breaking_is_not_started(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.schema.buf.breaking", None)
    grown.edit(SHOP, *BREAK)
    assert "field-type-changed" in grown.run("check", WITHOUT).out


def test_nobody_notices_where_fieldstone_errs(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(grown.root.parent))  # where the disagreement is written
    rules = dict(buf_rules.all_rules())
    rules["FIELD_SAME_TYPE"] = replace(rules["FIELD_SAME_TYPE"], check=lambda _was, _now: [])
    monkeypatch.setattr(buf_rules, "all_rules", lambda: rules)
    grown.edit(SHOP, *BREAK)
    assert "Fieldstone and buf disagree" in grown.run("check").error
    assert "field-type-changed" in grown.run("check", WITHOUT).out


def test_a_waiver_for_what_only_buf_finds_is_not_called_unused(only_buf_refuses: Repo) -> None:
    only_buf_refuses.settings(waiver(ONLY_BUF, "acme/shop/v1/shop.proto"))
    assert f"waived[{ONLY_BUF}]" in only_buf_refuses.run("check").out
    ran = only_buf_refuses.run("check", WITHOUT)
    assert (ran.code, ran.out) == (0, "")


def test_the_profile_of_buf_has_none_to_leave_out(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", "--profile", "buf")
    assert ran.code == 1
    assert grown.run("check", "--profile", "buf", WITHOUT) == ran
