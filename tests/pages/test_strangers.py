"""The tutorials, followed by somebody who has installed what they say, and has nothing else of this repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.workspace import HERE
from tests.pages.page import beginning, difference, play
from tests.pages.shell import Shell

TUTORIALS = ("first-schema", "schema-to-database", "package-for-a-team", "registry-for-all-teams")


def installed(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """A new environment with Fieldstone and what the tutorials install beside it, and git: nothing else on PATH."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    sources = [f"{HERE}[package,serve]", str(HERE / "packages" / "fieldstone-runtime"), "pre-commit"]
    env = {name: value for name, value in environment.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", *sources], env=env, check=True)
    git = shutil.which("git")
    assert git
    return {**env, "PATH": os.pathsep.join([str(folder / "bin"), str(Path(git).parent), "/usr/bin", "/bin"])}


@pytest.mark.installs
@pytest.mark.timeout(900)
def test_a_stranger_follows_each_tutorial_without_a_detour(tmp_path: Path, environment: Mapping[str, str]) -> None:
    env = installed(tmp_path / "tools", environment)
    for name in TUTORIALS:
        text = (HERE / "docs" / "tutorials" / f"{name}.md").read_text("utf-8")
        state, inside = beginning(text)
        assert state == "empty"
        folder = tmp_path / name / inside
        folder.mkdir(parents=True)
        with Shell(folder, folder.parent, env) as shell:
            assert difference(text, play(text, shell)) == "", name
