"""The inbox and the pages of proposals: who sees what, who decides, and what a form cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from tests.server.pages.proposing import MARKUP, people, proposed, pushed, registry, tokens
from tests.server.pages.visiting import Signed, problem_of, sign_in
from tests.server.running import LONGEST, Buf, new_token, serving

__all__ = ["people", "registry", "tokens"]


def test_the_inbox_of_each(buf: Buf, people: Mapping[str, Signed], tokens: Mapping[str, str]) -> None:
    number = proposed(buf, tokens, "inbox")
    query = "/proposals.json?module=inbox"
    waiting = {name: [one["number"] for one in one_.data(query)["waiting"]] for name, one_ in people.items()}
    (mine,) = people["ada"].data(query)["others"]
    foreign = sign_in(buf.registry, new_token(buf.registry, "foreign", "approve", module="elsewhere"))

    assert waiting == {"ada": [], "lead": [number], "second": [number], "other": [], "admin-2": [number]}
    assert mine["is_mine"]
    assert foreign.data(query)["counts"]["all"] == 1  # it may read here without a token
    assert "Waiting for you" in people["lead"].page("/proposals?module=inbox").text
    assert people["lead"].data("/proposals.json?module=none")["counts"]["all"] == 0
    assert people["lead"].data(f"{query}&state=rejected")["others"] == []
    assert people["lead"].page("/proposals?state=nonsense").status_code == 422


def test_who_may_not_decides_neither_on_the_page_nor_by_force(
    buf: Buf, people: Mapping[str, Signed], tokens: Mapping[str, str]
) -> None:
    number = proposed(buf, tokens, "forged")
    page, form = f"/proposals/{number}", {"decision": "approve", "revision": 1, "reason": "fine"}
    lead, to = people["lead"], f"/proposals/{number}/decisions"
    refusals = {
        "author": people["ada"].send(to, form),
        "not named": people["other"].send(to, form),
        "no word": lead.send(to, form, word=""),
        "another's word": lead.send(to, form, word=people["ada"].word),
        "another site": lead.send(to, form, origin="https://evil.example"),
        "signed out": httpx.post(buf.registry.url + to, data=form, headers={"Origin": buf.registry.url}),
        "no reason": lead.send(to, {**form, "reason": " "}),
        "no such revision": lead.send(to, {**form, "revision": 9}),
        "no decision": lead.send(to, {**form, "decision": "bless"}),
        "not approved": people["ada"].send(to, {"decision": "release"}),
        "nothing there": lead.send("/proposals/999/decisions", form),
    }

    assert {name: answer.status_code for name, answer in refusals.items()} == {
        "author": 403,
        "not named": 403,
        "no word": 403,
        "another's word": 403,
        "another site": 403,
        "signed out": 401,
        "no reason": 422,
        "no such revision": 422,
        "no decision": 422,
        "not approved": 409,
        "nothing there": 404,
    }
    for name in ("ada", "other"):
        text = people[name].page(page).text
        assert "You cannot approve it" in text
        assert 'value="approve"' not in text
    assert lead.data(f"{page}.json")["shown"]["proposal"]["decisions"] == []


def test_a_decision_is_taken_once_and_revoked(
    buf: Buf, people: Mapping[str, Signed], tokens: Mapping[str, str]
) -> None:
    number = proposed(buf, tokens, "twice")
    page, to, lead = f"/proposals/{number}", f"/proposals/{number}/decisions", people["lead"]
    form = {"decision": "approve", "revision": 1, "reason": f"fine {MARKUP}"}
    first, again = lead.send(to, form), lead.send(to, form)
    approved = lead.data(f"{page}.json")
    text = lead.page(page).text
    (waiting,) = people["ada"].data("/proposals.json?module=twice")["waiting"]
    lead.send(to, {"decision": "revoke", "revision": 1, "reason": "not yet", "of": "lead"})

    assert (first.status_code, first.headers["location"]) == (303, page)
    assert (again.status_code, "has approved" in problem_of(again)) == (409, True)
    assert [one["who"] for one in approved["shown"]["proposal"]["decisions"]] == ["lead"]
    assert approved["shown"]["standing"]["state"] == "approved"
    assert waiting["number"] == number  # its author may release it
    assert "&lt;script&gt;" in text
    assert MARKUP not in text
    assert lead.data(f"{page}.json")["shown"]["standing"]["state"] == "open"


def test_a_decision_about_an_older_revision_shows_what_is_new(
    buf: Buf, people: Mapping[str, Signed], tokens: Mapping[str, str]
) -> None:
    number = proposed(buf, tokens, "moving")
    assert pushed(buf, tokens, "moving", "string id = 1;", "bytes id = 1;") == number
    lead, to = people["lead"], f"/proposals/{number}/decisions"
    late = lead.send(to, {"decision": "approve", "revision": 1, "reason": "it was only the total"})
    differences = lead.data(f"/proposals/{number}/diff/1..2.json")
    whole = lead.page(f"/proposals/{number}/diff/release..2").text

    assert late.status_code == 409
    assert f'href="/proposals/{number}/diff/1..2"' in problem_of(late)
    assert "it was only the total</textarea>" in late.text
    assert f'href="/proposals/{number}.json"' in late.text
    assert lead.data(f"/proposals/{number}.json")["shown"]["proposal"]["decisions"] == []
    lines = [(line["sign"], line["text"].strip()) for line in differences["files"][0]["lines"]]
    assert [line for line in lines if line[0] in "+-"] == [("-", "string id = 1;"), ("+", "bytes id = 1;")]
    assert "int64 total" in whole
    assert MARKUP not in whole


@pytest.mark.parametrize(
    "path", ["x", "0", "-1", "9" * 30, "1%2f..", "1/diff/0..1", "1/diff/x..y", "1/diff/release..9"]
)
def test_addresses_that_name_nothing(people: Mapping[str, Signed], path: str) -> None:
    assert people["lead"].page(f"/proposals/{path}").status_code == 404


def test_a_reader_without_rights_sees_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--no-anonymous-reads") as closed:
        for path in ("/proposals", "/proposals/1", "/proposals/1.json", "/audit"):
            answer = httpx.get(closed.url + path, headers={"Accept": "text/html"}, timeout=LONGEST)
            assert answer.status_code == 401
