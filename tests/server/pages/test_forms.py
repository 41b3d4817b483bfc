"""Signing in by a token, sessions, and forms that others have forged."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from fieldstone.registry.sql import audit, sessions
from fieldstone.registry.sql.database import Database
from tests.server.pages.registry import shop_registry
from tests.server.running import Serving, new_token, serving

COOKIE = "fieldstone-session"
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry that nobody reads without a token."""
    with shop_registry(tmp_path_factory.mktemp("closed"), "--no-anonymous-reads") as found:
        yield found


@pytest.fixture
def visits() -> Iterator[ExitStack]:
    """Closes the clients of a test."""
    with ExitStack() as found:
        yield found


def client(visits: ExitStack, served: Serving) -> httpx.Client:
    """A client that says, as browsers do, that forms come from pages of the server."""
    headers = {**HTML, "origin": served.url, "sec-fetch-site": "same-origin"}
    return visits.enter_context(httpx.Client(base_url=served.url, headers=headers, timeout=30))


def signed_in(visits: ExitStack, served: Serving, token: str, path: str = "/") -> httpx.Client:
    found = client(visits, served)
    answer = found.post("/sign-in", data={"token": token, "next": path})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    return found


def word(found: httpx.Client) -> str:
    """The word against forgery, as the page has it."""
    (text,) = re.findall(r'name="word" value="([0-9a-f]{64})"', found.get("/").text)
    return str(text)


def test_a_session_gives_the_rights_of_its_token_and_no_more(visits: ExitStack, closed: Serving) -> None:
    reader = signed_in(visits, closed, new_token(closed, "money-reader", "read", module="money"))
    assert httpx.get(f"{closed.url}/", headers=HTML).status_code == 401
    assert [one["name"] for one in reader.get("/index.json").json()["modules"]] == ["money"]
    assert reader.get("/modules/money").status_code == 200
    hidden, none = reader.get("/modules/shop"), reader.get("/modules/none")
    assert (hidden.status_code, none.status_code) == (403, 403)
    assert hidden.text.replace("shop", "none") == none.text
    for query in ("order", "shop", "team-billing"):
        assert reader.get("/index.json", params={"q": query}).json()["results"] == []
    assert "shop" not in reader.get("/modules/money").text  # which depends on it


def test_the_browser_keeps_no_token_and_scripts_see_no_session(visits: ExitStack, closed: Serving) -> None:
    answer = client(visits, closed).post("/sign-in", data={"token": closed.token})
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {*cookie.split("; ")}
    assert "Secure" not in cookie
    assert closed.token not in str(answer.headers)
    behind_tls = client(visits, closed).post(
        "/sign-in", data={"token": closed.token}, headers={"x-forwarded-proto": "https"}
    )
    assert re.match(rf"__Host-{COOKIE}=.*; Secure", behind_tls.headers["set-cookie"])
    secret = cookie.partition(";")[0].partition("=")[2]
    assert secret.encode() not in (closed.data / "registry.db").read_bytes()


def test_other_protocols_take_no_session(visits: ExitStack, closed: Serving) -> None:
    admin = signed_in(visits, closed, closed.token)
    assert admin.get("/modules/shop").status_code == 200
    assert admin.get("/api/v1/modules").status_code == 401
    made = admin.post("/api/v1/tokens", json={"name": "x", "scopes": ["admin"], "modules": ["*"], "days": 1})
    assert made.status_code == 401
    secret = admin.cookies[COOKIE]
    for scheme in ("Session", "Bearer", "session"):
        answer = httpx.get(f"{closed.url}/api/v1/modules", headers={"authorization": f"{scheme} {secret}"})
        assert answer.status_code == 401


def test_signing_out_ends_the_session_on_every_replica(
    visits: ExitStack, closed: Serving, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("replica") / "log"
    with serving(closed.data, "--no-anonymous-reads", log=log) as replica:
        here = signed_in(visits, closed, closed.token)
        there = visits.enter_context(httpx.Client(base_url=replica.url, headers=HTML, cookies=dict(here.cookies)))
        assert there.get("/modules/shop").status_code == 200
        kept = dict(here.cookies)
        assert here.post("/sign-out", data={"word": word(here)}).status_code == 303
        assert COOKIE not in here.cookies
        _ends(there)
        assert httpx.get(f"{closed.url}/modules/shop", headers=HTML, cookies=kept).status_code == 401


def test_a_revoked_token_ends_its_sessions(visits: ExitStack, closed: Serving) -> None:
    reader = signed_in(visits, closed, new_token(closed, "short-lived", "read"))
    assert reader.get("/modules/shop").status_code == 200
    admin = {"authorization": f"Bearer {closed.token}"}
    (id_,) = (
        token["id"]
        for token in httpx.get(f"{closed.url}/api/v1/tokens", headers=admin).json()
        if token["name"] == "short-lived"
    )
    assert httpx.delete(f"{closed.url}/api/v1/tokens/{id_}", headers=admin).status_code == 204
    assert reader.get("/modules/shop").status_code == 401


def test_a_session_ends_with_its_time(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    secret = sessions.begin(database, sessions.Session(subject="x"), audit.Actor("x"))
    assert sessions.find(database, secret) is not None
    with database.transaction() as connection:
        connection.execute(text("UPDATE sessions SET expires_at = '2020-01-01T00:00:00Z'"))
    assert sessions.find(database, secret) is None
    sessions.begin(database, sessions.Session(subject="y"), audit.Actor("y"))
    with database.reading() as connection:
        assert [subject for (subject,) in connection.execute(text("SELECT subject FROM sessions"))] == ["y"]


def _ends(there: httpx.Client) -> None:
    """Within two seconds; replicas look at the audit each second."""
    latest = time.monotonic() + 2
    while there.get("/modules/shop").status_code == 200:
        assert time.monotonic() < latest


def test_what_is_no_token_signs_nobody_in(visits: ExitStack, closed: Serving) -> None:
    for token in ("", "nonsense", "fst_" + "a" * 43, "a.b.c", "ü", "x" * 20_000, closed.token[:-1]):
        answer = client(visits, closed).post("/sign-in", data={"token": token})
        assert answer.status_code == 403, token
        assert "set-cookie" not in answer.headers
        assert 'role="alert"' in answer.text


FORGED = {
    "of another site": {"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"},
    "of a neighbour": {"sec-fetch-site": "same-site", "origin": "https://evil.example.com"},
    "of an older browser": {"origin": "https://evil.example.com"},
    "without an origin": {"origin": "null"},
    "of an origin that only begins alike": {"origin": "{url}.evil.example.com"},
    "of who hides the origin": {},
    "with one right header": {"sec-fetch-site": "same-origin", "origin": "https://evil.example.com"},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
def test_a_form_of_another_page_does_nothing(visits: ExitStack, closed: Serving, headers: dict[str, str]) -> None:
    admin = signed_in(visits, closed, closed.token)
    sent = {name: value.format(url=closed.url) for name, value in headers.items()}
    bare = visits.enter_context(httpx.Client(base_url=closed.url, headers={**HTML, **sent}, cookies={**admin.cookies}))
    assert bare.post("/sign-out", data={"word": word(admin)}).status_code == 403
    assert bare.post("/sign-in", data={"token": closed.token}).status_code == 403
    assert admin.get("/modules/shop").status_code == 200


def test_a_form_needs_the_word_of_its_own_session(visits: ExitStack, closed: Serving) -> None:
    mine, other = (signed_in(visits, closed, new_token(closed, name, "read")) for name in ("mine", "other"))
    for forged in ("", "0" * 64, word(other), mine.cookies[COOKIE]):
        assert mine.post("/sign-out", data={"word": forged}).status_code == 403, forged
    assert mine.get("/modules/shop").status_code == 200


def test_a_form_that_cannot_be_read_is_refused(visits: ExitStack, closed: Serving) -> None:
    found = client(visits, closed)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for content, headers, status in (
        (b"token=" + b"x" * 70_000, kind, 413),
        (b"token=%ff", kind, 422),
        (b"&".join(b"a=%d" % n for n in range(500)), kind, 422),
        (b"{}", {"content-type": "application/json"}, 422),
        (b"\xff\xfe", kind, 422),
    ):
        assert found.post("/sign-in", content=content, headers=headers).status_code == status


def test_signing_in_leads_to_no_other_site(visits: ExitStack, closed: Serving) -> None:
    for path in ("https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "javascript:1", "/\nx", ""):
        answer = client(visits, closed).post("/sign-in", data={"token": closed.token, "next": path})
        assert answer.headers["location"] == "/", path


def test_the_audit_tells_who_signed_in_and_out(visits: ExitStack, closed: Serving) -> None:
    visitor = signed_in(visits, closed, new_token(closed, "told", "read"))
    visitor.post("/sign-out", data={"word": word(visitor)})
    rows = httpx.get(f"{closed.url}/api/v1/audit", headers={"authorization": f"Bearer {closed.token}"}).text
    assert re.findall(r'"action\W+([\w-]+)\W+who\W+told', rows) == ["sign-in", "sign-out"]
