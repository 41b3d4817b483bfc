"""A check of what random edits change comes to what a check of everything comes to, byte for byte."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from fieldstone.checking.findings import style as linting
from fieldstone.compatibility.rules import rule_ids
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.toolchain import buf_paths
from fieldstone.workflows.check import check
from fieldstone.workflows.release import release
from tests.cli.workspace import Repo, new_repo, pinned_environment
from tests.conftest import SEED
from tests.incremental.edits import edited
from tests.incremental.part_and_whole import judged, told
from tests.incremental.trees import Tree, make_tree

pytestmark = pytest.mark.slow

EDITS = int(os.environ.get("FIELDSTONE_EDITS", "6"))
FILES = 70
LINT = """
  PACKAGE_DEFINED PACKAGE_SAME_DIRECTORY DIRECTORY_SAME_PACKAGE RPC_REQUEST_RESPONSE_UNIQUE
  PACKAGE_NO_IMPORT_CYCLE IMPORT_USED FIELD_LOWER_SNAKE_CASE ENUM_ZERO_VALUE_SUFFIX PACKAGE_SAME_GO_PACKAGE
"""
BUF = "version: v2\nmodules:\n  - path: schemas\nlint:\n  use:\n" + "".join(f"    - {rule}\n" for rule in LINT.split())


@pytest.fixture(scope="module")
def tree() -> Tree:
    return make_tree(FILES, random.Random(SEED))


@pytest.fixture(scope="module")
def repo(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    files = {
        "buf.yaml": BUF,
        **{f"schemas/{path}": file.render() for path, file in tree.items()},
    }
    root = tmp_path_factory.mktemp("slices")
    made = new_repo(root / "repo", files, pinned_environment(root))
    outcome = release(Project.at(made.root), "schemas")
    assert outcome.release is not None, outcome
    (made.root / "fieldstone.toml").write_text("naming = true\n")  # for what is new since
    return made


@pytest.fixture(scope="module")
def modules(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The same files in two modules, of which one imports the other."""
    buf_yaml = BUF.replace("  - path: schemas\n", "  - path: base\n  - path: user\n")
    files = {"buf.yaml": buf_yaml, **{f"{module_of(path)}/{path}": file.render() for path, file in tree.items()}}
    root = tmp_path_factory.mktemp("modules")
    made = new_repo(root / "repo", files, pinned_environment(root))
    for name in ("base", "user"):
        outcome = release(Project.at(made.root), name)
        assert outcome.release is not None, outcome
    (made.root / "fieldstone.toml").write_text("naming = true\n")
    return made


def module_of(path: str) -> str:
    """The first packages are in a module of their own: no package imports a later one."""
    return "base" if path.startswith(("p0/", "p1/")) else "user"


def the_only_module(path: str) -> str:
    return "schemas"


def lay_out(repo: Repo, before: Tree, after: Tree, module: Callable[[str], str] = the_only_module) -> None:
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            target = repo.root / module(path) / path
            if path in after:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(after[path].render())
            else:
                target.unlink()


def change_hands(repo: Repo, path: str) -> None:
    """Move a file from the module that it is in to the other one; nothing without a path."""
    for here, there in (("base", "user"), ("user", "base")):
        source, target = repo.root / here / path, repo.root / there / path
        if path and source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            return


SETTINGS = (
    "naming = true\n",
    'naming = true\nsurfaces = ["source"]\n[rules]\nfield-removed = "warning"\nenum-value-removed = "off"\n',
    'surfaces = ["wire"]\noptions = ["p0.v1.note0", "p0.v1.note6", "p1.v1.note18"]\nfail-on = "warning"\n',
)


def waive_some(root: Path, rng: random.Random) -> None:
    """Permit some of what a check finds, and something that it does not."""
    with pytest.MonkeyPatch.context() as patch, suppress(FieldstoneError):
        patch.chdir(root)
        found = [f for report in check(Project.at(root), full=True).report.modules for f in report.findings]
        known = sorted({(f.rule, f.subject) for f in found if f.rule in rule_ids()})
        chosen = [*rng.sample(known, len(known) // 2), ("field-removed", "acme.v1.Nothing.here")]
        entry = '[[waivers]]\nrule = "{}"\nsubject = "{}"\nreason = "meant"\nowner = "ada"\nuntil = 2999-12-31\n'
        with (root / "fieldstone.toml").open("a") as settings:
            settings.writelines(entry.format(*one) for one in chosen)


@pytest.mark.timeout(3600)
def test_random_edits_are_judged_as_the_whole_is(repo: Repo, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(SEED)
    sliced = 0
    for number in range(EDITS):
        monkeypatch.setattr(linting, "MANY", 1 if number % 2 else 1000)  # style of what is compiled, and of sources
        after, edits = edited(tree, rng)
        lay_out(repo, tree, after)
        (repo.root / "fieldstone.toml").write_text(SETTINGS[number % len(SETTINGS)])
        try:
            both = number % 3 > 0
            if number % 4 == 0:
                waive_some(repo.root, rng)
            whole, part = (judged(repo.root, full=full, second_opinion=both) for full in (True, False))
            assert told(part) == told(whole), f"FIELDSTONE_SEED={SEED}, edit {number}: {edits}"
            sliced += not whole.startswith("error")
        finally:
            lay_out(repo, after, tree)
    assert sliced >= EDITS // 4


@pytest.mark.timeout(3600)
def test_random_edits_are_judged_as_the_whole_is_in_every_module(
    modules: Repo, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(f"{SEED} modules")
    judgeable = 0
    for number in range(EDITS * 3 // 5):
        monkeypatch.setattr(linting, "MANY", 1 if number % 2 else 1000)
        after, edits = edited(tree, rng)
        lay_out(modules, tree, after, module_of)
        moved = rng.choice(sorted(after)) if number % 3 == 0 else ""
        try:
            change_hands(modules, moved)
            for name in ("base", "user"):
                whole, part = judged(modules.root, name, full=True), judged(modules.root, name, full=False)
                assert told(part) == told(whole), f"FIELDSTONE_SEED={SEED}, edit {number} of {name}: {edits} {moved}"
                judgeable += not whole.startswith("error")
        finally:
            change_hands(modules, moved)
            lay_out(modules, after, tree, module_of)
    assert judgeable >= EDITS // 4


def test_files_that_no_command_line_holds_are_judged_all_the_same(
    repo: Repo, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo.root / "fieldstone.toml").write_text("naming = true\n")
    rng = random.Random(f"{SEED} long")
    monkeypatch.setattr(buf_paths, "_COMMAND_LINE", 50)
    for _ in range(4):
        after, edits = edited(tree, rng)
        lay_out(repo, tree, after)
        try:
            whole, part = judged(repo.root, full=True), judged(repo.root, full=False)
            assert told(part) == told(whole), f"FIELDSTONE_SEED={SEED}: {edits}"
        finally:
            lay_out(repo, after, tree)
