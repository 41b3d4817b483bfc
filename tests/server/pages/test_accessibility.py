"""axe finds nothing to mend on any page, in light and in dark."""

from __future__ import annotations

import pytest

from tests.accessibility import barriers
from tests.server.pages.conftest import Open
from tests.server.pages.test_in_browser import PATHS, PHONE
from tests.server.running import Serving

pytestmark = pytest.mark.installs


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(shop: Serving, opened: Open, scheme: str) -> None:
    page = opened(shop.url, scheme=scheme)
    found: list[str] = []
    for path in (*PATHS, "/?q=nothing-has-this-name"):
        for width in (1200, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(shop.url + path)
            found += barriers(page)
    assert not found, "\n".join(found)
