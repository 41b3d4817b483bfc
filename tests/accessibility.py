"""axe-core, which finds in a page what hinders people with a screen reader, a keyboard or weak eyes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.server.pages.node import installed

if TYPE_CHECKING:
    from playwright.sync_api import Page


@cache
def _axe() -> str:
    with TemporaryDirectory() as folder:
        return (installed(Path(folder), "axe-core@4.14.1") / "axe-core/axe.min.js").read_text("utf-8")


def barriers(page: Page) -> list[str]:
    """The faults that axe finds in a page: its address and width, the rule, and the elements."""
    page.evaluate(_axe())
    where = f"{page.url} at {page.evaluate('innerWidth')}"
    found = page.evaluate("axe.run()")["violations"]
    return [f"{where}: {one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}" for one in found]
