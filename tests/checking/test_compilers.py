"""A release that another buf compiled is judged whole until that found nothing; so is style under other settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fieldstone.checking.options import CheckOptions
from fieldstone.project.project import Project
from fieldstone.toolchain import buf
from fieldstone.workflows.check import check
from fieldstone.workflows.release import release
from tests.cli.workspace import Repo, new_repo, pinned_environment

FILES = 25
BUF = "version: v2\nmodules:\n  - path: schemas\nlint:\n  use: [SYNTAX_SPECIFIED]\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    head = 'syntax = "proto3";\npackage acme;\n'
    files = {"buf.yaml": BUF, **{f"schemas/f{n}.proto": f"{head}message F{n} {{}}\n" for n in range(FILES)}}
    return new_repo(tmp_path / "repo", files, pinned_environment(tmp_path))


@pytest.fixture
def linted(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The files that `buf lint` was started on; nothing for all."""
    found: list[Sequence[str]] = []

    def lint(*given: Any, only: Sequence[str] = (), **named: Any) -> buf.Running:
        found.append(tuple(only))
        return original(*given, only=only, **named)

    original = buf.lint
    monkeypatch.setattr(buf, "lint", lint)
    return found


def released(repo: Repo) -> None:
    assert release(Project.at(repo.root), "schemas").release


def compiled(repo: Repo, *, second_opinion: bool = True) -> int:
    """How many files a check that passes compiles."""
    project = Project.at(repo.root)
    assert check(project, options=CheckOptions(second_opinion=second_opinion)).report.allowed
    return project.phases.counts["compiled"]


def test_what_another_buf_compiled_is_judged_whole_once(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as then:
        then.setattr(buf, "compiler", lambda: "buf 1.0.0")
        released(repo)
    repo.edit("schemas/f1.proto", "F1 {}", "F1 { string more = 1; }")
    assert compiled(repo) == FILES, "what changed does not tell how the rest compiles"
    assert compiled(repo) == FILES
    repo.edit("schemas/f1.proto", "F1 { string more = 1; }", "F1 {}")
    assert compiled(repo, second_opinion=False) == FILES
    assert compiled(repo) == FILES, "buf breaking had not been asked"
    assert compiled(repo) == 0
    repo.edit("schemas/f1.proto", "F1 {}", "F1 { string more = 1; }")
    assert compiled(repo) == 1
    newer = repo.root.parent / "buf"
    newer.symlink_to(buf.find_buf())
    with monkeypatch.context() as later:
        later.setattr(buf, "compiler", lambda: "buf 9.0.0")
        later.setattr(buf, "find_buf", lambda: str(newer))
        assert compiled(repo) == FILES


def test_the_same_buf_is_not_asked_for_its_version_again(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    released(repo)
    assert compiled(repo) == 0
    monkeypatch.setattr(buf, "compiler", lambda: pytest.fail("it was asked"))
    assert compiled(repo) == 0


def test_style_under_another_configuration_is_judged_whole_once(repo: Repo, linted: list[Sequence[str]]) -> None:
    released(repo)
    linted.clear()
    assert compiled(repo) == 0
    assert linted == []
    repo.edit("buf.yaml", "[SYNTAX_SPECIFIED]", "[SYNTAX_SPECIFIED, PACKAGE_DEFINED]")
    assert compiled(repo) == 0
    assert linted == [()]
    assert compiled(repo) == 0
    assert linted == [()]
    repo.edit("schemas/f1.proto", "F1 {}", "F1 { string more = 1; }")
    assert compiled(repo) == 1
    assert linted == [(), ("schemas/f1.proto",)]


def test_style_with_faults_is_judged_again(repo: Repo) -> None:
    released(repo)
    repo.edit("buf.yaml", "[SYNTAX_SPECIFIED]", "[PACKAGE_VERSION_SUFFIX]")
    for _ in range(2):
        report = check(Project.at(repo.root)).report
        assert not report.allowed
        assert len(report.modules[0].findings) == FILES


def test_rules_of_plugins_are_asked_of_all_files_every_time(repo: Repo, linted: list[Sequence[str]]) -> None:
    """A plugin is another by tomorrow, and may hold any file against any other. A comment that names one counts."""
    repo.edit("buf.yaml", "lint:", "# no plugins yet\nlint:")
    released(repo)
    linted.clear()
    assert compiled(repo) == 0
    assert linted == [()]
    repo.edit("schemas/f1.proto", "F1 {}", "F1 { string more = 1; }")
    assert compiled(repo) == 1
    assert linted == [(), ()]
