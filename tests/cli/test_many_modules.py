"""A check of many modules: buf runs once for all, and the verdict is that of each module checked alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from fieldstone.checking.joint import runs
from fieldstone.project.project import Project
from fieldstone.schema.image import is_import, plain_copy
from fieldstone.toolchain import buf
from fieldstone.workflows import check as checking
from fieldstone.workspace.joint_runs import JointRuns, Wanted
from tests.cli.many_modules import NAMES, edit_randomly, path_of
from tests.cli.workspace import Ran, Repo, new_repo
from tests.conftest import SEED

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first argument of each buf process that a check starts."""
    found: list[str] = []
    start = buf.Running.__init__

    def noted(running: buf.Running, arguments: list[str], **how: object) -> None:
        found.append(arguments[0])
        start(running, arguments, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(buf.Running, "__init__", noted)
    return found


def checked(repo: Repo, *args: str) -> Ran:
    return repo.run("check", "--format", "json", "-v", *args)


def checked_apart(repo: Repo, *args: str) -> Ran:
    """The check in which each module has its own runs of buf."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "Runs", lambda *given, **_: runs.Runs(*given, several=False))
        return checked(repo, *args)


def compare_after_random_edits(repo: Repo, rng: random.Random, rounds: int, started: list[str]) -> None:
    saved = 0
    for number in range(rounds):
        edits = edit_randomly(repo, rng, rng.randrange(2, 9))
        args = ["--against", "HEAD"] if number % 3 == 2 else []
        started.clear()
        together = checked(repo, *args)
        count = len(started)
        apart = checked_apart(repo, *args)
        assert together == apart, f"FIELDSTONE_SEED={SEED}, round {number}: {edits}"
        saved += len(started) - 2 * count
        repo.git("checkout", "--quiet", ".")
        repo.git("clean", "--quiet", "--force", "-d", "--exclude=.fieldstone")
    assert saved > 0


def test_random_edits_get_the_verdict_of_single_runs(seven: Repo, started: list[str]) -> None:
    compare_after_random_edits(seven, random.Random(f"{SEED} many"), 2, started)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_random_edits_get_the_verdict_of_single_runs(seven: Repo, started: list[str]) -> None:
    compare_after_random_edits(seven, random.Random(f"{SEED} many, long"), 40, started)


def test_buf_runs_once_for_all_modules(seven: Repo, started: list[str]) -> None:
    """Each style by its own configuration, each finding with its module; and once more for another commit."""
    for name in NAMES:
        seven.edit(
            path_of(name), "  string id = 1;\n", "  string id = 1;\n  string badName = 33;\n  string More = 34;\n"
        )
    seven.edit(path_of("shop"), "// A thing.\n", "")
    seven.edit(path_of("mail", 2), "  string id = 1;\n", "  string ignoredName = 9;\n  string id = 1;\n")
    together = checked(seven)
    assert sorted(started) == ["breaking", "build", "lint"]
    assert together == checked_apart(seven)
    found = {name: together.out.count(f'"rule": "{name}"') for name in ("FIELD_LOWER_SNAKE_CASE", "COMMENT_MESSAGE")}
    assert found == {"FIELD_LOWER_SNAKE_CASE": 12, "COMMENT_MESSAGE": 1}
    started.clear()
    seven.commit()
    assert checked(seven, "--against", "HEAD~1").code == 1
    assert [started.count(verb) for verb in ("build", "breaking")] == [2, 1]


def test_a_module_that_does_not_compile_leaves_the_others_judged(seven: Repo) -> None:
    seven.edit(path_of("users"), "  string id = 1;\n", "  string id = 1;\n  Nowhere there = 3;\n")
    seven.edit(path_of("base"), "  string id = 1;\n", "  string id = 1;\n  string more = 3;\n")
    seven.edit(path_of("stock"), "  int64 size = 2;\n", "")
    together = seven.run("check")
    assert together.code == 2
    assert "users: could not be judged: it does not compile" in together.err
    assert "shop: could not be judged: it imports users/acme/users/v1/f0.proto, which does not compile" in together.err
    assert "base: 1 type changed since 1.0.0: additive. Allowed as 1.1.0." in together.err
    assert "stock: 1 type changed. Refused: 1 breaking change since 1.0.0" in together.err
    assert checked(seven) == checked_apart(seven)


def test_modules_that_contradict_each_other_are_compared_apart(seven: Repo, started: list[str]) -> None:
    """`mail` and `money` were compiled with the `base` before; a file that leaves has no path in buf's finding."""
    seven.edit(path_of("base"), "  string id = 1;\n", "  string id = 1;\n  string more = 3;\n")
    assert seven.run("release", "base").code == 0
    seven.edit(path_of("base"), "  string more = 3;\n", "  string more = 3;\n  string most = 4;\n")
    seven.edit(path_of("money"), "  int64 size = 2;\n", "")
    (seven.root / path_of("users", 2)).unlink()
    started.clear()
    together = checked(seven)
    assert started.count("breaking") == 3
    assert together == checked_apart(seven)
    assert '"file-removed"' in together.out


def test_modules_that_share_a_type_have_runs_of_their_own(seven: Repo, started: list[str]) -> None:
    """They compile as long as no file imports both."""
    seven.write("stock/acme/stock/v1/twin.proto", seven.read(path_of("users", 2)))
    for name in ("base", "users"):
        seven.edit(path_of(name), "  string id = 1;\n", "  string id = 1;\n  string more = 3;\n")
    together = checked(seven)
    assert [started.count(verb) > 1 for verb in ("build", "breaking")] == [True, True]
    assert together == checked_apart(seven)
    assert together.out.count('"judged": true') == len(NAMES)


def test_modules_that_share_a_path_are_refused_as_buf_does(seven: Repo) -> None:
    seven.write("stock/acme/users/v1/f2.proto", seven.read(path_of("users", 2)))
    seven.edit(path_of("base"), "  string id = 1;\n", "  string id = 1;\n  string more = 3;\n")
    together = checked(seven)
    assert "acme/users/v1/f2.proto is contained in multiple modules" in together.error
    assert together == checked_apart(seven)


def test_the_image_of_a_part_is_that_of_a_single_run(seven: Repo) -> None:
    seven.edit(path_of("users"), "\n// A thing", 'import "google/protobuf/any.proto";\n\n// A thing')
    workspace = Project.at(seven.root).workspace
    wanted = [Wanted(module) for module in workspace.modules.values()]
    wanted.append(Wanted(workspace.modules["shop"], ("acme/shop/v1/f0.proto",)))
    together = JointRuns(workspace, lambda _: None).build(wanted)()
    for one, image in zip(wanted, together, strict=True):
        only = one.given if one.only else []
        alone = buf.build(one.module.path, cwd=workspace.root, only=only).output(what="")
        assert image is not None
        assert files(image) == files(alone)


def files(image: bytes) -> list[tuple[str, bool, bytes]]:
    decoded = FileDescriptorSet.FromString(image).file
    return [(file.name, is_import(file), plain_copy(file).SerializeToString(deterministic=True)) for file in decoded]


def test_unchanged_modules_share_a_line(seven: Repo) -> None:
    assert seven.run("check").err == "7 modules unchanged (-v names them).\n"
    seven.edit(path_of("stock"), "  int64 size = 2;\n", "  int64 size = 2;\n  string more = 3;\n")
    ran = seven.run("check")
    assert ran.err == (
        "stock: 1 type changed since 1.0.0: additive. Allowed as 1.1.0.\n6 modules unchanged (-v names them).\n"
    )
    named = seven.run("check", "-v").err
    assert named.count("\n") == len(NAMES)
    assert "mail: unchanged since 1.0.0.\n" in named
    assert seven.run("check", "mail", "base").err == "mail: unchanged since 1.0.0.\nbase: unchanged since 1.0.0.\n"


@pytest.mark.parametrize("config", ["buf.work.yaml", "buf.yaml"])
def test_workspaces_of_other_shapes(tmp_path: Path, environment: dict[str, str], config: str, capsys: Capture) -> None:
    """Modules with configurations of their own, and modules inside another one; none is released."""
    names = ("a", "b", "c")
    source = 'syntax = "proto3";\n\npackage acme.{name}.v1;\n\n{imports}message Thing {{\n  string badName = 1;\n}}\n'
    files = {f"{name}/acme/{name}/v1/{name}.proto": source.format(name=name, imports="") for name in names}
    files["c/acme/c/v1/c.proto"] = source.format(name="c", imports='import "acme/a/v1/a.proto";\n\n')
    if config == "buf.work.yaml":
        files[config] = "version: v1\ndirectories: [a, b, c]\n"
        files["a/buf.yaml"] = "version: v1\nlint: {use: [MINIMAL]}\n"
        files["b/buf.yaml"] = "version: v1beta1\nlint: {use: [DEFAULT]}\n"
        files["c/buf.yaml"] = "version: v1\n"
    else:
        files[config] = "version: v2\nmodules: [{path: .}, {path: a}, {path: b}, {path: c}]\n"
        files["acme/top/v1/top.proto"] = source.format(name="top", imports="")
    repo = new_repo(tmp_path / "repo", files, environment)
    repo.capsys = capsys
    together = checked(repo)
    assert together == checked_apart(repo)
    assert together.code == 1
    assert together.out.count("FIELD_LOWER_SNAKE_CASE") == (2 if config == "buf.work.yaml" else 4)
