"""The documented first hour in a repository of each shape: set up, release, commit through the hooks, check in CI."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.workspace import Ran, Repo
from tests.first_hour.shapes import SHAPES, build, clone

FAST = ("v1beta1", "v2-one-path", "vendored")
"""The shapes that every run of the tests has."""


def hooks(repo: Repo) -> list[Ran]:
    """Run the commands of the hooks that init wrote, as pre-commit does on a commit of everything."""
    repo.git("add", "--all")
    config: Any = yaml.safe_load(repo.read(".pre-commit-config.yaml"))
    entries = [shlex.split(hook["entry"]) for entry in config["repos"] for hook in entry["hooks"]]
    assert entries
    assert all(command == "fieldstone" for command, *_ in entries)
    return [repo.run(*arguments) for _, *arguments in entries]


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES]
)
def test_the_first_hour(
    name: str, tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    shape = SHAPES[name]
    repo = build(shape, tmp_path, environment)
    repo.capsys = capsys

    ran = repo.run("init", "--release")
    assert ran.code == 0, ran
    for path, module in shape.modules.items():
        assert f"released {module} 1.0.0" in ran.out
        assert f"permanent after the first release: module {module} ({path.removesuffix('/acme/place')})" in ran.err
    assert [ran.code for ran in hooks(repo)] == [0, 0]
    assert {path.partition("/")[0] for path in repo.snapshot() if "/" in path} == {*shape.modules.values()}
    assert [path for path in repo.snapshot() if "/schemas/google/" in path] == []
    assert repo.run("registry", "verify").code == 0
    repo.commit("adopt Fieldstone")

    before = repo.read(shape.source)
    added = before.replace("string id = 1;\n", "string id = 1;\n  string added = 9;\n")
    repo.write(shape.source, added)
    assert [ran.code for ran in hooks(repo)] == [0, 0]
    repo.commit("add a field")
    repo.write(shape.source, before.replace("string id = 1;", "int32 id = 1;"))
    *_, refused = hooks(repo)
    assert refused.code == 1
    assert "error[field-type-changed]" in refused.out
    assert f"--> {shape.source}:" in refused.out

    repo.git("checkout", "--quiet", "HEAD", "--", ".")
    ci = clone(repo, tmp_path / "ci", "--depth=1", "--recurse-submodules")
    ran = ci.run("check")
    assert (ran.code, ran.out) == (0, ""), ran
    assert "Allowed as 1.1.0" in ran.err
    ci.write(shape.source, before.replace("string id = 1;", "int32 id = 1;"))
    assert "field-type-changed" in ci.run("check", "--format", "concise").out


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_commits_go_through_pre_commit(name: str, tmp_path: Path, environment: Mapping[str, str]) -> None:
    shape = SHAPES[name]
    repo = build(shape, tmp_path, {**environment, "PRE_COMMIT_HOME": str(tmp_path / "cache")})
    programs = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    repo.environment = {**repo.environment, "PATH": programs}
    assert repo.spawn("init", "--release").code == 0
    subprocess.run(["pre-commit", "install"], cwd=repo.root, env=dict(repo.environment), check=True)
    repo.commit("adopt Fieldstone")

    before = repo.read(shape.source)
    repo.write(shape.source, before.replace("string id = 1;\n", "string id = 1;\n  string added = 9;\n"))
    repo.commit("add a field")
    repo.write(shape.source, before.replace("string id = 1;", "int32 id = 1;"))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        repo.commit("change a type")
    assert "error[field-type-changed]" in f"{refused.value.stdout}{refused.value.stderr}"
    assert repo.git("log", "--format=%s", "--max-count=2").split("\n")[:2] == ["add a field", "adopt Fieldstone"]
