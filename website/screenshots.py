"""The pictures of the registry's pages in the documentation: `python -m website.screenshots` takes them anew.

They are of a registry with the modules of the tests, in the Chromium of this machine: another one may take others.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx

from tests.chromium import chromium
from tests.server.pages.registry import POLICY, shop_registry
from tests.server.pages.releases.history import history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Browser

    from tests.server.running import Serving

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
SHOTS = {"search": ("/?q=order", "light"), "module": ("/modules/shop", "dark")}
"""Name -> the address, and light or dark."""
PAST_SHOTS = {
    "type": ("/modules/shop/2.0.0/acme.shop.v1.Order", "light"),
    "field": ("/fields/shop/acme.shop.v1.Order.total", "dark"),
    "diff": ("/modules/shop/diff/1.1.0..2.0.0", "light"),
}
"""The same in a registry whose module has a history with breaks."""
_SIZE = {"width": 960, "height": 860}


def take(folder: Path = FOLDER) -> None:
    """Take all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, shop_registry(Path(scratch), "--npm-scope", "acme") as registry:
        headers = {"authorization": f"Bearer {registry.token}"}
        policy = {"content": POLICY, "after": 0}
        httpx.put(f"{registry.url}/api/v1/policy", json=policy, headers=headers).raise_for_status()
        _take_all(SHOTS, registry, folder)
    with TemporaryDirectory() as scratch, history(Path(scratch)) as registry:
        _take_all(PAST_SHOTS, registry, folder)


def _take_all(shots: Mapping[str, tuple[str, str]], registry: Serving, folder: Path) -> None:
    with chromium() as browser:
        for name, (address, scheme) in shots.items():
            _take(browser, registry, address, scheme, folder / f"{name}.png")


def _take(browser: Browser, registry: Serving, address: str, scheme: str, file: Path) -> None:
    page = browser.new_page(viewport=_SIZE, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(registry.url + address, wait_until="networkidle")
    page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    take()
