"""The pages in a real Chromium: search as you type, the keyboard, a phone, a dark screen, no script, hostile texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.server.pages.conftest import Open
from tests.server.running import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = 390
PATHS = ("/", "/?q=order", "/modules/shop", "/modules/money", "/modules/hostile", "/sign-in")
FOUND = "#found .cards a"


def words(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def test_a_search_finds_as_you_type_and_leads_to_a_module(shop: Serving, opened: Open) -> None:
    page = opened(shop.url)
    assert words(page, FOUND) == ["hostile", "money", "shop"]
    page.get_by_role("searchbox").type("total", delay=20)
    expect(page.locator(FOUND)).to_have_text(["acme.shop.v1.Order.total_price"])
    expect(page).to_have_url(f"{shop.url}/?q=total")  # an address to pass on
    assert page.evaluate("document.activeElement.id") == "q"
    page.get_by_role("searchbox").fill("shop")
    expect(page.locator("#found q")).to_have_text("shop")
    page.locator(FOUND).first.click()
    assert page.url == f"{shop.url}/modules/shop"
    assert page.get_by_role("heading", level=1).inner_text().split() == ["shop", "1.2.0"]


def test_a_search_needs_no_script(shop: Serving, opened: Open) -> None:
    page = opened(shop.url, scripts=False)
    page.get_by_role("searchbox").fill("Order")
    page.get_by_role("searchbox").press("Enter")
    assert page.url == f"{shop.url}/?q=Order"
    assert words(page, FOUND)[0] == "acme.shop.v1.Order"


def test_all_can_be_done_with_the_keyboard(shop: Serving, opened: Open) -> None:
    page = opened(shop.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.type("OrderService")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=OrderService")
    assert words(page, FOUND)[0] == "acme.shop.v1.OrderService"


def test_a_person_signs_in_looks_and_signs_out(shop: Serving, opened: Open) -> None:
    page = opened(f"{shop.url}/modules/shop")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Token of this registry").fill(shop.token)
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{shop.url}/modules/shop"
    assert page.locator(".who .name").inner_text() == "admin"
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("link", name="Sign in").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_until_one_is_chosen(shop: Serving, opened: Open, scheme: str) -> None:
    def is_dark() -> bool:
        return bool(page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 29)")

    page = opened(shop.url, scheme=scheme)
    assert is_dark() == (scheme == "dark")
    for chosen in ("light", "dark"):
        page.locator("button.theme").click()
        page.reload()
        assert is_dark() == (chosen == "dark")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_a_phone(shop: Serving, opened: Open, path: str) -> None:
    page = opened(shop.url + path, width=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize("path", PATHS)
def test_texts_of_others_are_inert_and_no_other_host_is_asked(shop: Serving, opened: Open, path: str) -> None:
    page = opened("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop.url + path.replace("order", "trap"))
    page.wait_for_load_state("networkidle")
    assert "owned" not in page.title()
    assert all(url.startswith(shop.url) for url in asked)
