"""`fieldstone check --no-style`: compatibility alone, for who lints in another hook."""

from __future__ import annotations

import pytest

from tests.cli.workspace import SHOP, Repo, waiver

WITHOUT = "--no-style"
UGLY = ("// How far an order is.", "message Extra {\n  string Badly = 9;\n}\n\n// How far an order is.")
LINTED, NAMED = "FIELD_LOWER_SNAKE_CASE", "message-name-without-version"
BREAK = ("acme.money.v1.Money total = 2;", "string total = 2;")


@pytest.fixture
def ugly(grown: Repo) -> Repo:
    grown.settings("naming = true\n")
    grown.edit(SHOP, *UGLY)
    return grown


@pytest.mark.parametrize("how", [(), ("--full",), ("--no-second-opinion",)], ids=["incremental", "full", "alone"])
def test_style_is_left_out(how: tuple[str, ...], ugly: Repo) -> None:
    judged = ugly.run("check", *how)
    assert judged.code == 1
    assert LINTED in judged.out
    assert NAMED in judged.out
    ran = ugly.run("check", WITHOUT, *how)
    assert (ran.code, ran.out) == (0, "")


def test_the_style_of_a_first_version_is_left_out(fresh: Repo) -> None:
    fresh.settings("naming = true\n")
    fresh.edit(SHOP, *UGLY)
    assert fresh.run("check").code == 1
    assert fresh.run("check", WITHOUT).code == 0


def test_what_breaks_is_found_all_the_same(ugly: Repo) -> None:
    ugly.edit(SHOP, *BREAK)
    ran = ugly.run("check", WITHOUT)
    assert ran.code == 1
    assert "field-type-changed" in ran.out
    assert LINTED not in ran.out


def test_buf_lint_is_not_started(ugly: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.toolchain.buf.lint", None)
    monkeypatch.setattr("fieldstone.toolchain.buf.lint_image", None)
    for how in ((), ("--against", "HEAD"), ("--full",)):
        assert ugly.run("check", WITHOUT, *how).code == 0


def test_what_does_not_compile_is_told(ugly: Repo) -> None:
    ugly.edit(SHOP, "string Badly", "strin Badly")
    ran = ugly.run("check", WITHOUT)
    assert ran.code == 2
    assert "could not be judged: it does not compile" in ran.err


def test_style_that_was_left_out_is_judged_by_the_next_check(large: Repo) -> None:
    large.edit("buf.yaml", "use: [MINIMAL]", "use: [PACKAGE_VERSION_SUFFIX, FIELD_LOWER_SNAKE_CASE, COMMENT_MESSAGE]")
    assert large.run("check", WITHOUT).code == 0
    assert "COMMENT_MESSAGE" in large.run("check").out


def test_a_waiver_of_style_is_not_called_unused(ugly: Repo) -> None:
    ugly.settings("naming = true\n" + waiver(NAMED, "acme.shop.v1.Extra"))
    assert f"waived[{NAMED}]" in ugly.run("check").out
    ran = ugly.run("check", WITHOUT)
    assert (ran.code, ran.out) == (0, "")


def test_a_release_always_judges_it(ugly: Repo) -> None:
    assert ugly.run("check", WITHOUT).code == 0
    ran = ugly.run("release", "shop")
    assert (ran.code, NAMED in ran.out) == (1, True)
