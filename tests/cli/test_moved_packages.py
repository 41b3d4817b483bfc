"""A package that moves as a whole: one finding that says so, and what really changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.workspace import Repo, new_repo

COUNT = 200
BUF_YAML = "version: v2\nmodules:\n  - path: app\nlint:\n  use: [MINIMAL]\n  except: [PACKAGE_DIRECTORY_MATCH]\n"


def sources(package: str, *, folder: str, changed: int | None = None) -> dict[str, str]:
    files = {}
    for i in range(COUNT):
        imported = f'import "{folder}/f{i - 1}.proto";\n' if i else ""
        other = f" M{i - 1} before = 2;" if i else ""
        kind = "int32" if i == changed else "string"
        files[f"app/{folder}/f{i}.proto"] = (
            f'syntax = "proto3";\npackage {package};\n{imported}message M{i} {{ {kind} id = 1;{other} }}\n'
        )
    return files


@pytest.fixture
def many(tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Repo:
    """200 messages in a package, released."""
    files = {"buf.yaml": BUF_YAML, **sources("acme.many.v1", folder="acme/many/v1")}
    repo = new_repo(tmp_path / "repo", files, environment)
    repo.capsys = capsys
    repo.release("app")
    repo.commit()
    return repo


def move(repo: Repo, folder: str, changed: int | None = None) -> None:
    for old in (repo.root / "app/acme/many/v1").glob("*.proto"):
        old.unlink()
    for path, text in sources("acme.many.v2", folder=folder, changed=changed).items():
        repo.write(path, text)


@pytest.mark.parametrize("folder", ["acme/many/v1", "acme/many/v2"])
def test_two_hundred_messages_are_one_finding(many: Repo, folder: str) -> None:
    move(many, folder)
    ran = many.run("check", "--no-style", "--format", "json")
    assert ran.code == 1
    (found,) = [f for m in json.loads(ran.out)["modules"] for f in m["findings"]]
    assert (found["rule"], found["subject"], found["breaks"]) == ("package-removed", "acme.many.v1", ["source"])
    assert "package `acme.many.v1` moved to `acme.many.v2` with 200 messages" in found["message"]
    assert "acme.many.v1.M7" in found["covers"]


def test_what_changed_inside_is_told_below(many: Repo) -> None:
    move(many, "acme/many/v2", changed=7)
    ran = many.run("check", "--no-style")
    first, second = [line for line in ran.out.splitlines() if line.startswith("error[")]
    assert first.startswith("error[package-removed]: package `acme.many.v1` moved to `acme.many.v2`")
    assert second.startswith("error[field-type-changed]: `id` of `acme.many.v1.M7` went from string to int32")
