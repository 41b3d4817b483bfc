"""What the guide on adopting says about a release that is made before the tags of the history."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tests.pages.states import weather

if TYPE_CHECKING:
    import pytest


def test_a_first_release_can_make_way_for_the_tags(
    tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = weather(tmp_path / "weather", environment)
    repo.capsys = capsys
    monkeypatch.chdir(repo.root)
    ran = repo.run("init", "--release")
    assert ran.code == 0
    assert "can become releases" not in ran.err
    (folder, command) = re.findall(r"without the tags v\*; .* delete (\S+) before .* run `(.*)`", ran.err)[0]
    shutil.rmtree(folder)
    ran = repo.run(*shlex.split(command)[1:])
    assert (ran.code, ran.out) == (0, "v1.0.0  1.0.0  first\nv1.1.0  1.1.0  minor\n")
    assert "begins without" not in repo.run("init").err
