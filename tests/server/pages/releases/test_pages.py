"""The pages of releases: what they show, to whom, and what becomes of hostile texts and addresses."""

from __future__ import annotations

import re
import socket
from typing import Any

import httpx
import pytest

from tests.server.running import LONGEST, Serving, new_token

ORDER = "acme.shop.v1.Order"
CLIENT = httpx.Client(timeout=LONGEST)


def get(past: Serving, path: str, token: str | None = None, accept: str = "text/html") -> httpx.Response:
    """A page, for the admin unless another token is given, or "" for none."""
    secret = past.token if token is None else token
    headers = {"Accept": accept, **({"Authorization": f"Bearer {secret}"} if secret else {})}
    return CLIENT.get(f"{past.url}{path}", headers=headers)


def data(past: Serving, path: str) -> Any:
    """The JSON twin of a page."""
    answer = get(past, path, accept="application/json")
    assert answer.status_code == 200, answer.text
    return answer.json()


def links(page: str) -> set[str]:
    found = re.findall(r'href="(/(?:modules|fields)/[^"#?]*)', page)
    return {path for path in found if not path.endswith(".json")}


@pytest.mark.slow
def test_every_link_leads_to_a_page_whose_twin_is_json(past: Serving) -> None:
    known, waiting = set[str](), {"/modules/shop/2.0.0"}
    while waiting:
        path = waiting.pop()
        known.add(path)
        answer = get(past, path)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        if "2.0.0" in path:
            assert get(past, f"{path}.json").json() == get(past, path, accept="application/json").json(), path
        waiting |= links(answer.text) - known
    assert len(known) > 40
    assert f"/modules/shop/1.0.0/{ORDER}" in known
    assert "/modules/money/1.0.0/acme.money.v1.Amount" in known


def test_a_release_lists_its_types_and_filters_them(past: Serving) -> None:
    page, found = get(past, "/modules/shop/2.0.0").text, data(past, "/modules/shop/2.0.0.json?q=reads+orders")

    assert "changed" not in page.partition('id="types"')[2]
    assert "This is not the newest release" not in page
    assert "This is not the newest release" in get(past, "/modules/shop/1.0.0").text
    assert [one["name"] for one in found["packages"][0]["types"]] == ["OrderService"]
    assert found["facts"]["previous"] == "1.1.0"
    assert "new in 1.1.0" in get(past, "/modules/shop/1.1.0").text


def test_a_field_tells_its_life_its_users_and_whether_it_can_go(past: Serving) -> None:
    total, gone, id_ = (data(past, f"/fields/shop/{ORDER}.{name}") for name in ("total", "total_price", "id"))

    assert (total["life"]["since"], total["life"]["deprecated_since"]) == ("1.0.0", "1.1.0")
    assert [one["form"]["declaration"] for one in total["life"]["stretches"]] == [
        "int64 total = 3;", "int64 total = 3;", "int32 total = 3;",
    ]  # fmt: skip
    assert total["answer"]["verdict"] == "blocked"
    (reader,) = total["readers"]
    assert (reader["consumer"], reader["rank"], reader["environments"]) == ("billing", "scan", ["production"])
    assert (gone["life"]["until"], gone["answer"]) == ("2.0.0", None)
    assert gone["life"]["number_reserved"] is gone["life"]["name_reserved"] is True
    assert [one["consumer"] for one in gone["readers"]] == ["billing"]
    assert id_["answer"]["readers"][0]["rank"] == "declared"
    page = get(past, f"/fields/shop/{ORDER}.total_price").text
    assert "src/&lt;b&gt;a&lt;/b&gt;.py:2" in page
    assert "Consumers that never published their uses" in page


def test_two_releases_are_compared_with_proof_and_with_whom_it_breaks(past: Serving) -> None:
    found = data(past, "/modules/shop/diff/1.1.0..2.0.0")
    by_form = data(past, "/modules/shop/diff.json?old=1.1.0&new=2.0.0")

    assert found == by_form
    assert found["bump"] == "major"
    by_rule = {one["rule"]: one for one in found["findings"]}
    changed = by_rule["field-type-changed"]
    assert changed["waiver"]["reason"] == "nobody reads it & nobody wants it"
    assert {one["surface"] for one in changed["witnesses"]} == {"wire", "json"}
    assert changed["witnesses"][0]["reader"] == "2.0.0"
    assert [one["consumer"] for one in changed["used_by"]] == ["billing"]
    assert [(one["consumer"], len(one["concerns"])) for one in found["impact"]] == [("billing", 2)]
    (group,) = found["groups"]
    assert (group["subject"], len(group["changes"])) == (ORDER, 3)
    page = get(past, "/modules/shop/diff/1.1.0..2.0.0").text
    assert changed["witnesses"][0]["encoded"] in page
    assert "nobody reads it &amp; nobody wants it" in page
    assert "<b>" not in page


def test_backwards_and_against_itself_compare_too(past: Serving) -> None:
    same, back = (data(past, f"/modules/shop/diff/{pair}") for pair in ("1.0.0..1.0.0", "2.0.0..1.0.0"))

    assert (same["bump"], same["findings"], same["groups"]) == ("none", [], [])
    assert {one["rule"] for one in back["findings"]} >= {"field-removed-without-reserve", "field-type-changed"}


def test_source_has_lines_to_point_at(past: Serving) -> None:
    page = get(past, "/modules/shop/2.0.0/source/acme/shop/v1/shop.proto").text

    assert '<tr id="L4">' in page
    assert '<span class="k">edition</span> = <span class="s">&#34;2023&#34;</span>;' in page


@pytest.mark.parametrize("path", ["/modules/hostile/1.0.0", "/modules/hostile/1.0.0/acme.hostile.v1.Trap",
    "/fields/hostile/acme.hostile.v1.Trap", "/fields/hostile/acme.hostile.v1.Trap.bait",
    "/modules/hostile/1.0.0/source/acme/hostile/v1/trap.proto", "/modules/hostile/diff/1.0.0..1.0.0"])  # fmt: skip
def test_hostile_texts_are_only_text(past: Serving, path: str) -> None:
    page = get(past, path).text

    assert re.search(r"<(script(?! src=)|img|h1>Owned|b>)", page) is None
    assert re.search(r"""\bon\w+=["']|href=["']?\s*javascript""", re.sub(r">[^<]*<", "><", page)) is None
    assert "49" not in re.sub(r"[\w-]*49[\w-]+", "", page.partition("<main")[2].partition("Digest")[0])
    assert "\u202e" not in page


def test_a_type_that_is_called_json_has_a_page(past: Serving) -> None:
    assert data(past, "/modules/hostile/1.0.0/acme.hostile.v1.json")["type"]["name"] == "json"


@pytest.mark.parametrize(
    ("path", "helps"),
    [
        ("/modules/shp/1.0.0", "did you mean shop?"),
        ("/modules/shop/1.0", "it has 2.0.0, 1.1.0, 1.0.0"),
        (f"/modules/shop/2.0.0/{ORDER}s", f"did you mean {ORDER}?"),
        (f"/fields/shop/{ORDER}.totl", f"did you mean {ORDER}.total?"),
        ("/modules/shop/2.0.0/source/acme/shop/v1/shp.proto", "did you mean acme/shop/v1/shop.proto?"),
        ("/modules/shop/2.0.0/source/..%2f..%2fetc/passwd", ""),
        ("/modules/shop/diff/1.0.0..3.0.0", "it has 2.0.0, 1.1.0, 1.0.0"),
        ("/modules/shop/diff/1.0.0", "write them as 1.0.0..2.0.0"),
        ("/modules/shop/2.0.0?page=2", "it has 1"),
        ("/modules/%00/1.0.0", ""),
        ("/fields/shop/%00%ff", ""),
        ("/fields/%2e%2e/x", ""),
    ],
)
def test_what_is_not_there_is_told_with_what_is(past: Serving, path: str, helps: str) -> None:
    answer = get(past, path)

    assert answer.status_code == 404, answer.text
    assert helps in answer.text
    assert str(past.data) not in answer.text


def test_dots_in_a_path_lead_nowhere(past: Serving) -> None:
    request = (
        f"GET /modules/shop/2.0.0/source/../../../../registry.db HTTP/1.1\r\nHost: {past.host}\r\n"
        f"Authorization: Bearer {past.token}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", past.port), timeout=LONGEST) as sent:
        sent.sendall(request.encode())
        assert sent.makefile("rb").readline().split()[1] == b"404"


def test_who_may_not_read_a_module_is_told_what_anybody_is(past: Serving) -> None:
    token = new_token(past, "reads-money", "read", module="money")
    hidden = (
        "/modules/{}/1.0.0",
        "/modules/{}/1.0.0/x.Y",
        "/fields/{}/x.Y",
        "/modules/{}/diff",
        "/modules/{}/diff/1..2",
    )
    for path in (*hidden, "/modules/{}/1.0.0/source/x.proto"):
        there, nowhere = (get(past, path.format(name), token) for name in ("shop", "shoq"))
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.text.replace("shop", "shoq") == nowhere.text
        assert get(past, path.format("shop"), "").status_code == 401
    assert get(past, "/modules/money/1.0.0", token).status_code == 200


def test_a_type_of_a_module_that_one_may_not_read_is_no_link(past: Serving) -> None:
    token = new_token(past, "reads-shop", "read", module="shop")
    page = get(past, f"/modules/shop/1.1.0/{ORDER}", token).text

    assert "acme.money.v1.Amount" in page
    assert "/modules/money" not in page + get(past, "/modules/shop/1.1.0", token).text
