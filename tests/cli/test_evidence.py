"""What a policy asks of evidence: for a removal after its sunset, and for a waiver that says nobody reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from fieldstone.consumers.uses import FILE, Evidence, Rank, Uses, to_toml
from tests.cli.test_consumers import TOTAL
from tests.cli.test_sunset import annotated_template, day, pinned_day, shop, with_basket
from tests.cli.workspace import SHOP, Repo, release_on, waiver

__all__ = ["annotated_template", "pinned_day", "shop"]

TODAY = datetime.now(UTC).date()
BASKET = "acme.shop.v1.Basket"
WHOLE_TOTAL = "  acme.money.v1.Money total = 2;\n"
GONE = '  reserved 2;\n  reserved "total";\n'


def tell(repo: Repo, name: str, *read: str, days: int = 0, rank: Rank = Rank.SCAN, version: str = "1") -> None:
    """Publish what a consumer reads of shop."""
    places = dict.fromkeys(read, (f"src/{name}.py:41",))
    found = Evidence("shop", "1.0.0", rank, TODAY - timedelta(days), by="python", read=places)
    repo.write(f"consumers/{name}/{FILE}", to_toml(Uses(name, f"team-{name}", (found,))))
    ran = repo.run("uses", "publish", "--version", version, cwd=f"consumers/{name}")
    assert ran.code == 0, ran


@pytest.fixture
def retiring(shop: Repo) -> Repo:
    """shop whose Basket is past its sunset in a release, and gone in the tree; the policy asks who reads it."""
    before = with_basket(shop, day(-1))
    release_on(shop, -60)
    shop.write(SHOP, before)
    assert shop.run("check", "shop").code == 0
    shop.settings('sunset-needs = "no-known-reader"\nevidence-days = 30\nevidence-rank = "scan"\n')
    return shop


def test_a_removal_after_its_sunset_needs_that_no_reader_is_known(retiring: Repo) -> None:
    unknown = retiring.run("check", "shop")
    tell(retiring, "billing", "acme.shop.v1.Order.id")
    free = retiring.run("check", "shop")
    tell(retiring, "mail", "acme.shop.v1.Order.id", days=31)
    old = retiring.run("check", "shop")
    tell(retiring, "mail", "acme.shop.v1.Order.id", rank=Rank.DECLARED, version="2")
    weak = retiring.run("check", "shop")

    assert (unknown.code, free.code, old.code, weak.code) == (1, 0, 1, 1)
    assert f"its sunset {day(-1)} has passed, but who uses it is unknown: no consumer of shop is known" in unknown.out
    assert "note[retired-after-sunset]" in free.out
    assert "the python evidence of mail 1 is 31 days old, more than 30" in old.out
    assert "the evidence of mail 2 is declared, less than scan" in weak.out


def test_a_reader_keeps_what_is_past_its_sunset(retiring: Repo) -> None:
    retiring.write(
        f"consumers/app/{FILE}",
        to_toml(
            Uses(
                "app",
                "team-app",
                (Evidence("shop", "1.1.0", Rank.SCAN, TODAY, by="python", read={f"{BASKET}.id": ("a.py:3",)}),),
            )
        ),
    )
    assert retiring.run("uses", "publish", "--version", "1", cwd="consumers/app").code == 0

    ran = retiring.run("release", "shop")

    assert ran.code == 1
    assert f"its sunset {day(-1)} has passed, but app 1 uses it (a.py:3)" in ran.out


def test_nobody_to_ask_is_no_permission(retiring: Repo) -> None:
    tell(retiring, "billing", "acme.shop.v1.Order.id")
    retiring.write("registry/.consumers/billing/1.json", "[")

    ran = retiring.run("check", "shop")

    assert ran.code == 1
    assert "nobody could be asked who uses it" in ran.out


def test_a_waiver_that_nobody_reads_it_holds_only_if_that_is_known(released: Repo) -> None:
    released.edit(SHOP, WHOLE_TOTAL, GONE)
    released.edit(SHOP, 'import "acme/money/v1/money.proto";\n', "")
    terms = ("--reason", "all were asked", "--owner", "ada", "--until", "2999-12-31", "--class", "no-known-reader")
    refused = released.run("waive", "field-removed", TOTAL, *terms).error
    tell(released, "mail", "acme.shop.v1.Order.id")
    written = released.run("waive", "field-removed", TOTAL, *terms)
    free = released.run("check", "shop")
    tell(released, "billing", TOTAL)
    read = released.run("check", "shop")
    found = json.loads(released.run("check", "shop", "--format", "json").out)["modules"][0]["findings"]
    not_released = released.run("release", "shop")
    tell(released, "billing", "acme.shop.v1.Order.id", version="2")
    done = released.release("shop")

    assert "who uses it is unknown: no consumer of shop is known" in refused
    assert (written.code, free.code, read.code, not_released.code) == (0, 0, 1, 1)
    assert 'reason-class = "no-known-reader"' in released.read("fieldstone.toml")
    assert "its waiver says no-known-reader, but billing 1 uses it (src/billing.py:41)" in read.out
    assert "waiver-expired" not in read.out
    assert [finding["waiver"] for finding in found if finding["rule"] == "field-removed"] == [None]
    assert "Released shop 2.0.0 (major)" in done.out
    assert 'reason_class = "no-known-reader"' in released.read("registry/shop/2.0.0/release.toml")
    tell(released, "late", TOTAL)
    assert released.run("registry", "verify", "--full").code == 0  # what was asked then is not asked again


def test_a_change_is_asked_by_what_its_branch_knows(released: Repo) -> None:
    tell(released, "billing", TOTAL)
    released.settings(waiver("field-removed", TOTAL, **{"reason-class": "no-known-reader"}))
    released.commit("consumers")
    released.git("branch", "base")
    released.edit(SHOP, WHOLE_TOTAL, GONE)
    released.edit(SHOP, 'import "acme/money/v1/money.proto";\n', "")
    tell(released, "billing", "acme.shop.v1.Order.id", version="2")  # in the same change: not yet known to the branch
    released.commit("change")

    ran = released.run("check", "shop", "--since", "base", "--no-style")

    assert ran.code == 1
    assert "its waiver says no-known-reader, but billing 1 uses it" in ran.out


def test_less_evidence_is_a_weaker_policy(released: Repo) -> None:
    strict = 'sunset-needs = "no-known-reader"\nevidence-days = 30\nevidence-rank = "scan"\n'
    released.settings(strict + waiver("field-removed", TOTAL, **{"reason-class": "no-known-reader"}))
    released.commit("policy")
    released.git("branch", "base")
    released.settings(waiver("field-removed", TOTAL, **{"reason-class": "accepted"}))
    released.commit("change")

    ran = released.run("check", "--since", "base", "--no-style")

    assert ran.code == 1
    assert '`sunset-needs` went from "no-known-reader" to "notice"' in ran.out
    assert "`evidence-days` went from 30 to 90" in ran.out
    assert '`evidence-rank` went from "scan" to "declared"' in ran.out
    assert f"the waiver of `field-removed` on `{TOTAL}` was extended" in ran.out


def test_a_class_is_one_of_four(released: Repo) -> None:
    released.settings(waiver("field-removed", TOTAL, **{"reason-class": "nobody"}))

    assert "waivers[1].reason-class" in released.run("check").error
