"""A registry that all tests of pages share, and the browser that they drive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import chromium
from tests.server.pages.registry import shop_registry

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.server.running import Serving

Open = Callable[..., "Page"]


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry with something to see, which anybody on this machine may read."""
    with shop_registry(tmp_path_factory.mktemp("shop"), "--npm-scope", "acme") as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    with chromium() as running:
        yield running


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a page in a browser of its own; a fault in any of its scripts, or in what it may load, fails the test."""
    contexts, faults = [], []

    def open_(address: str, *, width: int = 1200, scheme: str = "light", scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not faults
