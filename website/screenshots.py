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

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.server.running import Serving

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
SHOTS = {"search": ("/?q=order", "light"), "module": ("/modules/shop", "dark")}
"""Name -> the address, and light or dark."""
_SIZE = {"width": 960, "height": 860}


def take(folder: Path = FOLDER) -> None:
    """Take all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, shop_registry(Path(scratch), "--npm-scope", "acme") as registry:
        headers = {"authorization": f"Bearer {registry.token}"}
        policy = {"content": POLICY, "after": 0}
        httpx.put(f"{registry.url}/api/v1/policy", json=policy, headers=headers).raise_for_status()
        with chromium() as browser:
            for name, (address, scheme) in SHOTS.items():
                _take(browser, registry, address, scheme, folder / f"{name}.png")


def _take(browser: Browser, registry: Serving, address: str, scheme: str, file: Path) -> None:
    page = browser.new_page(viewport=_SIZE, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(registry.url + address, wait_until="networkidle")
    page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    take()
