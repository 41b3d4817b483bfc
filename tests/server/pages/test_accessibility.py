"""axe finds nothing to mend on any page, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.pages.conftest import Open
from tests.server.pages.node import installed
from tests.server.pages.test_in_browser import PATHS, PHONE
from tests.server.running import Serving

pytestmark = pytest.mark.installs


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program, to be run in a page."""
    modules: Path = installed(tmp_path_factory.mktemp("axe"), "axe-core@4.14.1")
    return (modules / "axe-core/axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(shop: Serving, opened: Open, axe: str, scheme: str) -> None:
    page = opened(shop.url, scheme=scheme)
    found = []
    for path in (*PATHS, "/?q=nothing-has-this-name"):
        for width in (1200, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(shop.url + path)
            page.evaluate(axe)
            for violation in page.evaluate("axe.run()")["violations"]:
                places = [node["html"] for node in violation["nodes"]]
                found.append(f"{path} at {width}: {violation['id']}: {violation['help']}: {places}")
    assert not found, "\n".join(found)
