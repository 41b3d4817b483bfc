"""People who decide about a proposal on its page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tests.accessibility import barriers
from tests.server.running import LONGEST, Serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@contextmanager
def visiting(browser: Browser, served: Serving, token: str, path: str, *, scripts: bool = True) -> Iterator[Page]:
    """Open an address, sign in from there, and be back at it."""
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(1000 * LONGEST)
    page.goto(served.url + path)
    page.get_by_role("link", name="Sign in", exact=True).first.click()
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(served.url + path)
    yield page
    context.close()


def decide(page: Page, button: str, reason: str = "") -> None:
    """Fill in the form with the keyboard, and press a button."""
    if reason:
        page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")


def state(page: Page) -> str:
    """The state of the proposal in the heading."""
    return page.locator("h1 .mark").inner_text()


def forge(page: Page, served: Serving, path: str, origin: str, *, with_word: bool) -> int:
    """Send the approval that the page does not offer, with the session of the browser; the status of the answer."""
    cookies = {str(one["name"]): str(one["value"]) for one in page.context.cookies()}
    word = page.locator("input[name=word]").first.get_attribute("value") if with_word else ""
    form = {"word": word, "decision": "approve", "revision": "1", "reason": "forged"}
    answer = httpx.post(served.url + path, data=form, cookies=cookies, headers={"Origin": origin}, timeout=LONGEST)
    return answer.status_code


def faults(page: Page) -> list[str]:
    """What hinders people on the page on a desk, in the dark, and as wide as a phone."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    found = barriers(page)
    page.emulate_media(color_scheme="dark")
    found += barriers(page)
    page.set_viewport_size({"width": 390, "height": 844})
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{page.url} scrolls sideways on a phone")
    return found + barriers(page)


def number_of(said: str) -> int:
    """The number of the proposal that the answer to a push names."""
    found = re.search(r"/proposals/(\d+)", said)
    assert found, said
    return int(found[1])
