"""A repository whose pull requests are checked, as each test gets it: on a branch of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.since.gate import SETTINGS, Gate
from tests.cli.workspace import Repo, as_template, copy_repo


@pytest.fixture(scope="session")
def gated_template(grown_template: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """What `gate` gives to each test."""
    root = tmp_path_factory.mktemp("gated") / "repo"
    shutil.copytree(grown_template.root, root)
    repo = Repo(root, grown_template.environment)
    repo.settings(SETTINGS)
    repo.write(".gitignore", ".fieldstone\n")
    repo.commit("settings")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("checkout", "--quiet", "-b", "change")
    return as_template(repo)


@pytest.fixture
def gate(gated_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    """money 1.0.0, shop 1.0.0 to 1.2.0 and `SETTINGS` on origin/main; a branch `change` on top of it."""
    return Gate(copy_repo(gated_template, tmp_path / "repo", capsys))
