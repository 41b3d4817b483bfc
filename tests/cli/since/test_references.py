"""The revision that a pull request is judged since: every kind of name, and what cannot be resolved."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.since.gate import PIPELINE, Gate, ids
from tests.cli.workspace import Ran, Repo


@pytest.mark.parametrize("ref", ["origin/main", "refs/remotes/origin/main", "HEAD", "v1.2.0", "HEAD~1", "landed^{}"])
def test_every_name_of_a_commit_is_taken(gate: Gate, ref: str) -> None:
    gate.repo.git("tag", "--annotate", "--message", "landed", "landed")
    gate.breaks()
    assert "field-type-changed" in ids(gate.check("--since", ref, env={}))


@pytest.mark.parametrize("ref", ["", "  "])
def test_an_empty_name(gate: Gate, ref: str) -> None:
    said = gate.check("--since", ref).error
    assert said.startswith("error: --since names no revision: its value is empty; ")
    assert "`--since origin/main`" in said
    assert gate.repo.run("registry", "verify", "--since", ref).code == 2


def test_a_given_name_comes_before_that_of_the_pipeline(gate: Gate) -> None:
    assert "policy of HEAD: unchanged" in gate.check("--since", "HEAD", env={"GITHUB_BASE_REF": "nowhere"}).err


def test_a_branch_that_was_not_fetched(gate: Gate) -> None:
    said = gate.check(env={"GITHUB_BASE_REF": "release/2.x"}).error
    assert "cannot compare with origin/release/2.x, named by GITHUB_BASE_REF" in said
    assert "`git fetch origin +refs/heads/release/2.x:refs/remotes/origin/release/2.x`" in said
    assert "`fetch-depth: 0`" in said


def test_an_unknown_name(gate: Gate) -> None:
    said = gate.check("--since", "nowhere", env={}).error
    assert said == (
        f"error: cannot compare with nowhere: there is no such git revision in {gate.repo.root}; "
        "fetch it: `git fetch origin nowhere`"
    )
    assert gate.check("--since", "--help", env={}).code == 2


def test_a_name_of_several(gate: Gate) -> None:
    gate.repo.git("tag", "main")
    said = gate.check("--since", "main", env={}).error
    assert "main may be refs/heads/main or refs/tags/main" in said
    assert "`--since refs/tags/main`" in said
    assert gate.check("--since", "refs/heads/main", env={}).code == 0
    assert gate.check().code == 0


def _clone(gate: Gate, to: Path, *options: str) -> Gate:
    source = f"file://{gate.repo.root}"
    command = ["git", "clone", "--quiet", *options, source, str(to)]
    subprocess.run(command, env=gate.repo.environment, check=True, capture_output=True)
    return Gate(Repo(to, gate.repo.environment, gate.repo.capsys))


def _fix(ran: Ran) -> list[str]:
    """The command that an error says, as words."""
    command = ran.error.rpartition("`git ")[2].partition("`")[0]
    if "fetch-depth" in command:
        command = ran.error.partition("`git ")[2].partition("`")[0]
    return command.split()


def test_a_shallow_clone_of_the_branch_alone_and_the_command_that_mends_it(gate: Gate, tmp_path: Path) -> None:
    gate.repo.git("branch", "--force", "main", "origin/main")
    gate.repo.write("more", "more")
    gate.repo.commit("more")
    gate.repo.git("checkout", "--quiet", "-B", "change")
    clone = _clone(gate, tmp_path / "clone", "--depth", "1", "--branch", "change")
    ran = clone.check()
    assert "there is no such git revision" in ran.error
    assert "--unshallow" in ran.error
    clone.repo.git(*_fix(ran))
    assert clone.check().code == 0


def test_a_shallow_clone_of_both_and_the_command_that_mends_it(gate: Gate, tmp_path: Path) -> None:
    gate.repo.git("branch", "--force", "main", "origin/main")
    gate.repo.write("more", "more")
    gate.repo.commit("more")
    clone = _clone(gate, tmp_path / "clone", "--depth", "1", "--branch", "change", "--no-single-branch")
    ran = clone.check()
    assert "cannot tell where HEAD parted from origin/main, named by GITHUB_BASE_REF" in ran.error
    assert "is a shallow clone" in ran.error
    clone.repo.git(*_fix(ran))
    assert clone.check().code == 0


def test_a_shallow_clone_that_has_the_base_is_enough(gate: Gate, tmp_path: Path) -> None:
    gate.repo.git("branch", "--force", "main", "origin/main")
    gate.repo.write("more", "more")
    gate.repo.commit("more")
    clone = _clone(gate, tmp_path / "clone", "--depth", "2", "--branch", "change", "--no-single-branch")
    assert clone.check().code == 0


def test_outside_git(gate: Gate) -> None:
    shutil.rmtree(gate.repo.root / ".git")
    said = gate.check("--since", "main", env={}).error
    assert "--since compares with a commit, and there is none in " in said
    assert "not a git repository" in said


def test_a_checkout_of_another_user(gate: Gate) -> None:
    said = gate.check(env={**PIPELINE, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}).error
    assert f"git refuses to work in {gate.repo.root}, which another user owns" in said
    assert f"`git config --global --add safe.directory {gate.repo.root}`" in said


def test_without_git(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    assert "no git binary on PATH" in gate.check(env={**PIPELINE, "PATH": str(tmp_path / "bin")}).error


def test_before_the_first_commit_all_is_new(gate: Gate) -> None:
    shutil.rmtree(gate.repo.root / ".git")
    gate.repo.git("init", "--quiet")
    gate.settings('enum-value-added = "error"\n', "")  # one was added before the settings said so
    gate.settings('fail-on = "warning"', "")
    ran = gate.check("--since", "HEAD", env={})
    assert ran.code == 0
    gate.breaks()
    assert ids(gate.check("--since", "HEAD", env={})) == {"field-type-changed"}
    assert gate.check("--since", "main", env={}).code == 2


def _landed(gate: Gate, path: str, content: str) -> None:
    gate.repo.write(path, content)
    gate.land()
    gate.repo.git("checkout", "--quiet", "HEAD~1", "--", path)


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("fieldstone.toml", "registry = ", "at origin/main: fieldstone.toml is not TOML"),
        ("fieldstone.toml", "unknown = 1\n", "at origin/main: unknown key unknown in fieldstone.toml"),
        ("fieldstone.toml", "rules = { no-such-rule = 'off' }\n", "at origin/main: unknown rule rules.no-such-rule"),
        ("buf.yaml", "version: v9\n", "at origin/main: buf.yaml is of version v9"),
        ("buf.yaml", "]", "at origin/main: buf.yaml is not YAML"),
    ],
)
def test_settings_of_the_branch_that_cannot_be_read(gate: Gate, path: str, content: str, words: str) -> None:
    _landed(gate, path, content)
    said = gate.check().error
    assert words in said
    assert "fieldstone-" not in said  # the folder in which the branch is laid out


def test_settings_of_the_branch_behind_a_link(gate: Gate) -> None:
    shutil.move(gate.repo.root / "fieldstone.toml", gate.repo.root / "gate.toml")
    (gate.repo.root / "fieldstone.toml").symlink_to("gate.toml")
    gate.land()
    assert gate.check().code == 0
    gate.repo.edit("gate.toml", "notice = 45", "notice = 0")
    assert ids(gate.check()) == {"policy-weakened"}
    (gate.repo.root / "fieldstone.toml").unlink()
    (gate.repo.root / "fieldstone.toml").symlink_to("/etc/gate.toml")
    gate.land()
    (gate.repo.root / "fieldstone.toml").unlink()
    assert "fieldstone.toml is a symbolic link to /etc/gate.toml, which is not a file in it" in gate.check().error


def test_a_branch_without_settings_or_modules_has_nothing_to_protect(gate: Gate) -> None:
    first = gate.repo.git("commit-tree", "-m", "empty", gate.repo.git("mktree", stdin="").strip()).strip()
    gate.repo.git("update-ref", "refs/remotes/origin/main", first)
    gate.repo.git("replace", "--graft", "HEAD", first)
    assert gate.check().code == 2  # what `git replace` says of the history does not count either


def test_a_registry_of_an_older_layout(gate: Gate) -> None:
    """Releases whose manifests lack what is known today: they count by their bytes, and are told as unreadable."""
    path = "registry/money/1.0.0/release.toml"
    text = "".join(line for line in gate.repo.read(path).splitlines(keepends=True) if not line.startswith("compiler"))
    gate.repo.write(path, text)
    gate.land()
    assert gate.check().error.startswith(
        f"error: {gate.repo.root}/{path} is no release manifest: Object missing required field `compiler`"
    )
    shutil.rmtree(gate.repo.root / "registry/money")
    assert gate.check().error.startswith(
        f"error: at origin/main: {path} is no release manifest: Object missing required field `compiler`"
    )
    ran = gate.repo.run("registry", "verify", "--since", "origin/main")
    assert ran.code == 1
    assert f"{path} was deleted since origin/main" in ran.out


def test_a_registry_of_the_branch_behind_a_link(gate: Gate) -> None:
    shutil.move(gate.repo.root / "registry", gate.repo.root / "kept")
    (gate.repo.root / "registry").symlink_to("kept")
    gate.land()
    said = gate.check().error
    assert "the registry registry at origin/main is a symbolic link" in said
    assert "name the folder itself as `registry` in the settings" in said


def test_a_registry_of_the_branch_in_another_repository(gate: Gate, tmp_path: Path) -> None:
    shutil.move(gate.repo.root / "registry", tmp_path / "shared")
    shared = Repo(tmp_path / "shared", gate.repo.environment)
    shared.git("init", "--quiet", "--initial-branch=main")
    shared.commit("releases")
    gate.repo.git("rm", "-r", "--quiet", "registry")
    gate.repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(shared.root), "registry")
    gate.land()
    assert "the registry registry at origin/main is a submodule" in gate.check().error


def test_a_registry_outside_the_checkout_is_nobodys_pull_request(gate: Gate, tmp_path: Path) -> None:
    shutil.move(gate.repo.root / "registry", tmp_path / "shared")
    gate.settings('registry = "registry"', f'registry = "{os.path.relpath(tmp_path / "shared", gate.repo.root)}"')
    gate.land()
    assert gate.check().code == 0
    gate.breaks()
    assert ids(gate.check()) == {"field-type-changed"}
