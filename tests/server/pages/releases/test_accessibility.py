"""axe finds nothing to mend on the pages of releases, in light and in dark, on a desk and on a phone."""

from __future__ import annotations

import pytest

from tests.accessibility import barriers
from tests.server.pages.conftest import Open
from tests.server.pages.releases.test_in_browser import PATHS, PHONE, sign_in
from tests.server.running import Serving

pytestmark = pytest.mark.installs


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(past: Serving, opened: Open, scheme: str) -> None:
    page = opened("about:blank", scheme=scheme)
    sign_in(past, page)
    found: list[str] = []
    for path in PATHS:
        for width in (1200, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(past.url + path)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            found += barriers(page)
    assert not found, "\n".join(found)
