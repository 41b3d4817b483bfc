"""Symbolic links in a module: followed as buf follows them, and no change behind them is missed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.workspace import Ran, Repo, many

FILE, FOLDER = "outside/linked.proto", "outside/folder"
OUTSIDE = {
    FILE: 'syntax = "proto3";\n\npackage acme.many.v1;\n\nmessage Linked {\n  string id = 1;\n}\n',
    f"{FOLDER}/deep.proto": (
        'syntax = "proto3";\n\npackage acme.deep.v1;\n\nimport "acme/many/v1/linked.proto";\n\n'
        "message Deep {\n  string id = 1;\n  acme.many.v1.Linked linked = 2;\n}\n"
    ),
}
LINK, LINKED_FOLDER = many(0).replace("f0", "linked"), "schemas/acme/deep/v1"


def told(ran: Ran) -> tuple[int, str, str]:
    return ran.code, ran.out, ran.err


def assert_same(repo: Repo) -> Ran:
    """An incremental check with what the cache has, one without a cache, and a whole one say the same."""
    ran = repo.run("check")
    again = repo.run("check")
    shutil.rmtree(repo.root / ".fieldstone", ignore_errors=True)
    for other in (again, repo.run("check"), repo.run("check", "--full")):
        assert told(other) == told(ran)
    return ran


def verdicts(repo: Repo) -> set[int]:
    """The exit codes of an incremental check and of a whole one: which error there is, they may say in other words."""
    return {repo.run("check").code, repo.run("check", "--full").code}


def link(repo: Repo, path: str, target: str | Path) -> None:
    (repo.root / path).symlink_to(os.path.relpath(repo.root / target, (repo.root / path).parent))


@pytest.fixture(params=["relative", "absolute"])
def linked(request: pytest.FixtureRequest, large: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A released module with a link to a file, and one to a folder, both outside of it."""
    monkeypatch.setattr("fieldstone.cache.digests._TICK", 0)
    for path, text in OUTSIDE.items():
        large.write(path, text)
    (large.root / LINKED_FOLDER).parent.mkdir()
    if request.param == "relative":
        link(large, LINK, FILE)
        link(large, LINKED_FOLDER, FOLDER)
    else:
        (large.root / LINK).symlink_to(large.root / FILE)
        (large.root / LINKED_FOLDER).symlink_to(large.root / FOLDER)
    large.commit("links")
    large.release("schemas")
    large.commit("released")
    return large


def test_what_is_behind_a_link_is_released(linked: Repo) -> None:
    sources = linked.root / "registry/schemas/1.1.0/schemas"
    assert (sources / "acme/deep/v1/deep.proto").read_text() == OUTSIDE[f"{FOLDER}/deep.proto"]
    assert not (sources / "acme/many/v1/linked.proto").is_symlink()
    assert linked.run("registry", "verify").code == 0
    assert assert_same(linked).code == 0


@pytest.mark.parametrize("target", [FILE, f"{FOLDER}/deep.proto"], ids=["file", "folder"])
def test_an_edit_behind_a_link_is_judged(target: str, linked: Repo) -> None:
    assert linked.run("check").code == 0
    linked.edit(target, "string id = 1;", "int32 id = 1;")
    assert "field-type-changed" in assert_same(linked).out


@pytest.mark.parametrize("path", [LINK, LINKED_FOLDER], ids=["file", "folder"])
def test_a_link_that_points_elsewhere_now_is_judged(path: str, linked: Repo) -> None:
    assert linked.run("check").code == 0
    shutil.copytree(linked.root / "outside", linked.root / "elsewhere")
    for name in OUTSIDE:
        linked.edit(name.replace("outside", "elsewhere"), "string id = 1;", "int32 id = 1;")
    (linked.root / path).unlink()
    link(linked, path, {LINK: FILE, LINKED_FOLDER: FOLDER}[path].replace("outside", "elsewhere"))
    assert "field-type-changed" in assert_same(linked).out


@pytest.mark.parametrize("path", [FILE, FOLDER])
def test_a_link_to_what_is_gone(path: str, linked: Repo) -> None:
    assert linked.run("check").code == 0
    (linked.root / path).rename(linked.root / "gone")
    assert assert_same(linked).code in {1, 2}


@pytest.mark.parametrize("name", ["dangling.proto", "dangling"])
def test_a_link_to_nothing_is_passed_over(name: str, large: Repo) -> None:
    (large.root / f"schemas/acme/{name}").symlink_to("nowhere")
    assert assert_same(large).code == 0


@pytest.mark.parametrize("name", ["loop.proto", "loop"])
def test_a_link_to_itself_is_refused(name: str, large: Repo) -> None:
    (large.root / f"schemas/acme/{name}").symlink_to(name)
    assert assert_same(large).error.startswith(f"error: cannot read {large.root}/schemas/acme/{name}: ")


@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize("name", ["above", "z"])
def test_a_folder_in_itself(name: str, absolute: bool, large: Repo) -> None:  # noqa: FBT001
    """By an absolute link buf comes to all files once more."""
    target = large.root / "schemas/acme"
    (large.root / f"schemas/acme/many/{name}").symlink_to(target if absolute else "..")
    assert verdicts(large) == {2 if absolute else 0}


@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize("name", ["a.proto", "z.proto"])
def test_a_second_name_of_a_file(name: str, absolute: bool, large: Repo) -> None:  # noqa: FBT001
    """By a link within the module buf comes to a file once more only where the link comes first, or is absolute."""
    (large.root / f"schemas/acme/many/v1/{name}").symlink_to(large.root / many(3) if absolute else "f3.proto")
    assert verdicts(large) == {2 if absolute or name == "a.proto" else 0}
