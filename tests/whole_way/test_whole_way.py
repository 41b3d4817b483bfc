"""The whole way of a breaking change: who reads the field, who stops, who decides, and what stays written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chromium import chromium
from tests.server.pages.deciding import decide, faults, forge, number_of, state, visiting
from tests.server.proposals.conftest import set_policy
from tests.server.running import Buf, Serving, new_token
from tests.whole_way.teams import MAIL, ORDER, ORDER_FILE, TOTAL, Team, billing, new_team, shopfront

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.installs, pytest.mark.timeout(600)]

SCANS = {"billing": "src", "shopfront": "--lang typescript", "mail": ""}
POLICY = """
proposals = true
[modules.shop]
approve = ["lead"]
"""
REASON = "nobody reads the total any more"
PLACES = {"billing": "src/invoice.py:5", "shopfront": "src/basket.ts:4", "mail": "src/Mail.java:20"}


def test_a_field_goes_when_nobody_reads_it_and_its_owner_agrees(
    served: Serving, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    apart = {name: value for name, value in environment.items() if name != "VIRTUAL_ENV"}
    set_policy(served, POLICY)
    buf = Buf(tmp_path / "provider", served)
    buf.module("shop", {ORDER_FILE: ORDER, "fieldstone.toml": f'registry = "{served.url}"\n'})
    provider = new_team(buf.home / "shop", served, apart, "push")
    provider.repo.commit("schemas")
    pushed = buf("push", "--create", cwd="shop", token=provider.token)
    assert pushed.code == 0, pushed
    assert _answer(provider) == (1, "unknown")

    teams = {name: new_team(tmp_path / name, served, apart, "read") for name in SCANS}
    _begin(teams)
    _break(provider)
    _all_are_named(provider)
    number = _proposed(buf, provider)
    _all_stop_reading(provider, teams)

    with chromium() as browser:
        _the_wrong_are_refused(browser, provider, number)
        _the_right_one_approves(browser, provider, number)
        _it_is_released_and_told(browser, provider, number)
    _the_new_release_is_fetched(buf, provider)


def _begin(teams: Mapping[str, Team]) -> None:
    """Every consumer reads the field, and publishes that."""
    billing(teams["billing"])
    shopfront(teams["shopfront"])
    teams["mail"].repo.write("fieldstone.uses.toml", MAIL)
    for name, scan in SCANS.items():
        new = f"{scan} --consumer {name} --owner team-{name}" if scan else ""
        assert f"published to {teams[name].served.url}; it reads shop." in teams[name].publish(new)


def _break(provider: Team) -> None:
    provider.repo.edit(ORDER_FILE, "  int64 total = 2;\n", '  reserved 2;\n  reserved "total";\n')
    provider.repo.commit("remove the total")


def _all_are_named(provider: Team) -> None:
    """The check and the impact name each consumer with its line, and the element is blocked by all."""
    checked = provider.fieldstone("check", "--no-style")
    for said, code in (
        (checked, 1),
        (provider.fieldstone("impact"), 1),
        (provider.fieldstone("can-i-remove", TOTAL), 1),
    ):
        assert said.code == code, said
        for name, place in PLACES.items():
            assert name in said.out, said
            assert place in said.out, said
    assert _named(provider) == [*SCANS]


def _named(provider: Team) -> list[str]:
    """The consumers that `impact` names, in the order of the test."""
    said = provider.fieldstone("impact").out
    assert ("shop: breaks no known consumer" in said) != any(f"- {name} " in said for name in SCANS), said
    return [name for name in SCANS if f"- {name} " in said]


def _proposed(buf: Buf, provider: Team) -> int:
    """Push the change with buf, which makes it a proposal that names all consumers; its number."""
    ran = buf("push", cwd="shop", token=provider.token)
    assert ran.code == 1
    assert "field-removed" in ran.err
    number = number_of(ran.err)
    shown = provider.did("proposal", "show", str(number))
    assert [name for name in SCANS if name in shown] == [*SCANS], shown
    return number


def _all_stop_reading(provider: Team, teams: Mapping[str, Team]) -> None:
    """One after the other changes its code and publishes; the field is blocked until the last one has."""
    left = [*SCANS]
    for name, team in teams.items():
        assert _answer(provider) == (1, "blocked")
        _stop_reading(team)
        team.publish(SCANS[name])
        left.remove(name)
        assert _named(provider) == left
    assert _answer(provider) == (0, "no known reader")
    assert "shop: breaks no known consumer" in provider.did("impact")


def _the_wrong_are_refused(browser: Browser, provider: Team, number: int) -> None:
    """The author, and somebody whom the policy does not name, neither see a button nor get past its absence."""
    served, path = provider.served, f"/proposals/{number}"
    for token in (new_token(served, "shop", "push", "approve"), new_token(served, "other", "approve")):
        with visiting(browser, served, token, path) as page:
            assert page.get_by_role("button", name="Approve").count() == 0
            assert "You cannot approve it" in page.content()
            forged = forge(page, served, f"{path}/decisions", served.url, with_word=True)
            blind = forge(page, served, f"{path}/decisions", served.url, with_word=False)
            foreign = forge(page, served, f"{path}/decisions", "https://evil.example", with_word=True)
            assert (forged, blind, foreign) == (403, 403, 403)
            page.reload()
            assert (state(page), "forged" in page.content()) == ("open", False)


def _the_right_one_approves(browser: Browser, provider: Team, number: int) -> None:
    served = provider.served
    with visiting(browser, served, new_token(served, "lead", "approve"), "/proposals") as page:
        page.get_by_role("link", name=f"{number} shop").click()
        assert page.get_by_text(PLACES["billing"]).first.is_visible()
        page.get_by_role("button", name="Judge again").click()
        page.get_by_text("No known consumer uses what breaks.").wait_for()
        decide(page, "Approve", REASON)
        page.get_by_text(REASON).first.wait_for()
        assert state(page) == "approved"
        assert not faults(page)


def _it_is_released_and_told(browser: Browser, provider: Team, number: int) -> None:
    """Its author releases it on the page; the audit has it all, as a page and on the command line."""
    served = provider.served
    with visiting(browser, served, provider.token, f"/proposals/{number}") as page:
        decide(page, "Release shop 2.0.0")
        page.get_by_role("link", name="shop 2.0.0").wait_for()
        assert state(page) == "released"
    with visiting(browser, served, served.token, "/proposals?state=released") as page:
        assert page.get_by_role("link", name=f"{number} shop").is_visible()
        assert not faults(page)
        page.goto(f"{served.url}/audit?module=shop")
        assert page.get_by_text(REASON, exact=True).is_visible()
        assert not faults(page)
    admin = Team(provider.repo, served, served.token)
    told = [json.loads(line)["entry"] for line in admin.did("registry", "audit").splitlines()]
    decided = [(entry["action"], entry["who"]) for entry in told if entry["details"].get("number") == number]
    assert decided[-2:] == [("decide-proposal", "lead"), ("release-proposal", "shop")]
    assert "2 releases, sound" in admin.did("registry", "verify")


def _the_new_release_is_fetched(buf: Buf, provider: Team) -> None:
    name = f"{provider.served.host}/acme/shop"
    for label in ("v2.0.0", "main"):
        fetched = buf("export", f"{name}:{label}", "-o", label, token=provider.token)
        assert fetched.code == 0, fetched
        assert 'reserved "total"' in (buf.home / label / ORDER_FILE).read_text("utf-8")


def _stop_reading(team: Team) -> None:
    file, old, new = {
        "billing": ("src/invoice.py", ": {order.total}", ""),
        "shopfront": ("src/basket.ts", "${order.total} for ", ""),
        "mail": ("fieldstone.uses.toml", f'"{TOTAL}" = ["src/Mail.java:20"]\n', ""),
    }[team.repo.root.name]
    team.repo.edit(file, old, new)


def _answer(provider: Team) -> tuple[int, str]:
    """What `can-i-remove` says of the total."""
    ran = provider.fieldstone("can-i-remove", TOTAL)
    assert "safe" not in ran.out
    return ran.code, ran.out.partition("\n")[0].removeprefix(f"{TOTAL} (shop): ")
