"""Additions that older code cannot take: a warning and a minor version, or what the module makes of them."""

from __future__ import annotations

import json

import pytest

from tests.cli.workspace import SHOP, Repo, waiver

VALUE = ("STATUS_PAID = 1;", "STATUS_PAID = 1;\n  STATUS_LOST = 9;")
ONEOF = ("Status status = 3;", "Status status = 3;\n  oneof paid { string card = 20; string cash = 21; }")
MEMBER = ("string cash = 21;", "string cash = 21; string coin = 22;")
RULES = ["enum-value-added", "oneof-member-added"]


@pytest.fixture
def choosing(released: Repo) -> Repo:
    """Released with a oneof."""
    released.edit(SHOP, *ONEOF)
    released.release("shop")
    released.commit()
    return released


def add(repo: Repo, rule: str) -> None:
    repo.edit(SHOP, *(VALUE if rule == "enum-value-added" else MEMBER))


@pytest.mark.parametrize("rule", RULES)
def test_an_addition_warns_and_is_minor(choosing: Repo, rule: str) -> None:
    add(choosing, rule)
    ran = choosing.run("check")
    assert (ran.code, ran.out.startswith(f"warning[{rule}]")) == (0, True)
    assert "Allowed as 1.2.0" in ran.err
    (found,) = [f for m in json.loads(choosing.run("check", "--format", "json").out)["modules"] for f in m["findings"]]
    assert (found["level"], found["additive"], found["rule"]) == ("warning", True, rule)
    assert "being read by old code" in json.dumps(found["breaks_for"])
    assert "Released shop 1.2.0 (minor)" in choosing.run("release", "shop").out
    assert choosing.run("registry", "verify").code == 0


@pytest.mark.parametrize("rule", RULES)
def test_a_module_that_cannot_cope_says_error(choosing: Repo, rule: str) -> None:
    choosing.settings(f'[rules]\n{rule} = "error"\n')
    choosing.commit()
    add(choosing, rule)
    ran = choosing.run("check")
    assert (ran.code, ran.out.startswith(f"error[{rule}]")) == (1, True)
    assert "needs 2.0.0" in ran.err
    assert choosing.run("release", "shop").code == 1
    subject = "acme.shop.v1.Status.STATUS_LOST" if rule == "enum-value-added" else "acme.shop.v1.Order.coin"
    choosing.settings(f'[rules]\n{rule} = "error"\n\n' + waiver(rule, subject))
    assert "Released shop 2.0.0 (major)" in choosing.run("release", "shop").out
    assert choosing.run("registry", "verify").code == 0


@pytest.mark.parametrize("rule", RULES)
def test_a_module_that_does_not_care_hears_nothing(choosing: Repo, rule: str) -> None:
    choosing.settings(f'[rules]\n{rule} = "off"\n')
    add(choosing, rule)
    ran = choosing.run("check")
    assert (ran.code, ran.out) == (0, "")
    assert "Allowed as 1.2.0" in ran.err


@pytest.mark.parametrize("rule", RULES)
def test_a_module_that_fails_on_warnings(choosing: Repo, rule: str) -> None:
    choosing.settings('fail-on = "warning"\n')
    add(choosing, rule)
    ran = choosing.run("check")
    assert (ran.code, ran.out.startswith(f"warning[{rule}]")) == (1, True)
    assert "Refused" in ran.err, ran.err


def test_a_required_field_cannot_take_it(fresh: Repo) -> None:
    fresh.edit("buf.yaml", "STANDARD", "MINIMAL")
    fresh.edit(SHOP, 'syntax = "proto3";', 'edition = "2023";')
    fresh.edit(SHOP, "Status status = 3;", "Status status = 3 [features.field_presence = LEGACY_REQUIRED];")
    for module in ("money", "shop"):
        fresh.release(module)
    fresh.commit()
    fresh.edit(SHOP, *VALUE)
    ran = fresh.run("check", "shop")
    assert (ran.code, ran.out.startswith("error[enum-value-added]")) == (1, True)
    assert "which the required field `acme.shop.v1.Order.status` uses" in ran.out
