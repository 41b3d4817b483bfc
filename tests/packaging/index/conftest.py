"""Packages to index, and the command in an empty folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.workspace import Repo, pinned_environment
from tests.packaging.index.clients import Clients
from tests.packaging.index.makers import build_npm, build_python
from tests.packaging.index.servers import TOKEN, Serving, serving_index


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every command runs under."""
    return pinned_environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What hatchling and npm made: two versions of Acme.Money, a shop that needs it; the same for npm."""
    scratch, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    build_python(scratch, out, "Acme.Money", "1.0.0", targets=("sdist", "wheel"))
    build_python(scratch, out, "Acme.Money", "1.1.0")
    build_python(scratch, out, "acme-shop", "2.0.0", dependencies=("acme-money>=1.1",))
    build_npm(scratch, out, "@acme/hello", "1.2.0")
    build_npm(scratch, out, "@acme/hello", "1.3.0-rc.1")
    build_npm(scratch, out, "acme-world", "0.1.0", dependencies={"@acme/hello": "^1.0.0"})
    out.joinpath(".gitignore").write_text("*\n")
    out.joinpath("java").mkdir()
    out.joinpath("java", "pom.xml").write_text("<project/>\n")
    return out


@pytest.fixture(scope="session")
def open_index(dist: Path, environment: dict[str, str]) -> Iterator[Serving]:
    """`fieldstone index serve` that lets everybody in."""
    with serving_index(environment, dist) as serving:
        yield serving


@pytest.fixture(scope="session")
def guarded_index(
    dist: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serving]:
    """`fieldstone index serve` that takes one of three tokens, the last from the environment."""
    tokens = tmp_path_factory.mktemp("tokens") / "tokens.txt"
    tokens.write_text(f"another\n\n{TOKEN}\n")
    with serving_index({**environment, "FIELDSTONE_INDEX_TOKEN": "third"}, dist, "--token-file", tokens) as serving:
        yield serving


@pytest.fixture
def here(tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Iterator[Repo]:
    """The command in a folder with nothing in it."""
    root = tmp_path / "here"
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield Repo(root, environment, capsys)


@pytest.fixture
def clients(tmp_path: Path) -> Clients:
    """pip, uv, npm and Poetry."""
    scratch = tmp_path / "clients"
    scratch.mkdir()
    return Clients(scratch)
