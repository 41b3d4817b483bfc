"""The build: all pages as Markdown in one folder, and the engine over it.

The engine is Zensical, by the makers of Material for MkDocs, which ends in 2027. It reads mkdocs.yml. The pages are
plain Markdown when it begins, so that another engine can take its place.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from fieldstone.errors import Invalid
from website.navigation import SECTIONS, complete, pages_of
from website.overviews import overview
from website.pages import generated_pages
from website.pictures import all_pictures, canvas
from website.terminal import session

ROOT = Path(__file__).parent.parent
THEME = Path(__file__).parent / "theme"
_COPIED = {
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "fieldstone.schema.json": "reference/fieldstone.schema.json",
    "src/fieldstone/report/report.schema.json": "reference/report.schema.json",
}
"""Files of the repository that the site has, too, and their paths in it."""
_PICTURE = re.compile(r"^!\[([^\]]*)\]\((?:\.\./)*generated/pictures/([a-z-]+)\.svg\)$", re.MULTILINE)
_TERMINAL = "<!-- terminal -->"


def build(out: Path) -> None:
    """Build the site into a folder, which is replaced.

    Raises:
        Invalid: a link leads nowhere, a picture is unknown, or a page is in no navigation.
    """
    with TemporaryDirectory() as scratch:
        work = Path(scratch)
        write_pages(work / "docs")
        settings = _settings(work / "docs")
        (work / "mkdocs.yml").write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
        _run_engine(work)
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(work / "site", out)


def write_pages(folder: Path) -> None:
    """Write all pages, by hand and generated, with the assets of the theme."""
    shutil.copytree(ROOT / "docs", folder)
    shutil.copytree(THEME / "assets", folder / "assets")
    _write(folder / "assets" / "pictures.css", canvas.style_of_pages())
    for path, text in generated_pages().items():
        _write(folder / path, text)
    for source, path in _COPIED.items():
        text = (ROOT / source).read_text("utf-8")
        _write(folder / path, text.replace("](docs/", "](") if path.endswith(".md") else text)
    for page in folder.rglob("*.md"):
        text = page.read_text("utf-8")
        drawn = _PICTURE.sub(_drawn, text)
        page.write_text(drawn.replace(_TERMINAL, session()) if _TERMINAL in drawn else drawn, "utf-8")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise Invalid(f"{path} is generated, and there is a page of that name in docs/: remove one of them")
    path.write_text(text, "utf-8")


def _drawn(found: re.Match[str]) -> str:
    """A picture as part of the page, so that it follows the switch between light and dark."""
    name = found[2]
    if name not in all_pictures():
        raise Invalid(f"{found[0]} is no picture", fix=f"there are {', '.join(all_pictures())}")
    return f'<figure class="picture-frame">\n{all_pictures()[name].inline()}</figure>'


def _settings(docs: Path) -> Mapping[str, Any]:
    """The settings of the engine; the overviews of the sections are written on the way."""
    settings: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    settings["nav"] = complete(settings["nav"], docs)
    settings["theme"]["custom_dir"] = str(THEME / "overrides")
    for title, folder in SECTIONS.items():
        (entries,) = (item[title] for item in settings["nav"] if title in item)
        _write(docs / folder / "index.md", overview(folder, title, entries[1:], docs))
    lost = sorted({path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} - {*pages_of(settings["nav"])})
    if lost:
        raise Invalid(f"not in the nav of mkdocs.yml: {', '.join(lost)}")
    return settings


def _run_engine(work: Path) -> None:
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(work / "mkdocs.yml")]
    done = subprocess.run(
        command, cwd=work, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr).partition("Traceback")[0]
        raise Invalid(f"the engine refuses the pages:\n{said}")
