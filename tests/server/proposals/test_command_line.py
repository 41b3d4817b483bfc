"""Proposals from the command line: proposed from a repository, decided, released, verified and copied."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.server.proposals.conftest import People
from tests.server.running import ORDER, Buf, Ran
from tests.server.test_across_repositories import fieldstone


def repository(buf: Buf, name: str) -> str:
    """A repository of Fieldstone with a module that is released to the server; gives the path of its file."""
    path = f"acme/{name}/v1/{name}.proto"
    settings = f'registry = "{buf.registry.url}"\n'
    buf.module("own", {path: ORDER.replace("shop", name), "fieldstone.toml": settings})
    buf.edit("own/buf.yaml", "acme/own", f"acme/{name}")
    for command in (("init", "-q", "-b", "main", "."), ("add", "."), ("commit", "-qm", "begin")):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=buf.home / "own", check=True)
    released = fieldstone(buf, "release", name, "--no-style")
    assert released.code == 0, released
    return f"own/{path}"


@pytest.mark.slow
def test_a_change_is_proposed_approved_and_released(buf: Buf, people: People) -> None:
    path, carol, alice = repository(buf, "till"), people("carol", "push"), people("alice", "approve")

    def run(*arguments: str, by: str = carol.token) -> Ran:
        return fieldstone(buf, *arguments, token=by)

    additive = run("propose", "till")
    buf.edit(path, "int64 total", "int32 total")
    proposed = run("propose", "till", "--reason", "totals are small", "--format", "json")
    number = json.loads(proposed.out)["proposal"]["number"]
    again = run("propose", "till", "--format", "json")
    listed = run("proposal", "list", "--module", "till")
    early = run("proposal", "release", str(number))
    approved = run("proposal", "approve", str(number), "--reason", "nobody reads it", by=alice.token)
    released = run("proposal", "release", str(number))
    late = run("proposal", "revoke", str(number), "--reason", "too late", by=alice.token)

    assert (additive.code, "changes nothing in till" in additive.err) == (2, True), additive
    assert proposed.code == 0, proposed
    assert json.loads(again.out)["proposal"]["number"] == number
    assert f"{number}  till  open  revision 1 by carol: 1 breaking finding since 1.0.0" in listed.out
    assert "missing: 1 approval for the owners of till by alice, bob" in listed.out
    assert (early.code, f"proposal {number} is not approved" in early.err) == (2, True)
    assert f"proposal {number} (till): approved" in approved.out
    assert f"proposal {number} (till): released as 2.0.0" in released.out, released
    assert f"proposal {number} is released as till 2.0.0" in late.err


@pytest.mark.slow
def test_a_release_with_approved_waivers_is_sound_wherever_it_is(buf: Buf, people: People, tmp_path: Path) -> None:
    path, carol, bob = repository(buf, "vault"), people("carol", "push"), people("bob", "approve")
    buf.edit(path, "int64 total", "int32 total")
    proposed = fieldstone(buf, "propose", "vault", "--format", "json", token=carol.token)
    number = json.loads(proposed.out)["proposal"]["number"]
    assert bob.decide(number, "approve", reason="checked") == "approved"
    assert carol.release(number) == "released"

    shown = fieldstone(buf, "registry", "show", "vault", "2.0.0")
    verified = fieldstone(buf, "registry", "verify")
    copied = fieldstone(buf, "registry", "copy", buf.registry.url, f"sqlite:///{tmp_path}/copy.db")
    unchanged = fieldstone(buf, "check", "--since", "main", "--no-style")
    into_folder = fieldstone(buf, "registry", "copy", buf.registry.url, "registry")
    (buf.home / "own/fieldstone.toml").write_text("", "utf-8")
    for command in (("add", "."), ("commit", "-qm", "moved")):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=buf.home / "own", check=True)
    buf.edit(path, "int32 total = 2;", "int32 total = 2;\n  string buyer = 3;")
    in_git = fieldstone(buf, "check", "vault", "--since", "main", "--no-style")
    in_folder = fieldstone(buf, "registry", "verify")

    assert f"proposal {number} of carol; approved by bob: checked" in shown.out, shown
    assert verified.code == 0, verified
    assert copied.code == 0, copied
    assert unchanged.code == 0, unchanged
    assert into_folder.code == 0, into_folder
    assert in_git.code == 0, in_git
    assert in_folder.code == 0, in_folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("proposal", "show", "4711"), "no proposal 4711 in this registry; `fieldstone proposal list` shows"),
        (("proposal", "aprove", "1"), "did you mean `approve`?"),
        (("proposal", "approve", "x"), "'x' is not a valid integer"),
        (("proposal", "approve", "1"), "needs --reason"),
        (("proposal", "list", "--state", "opne"), "did you mean open?"),
        (("proposal", "list", "--registry", "registry"), "is a folder, and proposals are in shared registries"),
    ],
)
def test_mistakes_are_named(buf: Buf, arguments: tuple[str, ...], said: str) -> None:
    buf.module("own", {})
    at = ("--registry", buf.registry.url) if "show" in arguments else ()
    ran = fieldstone(buf, *arguments, *at)
    assert ran.code == 2
    assert said in ran.err
