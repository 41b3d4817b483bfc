"""axe finds nothing to mend on the pages of releases, in light and in dark, on a desk and on a phone."""

from __future__ import annotations

import pytest

from tests.server.pages.conftest import Open
from tests.server.pages.releases.test_in_browser import PATHS, PHONE, sign_in
from tests.server.pages.test_accessibility import axe
from tests.server.running import Serving

__all__ = ["axe"]
pytestmark = pytest.mark.installs


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(past: Serving, opened: Open, axe: str, scheme: str) -> None:
    page = opened("about:blank", scheme=scheme)
    sign_in(past, page)
    found = []
    for path in PATHS:
        for width in (1200, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(past.url + path)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            page.evaluate(axe)
            for violation in page.evaluate("axe.run()")["violations"]:
                places = [node["html"] for node in violation["nodes"]]
                found.append(f"{path} at {width}: {violation['id']}: {violation['help']}: {places}")
    assert not found, "\n".join(found)
