"""Settings that several repositories share: `extends`, pinned and fetched with real git repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.workspace import SHOP, Repo, copy_repo, new_repo

SHARED = 'fail-on = "warning"\nnotice = 90\n\n[rules]\nfield-renamed = "off"\nenum-value-added = "error"\n'


@pytest.fixture
def policy(tmp_path: Path, environment: dict[str, str]) -> Repo:
    """A repository with shared settings, tagged v1."""
    repo = new_repo(tmp_path / "policy", {"teams/fieldstone.toml": SHARED}, environment)
    repo.git("tag", "v1")
    return repo


def source(policy: Repo, ref: str = "v1", file: str = "teams/fieldstone.toml") -> str:
    return f"git+file://{policy.root}@{ref}#{file}"


def extending(repo: Repo, text: str, *more: str) -> None:
    repo.settings("\n".join([f'extends = "{text}"', *more, ""]))


def effective(repo: Repo, key: str) -> tuple[object, str]:
    found = json.loads(repo.run("settings").out)["effective"][key]
    return found["value"], found["from"]


def test_shared_settings_are_pinned_fetched_on_request_and_apply(grown: Repo, policy: Repo) -> None:
    extending(grown, source(policy), "notice = 60", "", "[rules]", 'field-removed = "error"')
    assert grown.run("check").error.endswith(
        f"fieldstone.lock has no entry for {source(policy)}, which the settings extend; "
        "`fieldstone settings update` pins it; commit fieldstone.lock"
    )
    commit = policy.git("rev-parse", "v1").strip()
    ran = grown.run("settings", "update")
    assert (ran.code, ran.err) == (0, "Commit fieldstone.lock.\n")
    assert ran.out == f"{source(policy)}: pinned at commit {commit[:9]}\n"
    assert commit in grown.read("fieldstone.lock")
    assert ".fieldstone" not in grown.git("status", "--short", "--untracked-files=all")

    own = str(grown.root / "fieldstone.toml")
    assert effective(grown, "notice") == (60, own)
    assert effective(grown, "fail-on") == ("warning", source(policy))
    assert effective(grown, "rules.field-renamed") == ("off", source(policy))
    assert effective(grown, "rules.field-removed") == ("error", own)
    assert effective(grown, "naming") == (False, "default")
    assert effective(grown, "generate.out") == ("generated", "default")

    grown.edit(SHOP, "  string note = 4;", "  string remark = 4;")
    assert grown.run("check", "shop", "--no-second-opinion").code == 0, "the rule is off"

    policy.write("teams/fieldstone.toml", "")
    policy.commit("weaker")
    policy.git("tag", "--force", "v1")
    assert effective(grown, "fail-on") == ("warning", source(policy)), "a moved tag changes nothing"
    shutil.rmtree(grown.root / ".fieldstone")
    error = grown.run("check").error
    assert f"{source(policy)}, which the settings extend, is not here: " in error
    assert error.endswith("`fieldstone settings fetch` fetches what is pinned")
    assert grown.run("settings", "fetch").out == f"fetched {source(policy)}\n"
    assert grown.run("settings", "fetch").err == "Nothing was missing.\n"
    assert effective(grown, "fail-on") == ("warning", source(policy))

    ran = grown.run("settings", "update")
    assert f"before at commit {commit[:9]}" in ran.out
    assert effective(grown, "fail-on") == ("error", "default")


def test_a_changed_copy_or_source_is_never_used(grown: Repo, policy: Repo, tmp_path: Path) -> None:
    shared = tmp_path / "outside.toml"
    shared.write_text(SHARED)
    extending(grown, "../outside.toml")
    assert grown.run("settings", "update").code == 0
    (copy,) = (grown.root / ".fieldstone/extends").iterdir()
    copy.write_text("")
    assert "../outside.toml, which the settings extend, is not here: " in grown.run("check").error
    shared.write_text(SHARED + "naming = true\n")
    assert "../outside.toml has another content than the pinned one" in grown.run("settings", "fetch").error
    shared.unlink()
    assert "outside.toml" in grown.run("settings", "update").error
    assert "no entry" not in grown.run("check").error, "a failed update leaves the lock"

    grown.write("fieldstone.lock", "[[extends]]\nsource = 3\n")
    assert "is not a lock file as `fieldstone settings update` writes it" in grown.run("check").error
    extending(grown, source(policy))
    assert grown.run("settings", "update").code == 0
    assert grown.run("settings").code == 0


def test_shared_settings_extend_others_in_their_repository(grown: Repo, policy: Repo) -> None:
    policy.write("base.toml", 'naming = true\nnotice = 120\nsurfaces = ["wire"]\n')
    policy.write("teams/fieldstone.toml", 'extends = "../base.toml"\n' + SHARED)
    policy.commit("two files")
    extending(grown, source(policy, "main"), 'surfaces = ["json"]')
    assert grown.run("settings", "update").out.count(": pinned at commit ") == 2
    assert effective(grown, "notice") == (90, source(policy, "main"))
    assert effective(grown, "naming") == (True, source(policy, "main", "base.toml"))
    assert effective(grown, "surfaces")[0] == ["json"], "a list replaces the other"
    shown = json.loads(grown.run("settings").out)
    assert shown["extends"] == [source(policy, "main"), source(policy, "main", "base.toml")]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"fieldstone.toml": 'extends = "a.toml"'}, "cannot read "),
        ({"fieldstone.toml": 'extends = "a.toml"', "a.toml": 'extends = "fieldstone.toml"'}, "in a circle: "),
        ({"fieldstone.toml": 'extends = "./fieldstone.toml"'}, "in a circle: "),
        (
            {
                "fieldstone.toml": 'extends = "0.toml"',
                **{f"{n}.toml": f'extends = "{n + 1}.toml"' for n in range(6)},
                "6.toml": "",
            },
            "more than 5 settings files extend each other",
        ),
        (
            {"fieldstone.toml": 'extends = "a.toml"', "a.toml": "[dependencies]\nserde = 1"},
            "unknown key dependencies in ",
        ),
        ({"fieldstone.toml": 'extends = "a.toml"', "a.toml": "= 3"}, "a.toml is not TOML"),
        (
            {"fieldstone.toml": 'extends = "a.toml"', "a.toml": "[modules.shop]\nnaming = true"},
            "a.toml has modules, and",
        ),
        (
            {"fieldstone.toml": 'extends = "pyproject.toml"', "pyproject.toml": "[project]"},
            "has no table [tool.fieldstone]",
        ),
        ({"fieldstone.toml": 'extends = "buf.yaml"'}, "and that is no .toml file; write a path such as"),
        (
            {"fieldstone.toml": 'extends = "https://example.com/a.toml"'},
            "and that names no file in git at a REF; write",
        ),
        (
            {"fieldstone.toml": 'extends = "git+ssh://git@example.com/a#a.toml"'},
            "and that names no file in git at a REF",
        ),
        ({"fieldstone.toml": 'extends = "git+ext://sh/-c@v1#a.toml"'}, "and that names no file in git at a REF"),
        ({"fieldstone.toml": 'extends = "git+file:///x/y@--upload-pack#a.toml"'}, "and that names no file in git"),
        ({"fieldstone.toml": 'extends = "git+file:///x/y@v1#../a.toml"'}, "names no .toml file in the repository"),
        ({"fieldstone.toml": "extends = 3"}, "extends in "),
        ({"fieldstone.toml": 'extends = " "'}, "extends in "),
    ],
)
def test_what_cannot_be_extended_is_named(fresh: Repo, files: dict[str, str], said: str) -> None:
    for path, text in files.items():
        fresh.write(path, text)
    assert said in fresh.run("settings").error
    assert said in fresh.run("settings", "update").error
    assert not (fresh.root / "fieldstone.lock").exists()


def test_what_cannot_be_fetched_is_named(fresh: Repo, policy: Repo, tmp_path: Path) -> None:
    for text, said in {
        source(policy, "v9"): f"cannot fetch v9 from file://{policy.root}: ",
        source(policy, file="none.toml"): f"file://{policy.root} has no file none.toml at v1 (",
        f"git+file://{tmp_path}/gone@v1#a.toml": f"cannot fetch v1 from file://{tmp_path}/gone: ",
    }.items():
        extending(fresh, text)
        assert said in fresh.run("settings", "update").error
        assert not (fresh.root / "fieldstone.lock").exists()
    (fresh.root / "fieldstone.toml").unlink()
    assert "there are no settings in " in fresh.run("settings", "update").error
    fresh.settings("naming = true\n")
    assert "there is nothing to pin" in fresh.run("settings", "update").err


def test_a_pull_request_cannot_weaken_what_it_extends(
    grown: Repo, policy: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = 'fail-on = "warning"\nnaming = true\n'
    policy.write("strict.toml", strict)
    policy.commit("strict")
    policy.git("tag", "v2")
    policy.write("strict.toml", 'fail-on = "warning"\n')
    policy.commit("weak")
    policy.git("tag", "v3")
    grown.write("shared/own.toml", "notice = 90\n" + f'extends = "{source(policy, "v2", "strict.toml")}"\n')
    extending(grown, "shared/own.toml")
    assert grown.run("settings", "update").code == 0
    grown.commit("extend")
    assert grown.run("check", "--since", "HEAD").code == 0

    grown.git("checkout", "--quiet", "-b", "weaker")
    grown.write("shared/own.toml", f'extends = "{source(policy, "v3", "strict.toml")}"\nnotice = 80\n')
    assert grown.run("settings", "update").code == 0
    grown.commit("weaker")
    ran = grown.run("check", "--since", "main", "--format", "concise")
    assert ran.code == 1
    weaker = [line.partition(" ")[0] for line in ran.out.splitlines() if "policy-weakened" in line]
    assert sorted(weaker) == ["shared/own.toml:1:1:", "shared/own.toml:2:1:"]

    clone = copy_repo(grown, tmp_path / "clone", capsys)
    shutil.rmtree(clone.root / ".fieldstone")
    assert clone.run("settings", "fetch").code == 0
    error = clone.run("check", "--since", "main").error
    assert error.startswith(f"error: at main: {source(policy, 'v2', 'strict.toml')}, which the settings extend, is ")
    assert error.endswith(
        "; `fieldstone settings fetch --since REF`, with the REF of the check, fetches what is pinned there"
    )
    assert clone.run("settings", "fetch", "--since", "main").out == f"fetched {source(policy, 'v2', 'strict.toml')}\n"
    assert clone.run("check", "--since", "main").code == 1
