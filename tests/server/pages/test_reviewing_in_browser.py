"""Proposals and the audit in a real Chromium: with and without scripts, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import Browser, expect

from tests.server.pages.deciding import decide, faults, state, visiting
from tests.server.pages.proposing import MARKUP, proposed, pushed, registry, tokens
from tests.server.pages.test_in_browser import PHONE
from tests.server.running import Buf

pytestmark = pytest.mark.slow
__all__ = ["registry", "tokens"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_decision_that_comes_too_late_is_taken_again(
    buf: Buf, browser: Browser, tokens: Mapping[str, str], *, scripts: bool
) -> None:
    module = f"late{scripts}".lower()
    number = proposed(buf, tokens, module)
    with visiting(browser, buf.registry, tokens["lead"], "/proposals", scripts=scripts) as page:
        page.get_by_role("link", name=f"{number} {module}").click()
        assert pushed(buf, tokens, module, "string id = 1;", "bytes id = 1;") == number
        decide(page, "Approve", "only the total")
        expect(page.get_by_role("alert")).to_contain_text("is not the newest")
        assert page.get_by_label("Reason").input_value() == "only the total"
        assert state(page) == "open"
        page.get_by_role("link", name="See what changed since").click()
        expect(page.locator("tr.added")).to_contain_text("bytes id = 1;")
        page.get_by_role("link", name=f"Proposal {number}").click()
        decide(page, "Approve", "the id, too")
        expect(page.locator("h1 .mark")).to_have_text("approved")
        assert page.url == f"{buf.registry.url}/proposals/{number}"
        expect(page.locator("#history ~ ol").last).to_contain_text("the id, too")


def test_pages_fit_a_phone_and_hold_no_script_of_others(buf: Buf, browser: Browser, tokens: Mapping[str, str]) -> None:
    number = proposed(buf, tokens, "small")
    served = buf.registry
    with visiting(browser, served, served.token, "/proposals") as page:
        page.set_viewport_size({"width": PHONE, "height": 800})
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        for path in ("/proposals", f"/proposals/{number}", f"/proposals/{number}/diff/release..1", "/audit"):
            page.goto(served.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path
        page.goto(f"{served.url}/proposals/{number}/diff/release..1")
        expect(page.locator("tr.added")).to_contain_text(MARKUP)


@pytest.mark.installs
def test_axe_finds_nothing_before_and_after_a_refused_decision(
    buf: Buf, browser: Browser, tokens: Mapping[str, str]
) -> None:
    number = proposed(buf, tokens, "clear")
    address = f"/proposals/{number}"
    with visiting(browser, buf.registry, tokens["lead"], address) as page:
        found = faults(page)
        assert pushed(buf, tokens, "clear", "string id = 1;", "bytes id = 1;") == number
        decide(page, "Approve", "too late")
        expect(page.get_by_role("alert")).to_be_visible()
        found += faults(page)
        page.goto(f"{buf.registry.url}{address}/diff/release..2")
        found += faults(page)
    assert not found, "\n".join(found)
