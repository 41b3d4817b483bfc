"""Repositories for the tests of the command line: each test gets a copy of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from fieldstone.project.project import Project
from fieldstone.toolchain import buf
from fieldstone.workflows.release import release
from tests.cli.many_modules import NAMES, many_module_sources
from tests.cli.workspace import (
    HERE,
    SHOP,
    SOURCES,
    Repo,
    as_template,
    copy_repo,
    many,
    many_sources,
    new_repo,
    pinned_environment,
)

A_YEAR_AGO = datetime.now(UTC) - timedelta(365)
"""The time of the first releases: a test may release on any day since."""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every command runs under."""
    return pinned_environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def pinned(environment: dict[str, str]) -> Iterator[None]:
    """Commands that run in this process see the same environment as those that do not."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def known_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process ask each buf for its version once in all tests."""
    monkeypatch.setattr(buf, "compiler", lambda: _compiler(buf.find_buf()))


_ask = buf.compiler


@cache
def _compiler(_binary: str) -> str:
    return _ask()


@pytest.fixture(scope="session")
def fresh_template(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repo:
    return as_template(new_repo(tmp_path_factory.mktemp("fresh") / "repo", SOURCES, environment))


@pytest.fixture(scope="session")
def released_template(
    fresh_template: Repo, tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Repo:
    repo = new_repo(tmp_path_factory.mktemp("released") / "repo", SOURCES, environment)
    release_all(repo, "money", "shop", now=A_YEAR_AGO)
    return as_template(repo)


@pytest.fixture(scope="session")
def grown_template(released_template: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """What `grown` gives to each test."""
    root = tmp_path_factory.mktemp("grown") / "repo"
    shutil.copytree(released_template.root, root)
    repo = Repo(root, released_template.environment)
    repo.git("tag", "v1.0.0")
    repo.edit(SHOP, "  Status status = 3;\n", "  Status status = 3;\n  string note = 4;\n")
    release_all(repo, "shop")
    repo.git("tag", "v1.1.0")
    repo.edit(SHOP, "  STATUS_PAID = 1;\n", "  STATUS_PAID = 1;\n  STATUS_SENT = 2;\n")
    release_all(repo, "shop")
    repo.git("tag", "v1.2.0")
    return as_template(repo)


@pytest.fixture(scope="session")
def large_template(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repo:
    """What `large` gives to each test."""
    repo = new_repo(tmp_path_factory.mktemp("large") / "repo", many_sources(), environment)
    release_all(repo, "schemas", version="0.1.0", now=A_YEAR_AGO)
    repo.edit(many(0), "  int32 old = 9;\n", '  reserved 9;\n  reserved "old";\n')
    release_all(repo, "schemas", version="1.0.0", now=A_YEAR_AGO)
    return as_template(repo)


@pytest.fixture(scope="session")
def seven_template(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repo:
    """What `seven` gives to each test."""
    repo = new_repo(tmp_path_factory.mktemp("seven") / "repo", many_module_sources(), environment)
    release_all(repo, *NAMES)
    return as_template(repo)


def release_all(repo: Repo, *modules: str, version: str = "", now: datetime | None = None) -> None:
    """Release and commit, without a command line."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in repo.environment.items():
            patch.setenv(name, value)
        for module in modules:
            outcome = release(Project.at(repo.root), module, version=version, now=now)
            assert outcome.release is not None, outcome
    repo.commit("release " + " and ".join(modules))


@pytest.fixture
def fresh(fresh_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """Two modules and no release."""
    return copy_repo(fresh_template, tmp_path / "repo", capsys)


@pytest.fixture
def released(released_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """Both modules released as 1.0.0, everything committed."""
    return copy_repo(released_template, tmp_path / "repo", capsys)


@pytest.fixture
def grown(grown_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """money 1.0.0; shop 1.0.0, 1.1.0 with a field `note`, 1.2.0 with a value `STATUS_SENT`; a tag each."""
    return copy_repo(grown_template, tmp_path / "repo", capsys)


@pytest.fixture
def large(large_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """A module of `MANY` files: 0.1.0 with a field that 1.0.0 has no more."""
    return copy_repo(large_template, tmp_path / "repo", capsys)


@pytest.fixture
def seven(seven_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """Seven modules with imports between them, each released as 1.0.0."""
    return copy_repo(seven_template, tmp_path / "repo", capsys)


@pytest.fixture
def telemetry(tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Repo:
    """Fieldstone's own schemas, settings and registry."""
    root = tmp_path / "repo"
    for folder in ("schemas", "registry"):
        shutil.copytree(HERE / folder, root / folder)
    for name in ("buf.yaml", ".gitattributes"):
        shutil.copy(HERE / name, root)
    repo = new_repo(root, {"fieldstone.toml": "[modules.telemetry]\nnaming = true\n"}, environment)
    repo.capsys = capsys
    return repo
