"""Revisions and caches that lead the judge astray."""

from __future__ import annotations

import os
import subprocess

from tests.cli.since.doors import door
from tests.cli.since.gate import Gate
from tests.cli.workspace import SHOP


@door
def a_tag_is_called_as_the_branch_is(gate: Gate) -> None:
    r"""field-type-changed"""
    gate.breaks()
    gate.repo.commit("break")
    gate.repo.git("tag", "origin/main")
    gate.repo.git("tag", "main")


@door
def the_branch_was_not_fetched(gate: Gate) -> None:
    r"""cannot compare with origin/main, named by GITHUB_BASE_REF.*git fetch origin .*refs/heads/main"""
    gate.breaks()
    gate.repo.git("update-ref", "-d", "refs/remotes/origin/main")


@door
def another_history(gate: Gate) -> None:
    r"""origin/main and HEAD share no commit"""
    gate.breaks()
    gate.repo.git("checkout", "--quiet", "--orphan", "fresh")
    gate.repo.commit("everything")


@door
def a_commit_from_before_the_newest_release(gate: Gate) -> None:
    r"""branch-behind.*git merge origin/main.*it released shop 1.2.0 since"""
    gate.repo.git("checkout", "--quiet", "--force", "-B", "change", "v1.1.0")
    gate.repo.edit(SHOP, "STATUS_PAID = 1;", "STATUS_PAID = 1;\n  STATUS_LOST = 2;")


@door
def a_commit_from_before_the_stricter_settings(gate: Gate) -> None:
    r"""branch-behind.*git merge origin/main.*`breaking-before-1-0`"""
    gate.repo.git("checkout", "--quiet", "--force", "-B", "change", "v1.2.0")


@door
def two_merge_bases(gate: Gate) -> None:
    r"""parted at several commits.*git merge origin/main"""
    gate.repo.write("ours", "ours\n")
    gate.repo.commit("ours")
    gate.repo.git("checkout", "--quiet", "--detach", "origin/main")
    gate.repo.write("theirs", "theirs\n")
    gate.repo.commit("theirs")
    theirs = gate.repo.git("rev-parse", "HEAD").strip()
    gate.repo.git("merge", "--quiet", "--no-edit", "change")
    gate.repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    gate.repo.git("checkout", "--quiet", "change")
    gate.repo.git("merge", "--quiet", "--no-edit", theirs)
    gate.repo.write("more", "more\n")
    gate.breaks()
    gate.repo.commit("more")


@door
def a_cache_that_came_with_the_change(gate: Gate) -> None:
    r"""field-type-changed"""
    gate.check(env={**os.environ, "GITHUB_BASE_REF": "main"})
    gate.repo.write(".gitignore", "")
    gate.breaks()
    subprocess.run(["git", "add", "--force", ".fieldstone"], cwd=gate.repo.root, check=False)
