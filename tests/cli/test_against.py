"""Forms of `--against`: what is taken, and how what only buf takes is written here."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from fieldstone.toolchain import buf
from tests.cli.workspace import MONEY, SHOP, Repo

BREAK = ("string id = 1;", "int32 id = 1;")
IMAGES = ["binpb", "json", "txtpb", "yaml", "binpb.gz", "binpb.zst", "json.gz"]


def build(repo: Repo, name: str) -> None:
    """Write an image of shop by buf itself."""
    command = [buf.find_buf(), "build", "schemas/shop", "-o", name]
    subprocess.run(command, cwd=repo.root, env={**repo.environment}, check=True)


@pytest.mark.parametrize("form", IMAGES)
def test_every_image_that_buf_writes_is_taken(grown: Repo, form: str) -> None:
    build(grown, f"was.{form}")
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", "shop", "--against", f"was.{form}")
    assert (ran.code, "field-type-changed" in ran.out, f"since was.{form}" in ran.err) == (1, True, True)


FORMS = {
    ".git": "name the git revision: HEAD",
    ".git#branch=main": "name the git revision: main",
    ".git#tag=v1,subdir=schemas": "name the git revision: v1",
    ".git#depth=1": "name the git revision: HEAD",
    "https://git.example.com/acme/shop.git#branch=main": "`git fetch https://git.example.com/acme/shop.git main`",
    "git@git.example.com:acme/shop.git": "then name the revision FETCH_HEAD",
    "buf.build/acme/shop": "`buf build buf.build/acme/shop -o image.binpb`",
    "buf.build/acme/shop:main": "`buf build buf.build/acme/shop:main -o image.binpb`",
    "-": "save it in a file",
    "was.binpb#format=binpb": "name it without `#format=binpb`: was.binpb",
    "sources.tar.gz": "unpack it, and name the folder",
    "sources.zip#strip_components=1": "unpack it, and name the folder",
    SHOP: "name its folder, or a git revision that has it",
}


@pytest.mark.parametrize(("form", "fix"), FORMS.items(), ids=FORMS)
@pytest.mark.parametrize("profile", [[], ["--profile", "buf"]], ids=["fieldstone", "buf"])
def test_what_only_buf_takes_is_answered(grown: Repo, profile: list[str], form: str, fix: str) -> None:
    build(grown, "was.binpb")
    (grown.root / "sources.tar.gz").write_bytes(b"x")
    (grown.root / "sources.zip").write_bytes(b"x")
    error = grown.run("check", "shop", *profile, "--against", form).error
    assert form in error
    assert fix in error


@pytest.mark.parametrize("command", ["check", "waive"])
def test_an_empty_one_names_nothing(grown: Repo, command: str) -> None:
    rest = ["field-removed", "x", "--reason", "r", "--owner", "o"] if command == "waive" else []
    ran = grown.run(command, *rest, "--against", "")
    assert (ran.code, "it is empty, and names no version" in ran.err) == (2, True)


def test_a_revision_without_a_configuration_has_no_modules(fresh: Repo) -> None:
    fresh.git("rm", "--quiet", "--cached", "buf.yaml")
    fresh.git("commit", "--quiet", "--message", "without")
    fresh.git("tag", "without")
    assert (fresh.run("check", "--against", "without").code, fresh.run("check", "--against", "HEAD").code) == (0, 0)
    assert "there is no module shop at without yet" in fresh.run("diff", "shop", "without").error


def test_a_linked_module_of_a_revision_is_followed(fresh: Repo) -> None:
    shutil.move(fresh.root / "schemas/shop", fresh.root / "real")
    (fresh.root / "schemas/shop").symlink_to("../real")
    fresh.commit("a link")
    fresh.edit(SHOP, *BREAK)
    assert "field-type-changed" in fresh.run("check", "shop", "--against", "HEAD").out


def test_a_link_that_leaves_a_revision_is_not_followed(fresh: Repo) -> None:
    shutil.move(fresh.root / "schemas/shop", fresh.root.parent / "outside")
    (fresh.root / "schemas/shop").symlink_to(fresh.root.parent / "outside")
    fresh.commit("a link")
    error = fresh.run("check", "shop", "--against", "HEAD").error
    assert error.startswith("error: at HEAD: buf.yaml lists schemas/shop, and there is no such folder")


def test_a_submodule_of_a_revision_is_told_as_one(fresh: Repo) -> None:
    inner = fresh.root.parent / "inner"
    shutil.copytree(fresh.root / "schemas/money", inner)
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "money"]):
        subprocess.run(["git", *command], cwd=inner, env={**fresh.environment}, check=True)
    fresh.git("rm", "-r", "--quiet", "schemas/money")
    fresh.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "schemas/money")
    fresh.commit("a submodule")
    assert (fresh.root / MONEY).exists()
    error = fresh.run("check", "shop", "--against", "HEAD").error
    assert "schemas/money is a git submodule there: name a folder that has it checked out" in error


@pytest.mark.parametrize("what", ["HEAD:buf.yaml", "HEAD^{tree}", "HEAD~99", "nothing", "0" * 40])
def test_what_is_no_commit(grown: Repo, what: str) -> None:
    error = grown.run("check", "shop", "--against", what).error
    assert error.startswith(f"error: cannot resolve {what} from ")


@pytest.mark.parametrize("command", [["check", "shop", "--against"], ["diff", "shop"], ["check", "--since"]])
def test_a_checkout_of_another_user_is_told_as_one(grown: Repo, command: list[str]) -> None:
    error = grown.run(*command, "main", env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}).error
    assert f"git refuses to work in {grown.root}, which another user owns" in error
    assert "allow it: `git config --global --add safe.directory" in error
