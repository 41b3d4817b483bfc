"""Both forms of a page, its headers, and errors as pages."""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from fieldstone.server import pages
from tests.server.pages.registry import POLICY
from tests.server.running import Serving, serving

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
STATIC = Path(pages.__file__).parent / "static"


def test_every_page_has_a_twin(shop: Serving) -> None:
    for path, twin in (
        ("/", "/index.json"),
        ("/?q=order", "/index.json?q=order"),
        ("/modules/shop", "/modules/shop.json"),
    ):
        page = httpx.get(shop.url + path, headers=BROWSER)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert f'href="{twin}"' in page.text
        told = httpx.get(shop.url + twin)
        negotiated = httpx.get(shop.url + path, headers={"accept": "application/json"})
        assert told.json() == negotiated.json()
        assert told.headers["content-type"] == "application/json"
    assert httpx.get(f"{shop.url}/modules/none.json").json()["problem"] == "There is no module none in this registry."


def test_a_page_may_load_files_of_this_server_only(shop: Serving) -> None:
    page = httpx.get(f"{shop.url}/modules/shop", headers=BROWSER)
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == "'none'"
    assert {*policy.values()} == {"'self'", "'none'"}
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.findall(r"<style|<script(?! src=\"/static/)| style=| on\w+=|javascript:", page.text)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        answer = httpx.get(shop.url + address)
        digest = hashlib.sha256(answer.content).hexdigest()
        assert (answer.status_code, address.split("/")[2]) == (200, digest[:16])
        assert "immutable" in answer.headers["cache-control"]
        assert httpx.get(shop.url + address.replace(digest[:4], "0000")).status_code == 404


def test_htmx_is_the_published_one() -> None:
    (published,) = re.findall("sha256 ([0-9a-f]{64})", (STATIC / "htmx.txt").read_text("utf-8"))
    assert hashlib.sha256((STATIC / "htmx.js").read_bytes()).hexdigest() == published


def test_a_browser_sees_errors_as_pages_and_clients_as_before(shop: Serving) -> None:
    for path in ("/nothing", "/modules/none", "/api/v1/modules/none/releases/1.0.0/x", "/static/0/pages.css/x"):
        page = httpx.get(shop.url + path, headers=BROWSER)
        assert (page.status_code, "<h1>Not found</h1>" in page.text) == (404, True), path
    for headers in ({}, {"accept": "*/*"}, {"accept": "application/json, text/html;q=0.1"}):
        told = httpx.get(f"{shop.url}/nothing", headers=headers)
        assert (told.status_code, told.json()["kind"]) == (404, "NotFound")


def test_addresses_that_lead_out_of_the_registry_lead_nowhere(shop: Serving) -> None:
    for path in (
        "/modules/..",
        "/modules/../../etc/passwd",
        "/modules/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/modules/..%5c..%5cetc",
        "/modules/%00",
        "/modules/shop%0d%0aset-cookie:%20x",
        "/static/../__init__.py",
        "/static/%2e%2e/endpoint.py",
        "/?page=0",
        "/?page=-1",
        "/?page=99999999999999999999",
        "/?page=%C2%B2",
        "/?q=x&page=2",
    ):
        status, text = plainly_asked(shop, path)
        assert status == 404, path
        assert "root:" not in text


def plainly_asked(served: Serving, path: str) -> tuple[int, str]:
    """The answer to a path as it is; httpx would resolve its dots."""
    with closing(HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
        connection.request("GET", path, headers=BROWSER)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_a_search_is_as_long_as_it_likes_and_finds_without_harm(shop: Serving) -> None:
    for query in ("x" * 5_000, "<script>alert(1)</script>", "%00", "' OR 1=1 --", "é", "{{ 7 * 7 }}"):
        answer = httpx.get(shop.url, params={"q": query}, headers=BROWSER)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "49" not in re.findall("<h1>.*?</h1>", answer.text, re.DOTALL)[0]


def test_a_module_tells_its_owner_releases_neighbours_and_how_to_install_it(shop: Serving) -> None:
    headers = {"authorization": f"Bearer {shop.token}"}
    policy = httpx.get(f"{shop.url}/api/v1/policy", headers=headers).json()
    changed = {"content": POLICY, "after": policy["number"]}
    assert httpx.put(f"{shop.url}/api/v1/policy", json=changed, headers=headers).is_success
    told = httpx.get(f"{shop.url}/modules/shop.json", headers=headers).json()
    assert [one["version"] for one in told["releases"]] == ["1.2.0", "1.1.0", "1.0.0"]
    assert told["releases"][0]["diff"] == "/modules/shop/diff/1.1.0..1.2.0"
    assert (told["owner"], told["owners"]) == ("acme", ["team-shop@example.com"])
    assert told["policy"] == {"surfaces": ["wire", "json"]}
    assert [(one["name"], one["version"]) for one in told["dependencies"]] == [("money", "1.0.0")]
    assert [(one["name"], one["environments"]) for one in told["consumers"]] == [
        ("billing", ["production"]),
        ("reports", []),
    ]
    install = {line["client"]: line["text"] for line in told["install"]}
    assert f"{shop.host}/acme/shop:v1.2.0" in install["buf"]
    assert install["npm"].endswith("npm install @acme/shop-contracts@1.2.0")
    page = httpx.get(f"{shop.url}/modules/shop", headers={**BROWSER, **headers}).text
    assert page.count('class="dot ') == len(told["releases"])
    assert "<em>the shop</em>" in page
    money = httpx.get(f"{shop.url}/modules/money.json", headers=headers).json()
    assert [one["name"] for one in money["dependents"]] == ["shop"]


def test_who_sends_too_much_or_asks_what_cannot_be_read_sees_a_page(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--rate", "1") as registry, httpx.Client(headers=BROWSER) as client:
        answers = [client.get(registry.url) for _ in range(8)]
        (registry.data / "registry.db").rename(tmp_path / "gone.db")
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert "<h1>Too many requests</h1>" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_registry_without_its_database_says_so_in_a_page(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as registry:
        for name in ("registry.db", "registry.db-wal", "registry.db-shm"):
            (registry.data / name).unlink(missing_ok=True)
        page = httpx.get(registry.url, headers=BROWSER)
        (registry.data / "registry.db").touch()
    assert page.status_code == 503
    assert "<h1>Not now</h1>" in page.text


class _Tags(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", ["/", "/?q=trap", "/?q=acme.hostile", "/modules/hostile"])
def test_markup_of_others_is_text(shop: Serving, path: str) -> None:
    for tag, attributes in _Tags(httpx.get(shop.url + path, headers=BROWSER).text).found:
        assert tag not in {"img", "iframe", "object", "style"}
        assert tag != "script" or str(attributes["src"]).startswith("/static/")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        link = attributes.get("href") or "/"
        assert link.startswith(("/", "#")), link
