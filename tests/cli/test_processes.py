"""The buf processes that a command starts: each is work that it must do, and none is done twice."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.workspace import SHOP, Repo

ADDITION = ("  string id = 1;\n", "  string id = 1;\n  string buyer = 9;\n")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first argument of each buf process, as they are started."""
    found: list[str] = []
    start = subprocess.Popen.__init__

    def noted(process: Any, command: Any, *args: Any, **kwargs: Any) -> None:
        if Path(command[0]).name == "buf":
            found.append(command[1])
        start(process, command, *args, **kwargs)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    return found


def test_a_release_compiles_and_judges_once(grown: Repo, started: list[str]) -> None:
    grown.edit(SHOP, *ADDITION)
    assert grown.run("release", "shop", "--dry-run").code == 0
    assert sorted(started) == ["breaking", "build", "lint"]


def test_generated_code_needs_no_second_opinion(grown: Repo, started: list[str]) -> None:
    grown.edit(SHOP, *ADDITION)
    assert grown.run("generate", "shop").code == 0
    assert started == ["build"]
