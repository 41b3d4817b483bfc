"""Every page of the documentation in a real Chromium, as wide as a desk and as narrow as a phone."""

from __future__ import annotations

import functools
import http.server
import itertools
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from tests.chromium import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DESK, PHONE = 1400, 390
"""Widths of screens, in CSS pixels."""
INSPECT = (Path(__file__).parent / "site_in_browser.js").read_text("utf-8")
EMPTY_INDEX = '{"config": {"lang": ["en"], "separator": " "}, "items": []}'
FILE_NAME = re.compile(r"[\w./-]+\.(md|html|py|json|svg)")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print no line for each request."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site on a server of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    with chromium() as running:
        yield running


def _page(browser: Browser, width: int, scheme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.add_init_script(INSPECT)
    page.set_default_timeout(60_000)
    return page


def _paths(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


@dataclass
class Survey:
    """All pages, each loaded once."""

    faults: list[str] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)
    links: dict[str, list[list[str]]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def survey(browser: Browser, address: str, site: Path) -> Survey:
    """What is seen on every page, on a desk and then on a phone."""
    found = Survey()
    page = _page(browser, DESK)
    page.route("**/search.js*", lambda route: route.fulfill(body=EMPTY_INDEX))  # the index takes long to load
    page.on("request", lambda request: found.requests.add(request.url))
    page.on("pageerror", lambda error: found.faults.append(f"{page.url}: {error}"))
    for path in _paths(site):
        page.set_viewport_size({"width": DESK, "height": 900})
        page.goto(address + path, wait_until="load")
        found.faults += (f"{path}: cut off on a desk: {block}" for block in page.evaluate("inspect.cut()"))
        found.faults += (f"{path}: no name: {element}" for element in page.evaluate("inspect.nameless()"))
        found.faults += (f"{path}: leaves its box: {words}" for words in page.evaluate("inspect.spilled()"))
        found.faults += (f"{path}: {fault}" for fault in _headings(page.evaluate("inspect.headings()")))
        found.links[path] = page.evaluate("inspect.links()")
        found.ids[path] = {*page.evaluate("inspect.ids()")}
        page.set_viewport_size({"width": PHONE, "height": 900})
        found.faults += (f"{path}: leaves a phone: {block}" for block in page.evaluate("inspect.unframed()"))
    page.close()
    return found


def test_pages_fit_a_desk_and_a_phone(survey: Survey) -> None:
    assert len(survey.links) > 180
    assert not survey.faults, "\n".join(survey.faults)


def test_links_lead_somewhere(survey: Survey, address: str, site: Path) -> None:
    dead = [*_dead(survey.links, survey.ids, address, site)]
    assert not dead, "\n".join(dead)


def test_pages_ask_no_other_host(survey: Survey, address: str) -> None:
    assert {url for url in survey.requests if not url.startswith((address, "data:", "blob:"))} == set()


def _headings(levels: list[int]) -> Iterator[str]:
    if levels.count(1) != 1:
        yield f"{levels.count(1)} headings of level 1"
    for above, level in itertools.pairwise(levels):
        if level > above + 1:
            yield f"a heading of level {level} below one of level {above}"


def _dead(links: dict[str, list[list[str]]], ids: dict[str, set[str]], address: str, site: Path) -> Iterator[str]:
    """Links to pages and anchors that there are not, and links whose text is a file."""
    for path, found in links.items():
        for target, text in found:
            if FILE_NAME.fullmatch(text):
                yield f"{path}: the link to {target} is called {text}"
            if not target.startswith(address):
                continue
            parts = urlsplit(target)
            file = unquote(parts.path).lstrip("/") or "index.html"
            if not (site / file).is_file():
                yield f"{path}: {target} leads nowhere"
            elif parts.fragment and file in ids and unquote(parts.fragment) not in ids[file]:
                yield f"{path}: {target} has no such anchor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_have_contrast(browser: Browser, address: str, scheme: str) -> None:
    page = _page(browser, DESK, scheme)
    paths = ("index", "reference/rules/index", "reference/rules/field-renamed", "reference/settings", "how-to/ci")
    faults: list[str] = []
    for path in paths:
        page.goto(f"{address}{path}.html", wait_until="load")
        faults += (f"{path}: {words}" for words in page.evaluate("inspect.faint()"))
    page.close()
    assert not faults, "\n".join(faults)


def test_the_switch_goes_from_light_to_dark(browser: Browser, address: str) -> None:
    page = _page(browser, DESK)
    page.goto(f"{address}index.html")
    seen = {}
    for _ in range(3):
        scheme = page.evaluate("document.body.dataset.mdColorScheme")
        seen[scheme] = page.evaluate("getComputedStyle(document.querySelector('svg.picture rect')).fill")
        page.locator("form[data-md-component=palette] label:not([hidden])").click()
    page.close()
    assert {*seen} == {"default", "slate"}
    assert seen["default"] != seen["slate"]


SEARCHED = {
    "docker": "how-to/containers",
    "confluent": "how-to/from-confluent",
    "migrate from buf": "how-to/from-buf",
    "field-renamed": "reference/rules/field-renamed.html",
}
"""What people type, and the beginning of an address that has to be among the first ten results."""


@pytest.mark.parametrize("local", [False, True], ids=["served", "as files"])
def test_search_finds(browser: Browser, address: str, site: Path, *, local: bool) -> None:
    page = _page(browser, DESK)
    page.goto(f"{site.as_uri() if local else address.rstrip('/')}/index.html")
    missing = {}
    for words, expected in [*SEARCHED.items()][-1:] if local else SEARCHED.items():
        found = _search(page, words)
        if not any(expected in url for url in found[:10]):
            missing[words] = found
    page.close()
    assert not missing


def _search(page: Page, words: str) -> list[str]:
    """The addresses of the results, once there are any for just these words."""
    field = page.get_by_role("combobox", name="Search")
    for _ in range(100):  # the key is heard once the scripts of the page have run
        page.keyboard.press("Control+k")
        page.wait_for_timeout(100)
        if field.is_visible():
            break
    field.fill(words)
    results = page.get_by_role("listbox", name="Search results").locator("a")
    results.first.wait_for()
    page.wait_for_timeout(500)  # the list of the words before is replaced at once, and not marked
    found: list[str] = results.evaluate_all("links => links.map((link) => link.href)")
    page.keyboard.press("Escape")
    return found


def test_the_table_of_rules_is_filtered(browser: Browser, address: str) -> None:
    page = _page(browser, DESK)
    page.goto(f"{address}reference/rules/index.html")
    shown = "[...document.querySelectorAll('table.rules td:first-of-type')].filter((cell) => cell.offsetParent).length"
    everything = page.evaluate(shown)
    page.get_by_role("searchbox", name="Search").fill("FIELD_SAME_NAME")
    of_buf = page.evaluate(shown)
    page.get_by_role("combobox", name="Group").select_option("fields")
    fields = page.evaluate(shown)
    page.get_by_role("checkbox", name="wire").check()
    page.wait_for_function("document.querySelector('.rules-count').textContent.includes(' of ')")
    of_wire = page.evaluate(shown)
    page.close()
    assert everything > of_buf > fields > of_wire > 0


def test_a_command_called_index_has_its_page(browser: Browser, address: str) -> None:
    page = _page(browser, DESK)
    page.goto(f"{address}reference/commands/index.html")
    assert page.locator("article h1").inner_text().startswith("Commands")
    page.locator("nav a", has_text="fieldstone index").first.click()
    page.wait_for_url("**/fieldstone-index.html")
    assert page.locator("article h1").inner_text().startswith("fieldstone index")
    page.close()


def test_the_keyboard_shows_where_it_is(browser: Browser, address: str) -> None:
    page = _page(browser, DESK)
    page.goto(f"{address}reference/rules/index.html")
    unseen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const at = document.activeElement, look = getComputedStyle(at);"
            " return [at.outerHTML.slice(0, 80), look.outlineStyle !== 'none' || look.boxShadow !== 'none'] })()"
        )
        unseen += [] if focused[1] else [focused[0]]
    page.close()
    assert not unseen
