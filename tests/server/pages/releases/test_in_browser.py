"""The pages of releases in a real Chromium: navigation, comparison, a filter, a phone, no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.pages.conftest import Open
from tests.server.running import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

PHONE = 390
ORDER = "acme.shop.v1.Order"
PATHS = (
    "/modules/shop/2.0.0",
    f"/modules/shop/2.0.0/{ORDER}",
    "/modules/shop/1.1.0/acme.shop.v1.OrderService",
    "/modules/shop/2.0.0/source/acme/shop/v1/shop.proto",
    f"/fields/shop/{ORDER}.total",
    f"/fields/shop/{ORDER}.total_price",
    "/modules/shop/diff/1.1.0..2.0.0",
    "/modules/hostile/1.0.0/acme.hostile.v1.Trap",
)


def sign_in(past: Serving, page: Page) -> None:
    """Sign in as the admin."""
    page.goto(f"{past.url}/sign-in?next=/")
    page.get_by_label("Token of this registry").fill(past.token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("text=Sign out")


@pytest.fixture
def desk(past: Serving, opened: Open) -> Page:
    """A page of the admin."""
    page = opened("about:blank")
    sign_in(past, page)
    return page


def heading(page: Page) -> str:
    return " ".join(page.get_by_role("heading", level=1).inner_text().split())


def test_a_person_goes_from_the_first_page_to_a_field(past: Serving, desk: Page) -> None:
    desk.get_by_role("link", name="shop", exact=True).first.click()
    desk.get_by_role("link", name="2.0.0", exact=True).first.click()
    assert heading(desk) == "shop 2.0.0"
    desk.get_by_label("Filter types").type("life", delay=20)
    desk.wait_for_selector("text=1 type for")
    assert desk.locator("#types .types a").all_inner_texts() == ["OrderState"]
    desk.get_by_label("Filter types").fill("")
    desk.get_by_role("link", name="Order", exact=True).click()
    assert heading(desk) == "message Order"
    desk.get_by_role("link", name="total", exact=True).click()
    assert heading(desk) == "field total"
    assert desk.locator(".verdict").inner_text().split()[0] == "blocked"
    assert "billing 1.0" in desk.locator(".readers").inner_text()
    desk.get_by_role("link", name="acme/shop/v1/shop.proto:35").click()
    assert desk.url == f"{past.url}/modules/shop/2.0.0/source/acme/shop/v1/shop.proto#L35"
    assert desk.locator("tr:target code").inner_text().strip() == "int32 total = 3 [deprecated = true];"


@pytest.mark.parametrize("scripts", [True, False])
def test_two_releases_are_chosen_and_compared(past: Serving, opened: Open, scripts: bool) -> None:  # noqa: FBT001
    page = opened("about:blank", scripts=scripts)
    sign_in(past, page)
    page.goto(f"{past.url}/modules/shop/diff")
    page.get_by_label("From", exact=True).select_option("1.0.0")
    page.get_by_label("To", exact=True).select_option("2.0.0")
    page.get_by_role("button", name="Compare").click()
    assert heading(page) == "shop: 1.0.0 to 2.0.0"
    assert "major version" in page.locator(".verdict").inner_text()
    assert "18 8080808008" in page.locator(".findings").inner_text()
    assert "billing" in page.locator("#impact + ul").inner_text()
    page.get_by_role("link", name="Link to this comparison").click()
    assert page.url == f"{past.url}/modules/shop/diff/1.0.0..2.0.0"


def test_a_filter_needs_no_script(past: Serving, opened: Open) -> None:
    page = opened("about:blank", scripts=False)
    sign_in(past, page)
    page.goto(f"{past.url}/modules/shop/2.0.0")
    page.get_by_label("Filter types").fill("service")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("#types .types a").all_inner_texts() == ["OrderService"]


def test_pages_fit_a_phone_and_texts_of_others_are_inert(past: Serving, desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.set_viewport_size({"width": PHONE, "height": 900})
    for path in PATHS:
        desk.goto(past.url + path)
        assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE, path
        assert "owned" not in desk.title()
    assert all(url.startswith(past.url) for url in asked)
