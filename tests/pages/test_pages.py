"""Every console block of every page is run, and prints what the page shows.

`UPDATE_DOCS=1 make test-slow PYTEST_ARGS=tests/pages` writes what it prints now into the pages: review it before you
commit it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.workspace import HERE
from tests.pages.page import beginning, difference, is_played, play
from tests.pages.shell import Shell

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

    from tests.pages.states import Beginnings

PLAYED = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/*/README.md", "packages/*/README.md")
"""Where pages are."""


INSTALLS = re.compile(r"^\$ .*(?:pip|npm|uv) install|^\$ fieldstone package .*--(?:check|lang)", re.MULTILINE)
"""A command that asks an index for packages."""


def pages() -> Iterator[ParameterSet]:
    """The pages with commands to run."""
    for path in (path for pattern in PLAYED for path in sorted(HERE.glob(pattern))):
        text = path.read_text("utf-8")
        marks = [pytest.mark.installs] if INSTALLS.search(text) else []
        if is_played(text):
            yield pytest.param(path, id=name(path), marks=marks)


def name(page: Path) -> str:
    """A page's path in the repository."""
    return page.relative_to(HERE).as_posix()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", [*pages()])
def test_a_page_shows_what_its_commands_print(
    page: Path, tmp_path: Path, environment: Mapping[str, str], beginnings: Beginnings
) -> None:
    text = page.read_text("utf-8")
    state, inside = beginning(text)
    folder = tmp_path / inside
    beginnings.begin(state, folder)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with Shell(folder, tmp_path, {**environment, "PATH": programs}) as shell:
        played = play(text, shell)
    if os.environ.get("UPDATE_DOCS") == "1":
        page.write_text(played, "utf-8")
    elif played != text:
        fix = f"{name(page)}: UPDATE_DOCS=1 writes the new output into it"
        pytest.fail(f"{fix}\n{difference(text, played)}", pytrace=False)
