"""`fieldstone registry head`, and `registry verify --head`: what proves later that no release was replaced."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.cli.workspace import SHOP, Repo


def _heads(repo: Repo) -> list[dict[str, object]]:
    ran = repo.run("registry", "head")
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_head_is_the_newest_release_of_a_module(grown: Repo) -> None:
    money, shop = _heads(grown)
    newest = json.loads(grown.run("registry", "show", "shop", "--format", "json").out)
    assert shop == {"module": "shop", "version": "1.2.0", "seal": newest["seal"], "count": 3}
    assert (money["module"], money["version"], money["count"]) == ("money", "1.0.0", 1)


def test_a_registry_that_went_on_leads_through_its_old_heads(grown: Repo) -> None:
    grown.write("heads.jsonl", grown.run("registry", "head").out)
    assert grown.run("registry", "verify", "--head", "heads.jsonl").code == 0
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string buyer = 9;")
    grown.release("shop")
    assert grown.run("registry", "verify", "--head", "heads.jsonl").code == 0


def test_a_registry_without_a_head_is_refused(grown: Repo) -> None:
    grown.write("heads.jsonl", grown.run("registry", "head").out)
    shutil.rmtree(grown.root / "registry/shop/1.2.0")
    ran = grown.run("registry", "verify", "--head", "heads.jsonl")
    assert ran.code == 1
    assert "error[registry-head-lost]: shop 1.2.0: it was the newest release when its head was noted, and is gone" in (
        ran.out
    )
    shutil.rmtree(grown.root / "registry")
    assert grown.run("registry", "verify", "--head", "heads.jsonl").code == 2  # there is no registry at all


def test_a_history_that_was_written_anew_is_refused(grown: Repo) -> None:
    """Also where all of it is sound, as after a rewrite of main."""
    grown.write("heads.jsonl", grown.run("registry", "head").out)
    shutil.rmtree(grown.root / "registry/shop")
    grown.release("shop", "--version", "1.2.0")
    assert grown.run("registry", "verify").code == 0
    ran = grown.run("registry", "verify", "--head", "heads.jsonl")
    assert ran.code == 1
    assert "shop 1.2.0: it is not the release whose head was noted: its seal is another one" in ran.out


def test_a_release_that_came_between_is_refused(grown: Repo) -> None:
    lines = [json.dumps(head | {"count": 2}) for head in _heads(grown) if head["module"] == "shop"]
    grown.write("heads.jsonl", "\n".join(lines))
    ran = grown.run("registry", "verify", "--head", "heads.jsonl")
    assert "shop 1.2.0: it was release number 2, and is number 3 now" in ran.out


def test_the_heads_of_a_damaged_registry_are_not_told(grown: Repo) -> None:
    grown.write("registry/shop/1.0.0/ledger.json", "{}")
    said = grown.run("registry", "head").error
    assert "shop 1.0.0: ledger.json is not what was released" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no head"),
        ("shop 1.2.0\n", "line 1 of heads.jsonl is no head of a registry"),
        ('{"module": "shop"}\n', "line 1 of heads.jsonl is no head of a registry"),
        ('\n{"module": "shop", "version": "1.2.0", "seal": 3, "count": 3}\n', "line 2 of heads.jsonl is no head"),
        ("[" * 100_000, "line 1 of heads.jsonl is no head of a registry"),
        (b"\xff\xfe", "cannot read heads.jsonl"),
    ],
)
def test_a_file_that_holds_no_heads(grown: Repo, text: str | bytes, words: str) -> None:
    grown.write("heads.jsonl", text)
    assert words in grown.run("registry", "verify", "--head", "heads.jsonl").error
    assert grown.run("registry", "verify", "--head", "nowhere.jsonl").code == 2


def test_a_tag_keeps_the_heads_as_the_documentation_says(grown: Repo) -> None:
    grown.write("heads.jsonl", grown.run("registry", "head").out)
    grown.git("tag", "--annotate", "--file", "heads.jsonl", "registry-2026-11-28")
    tag = grown.git("cat-file", "tag", "registry-2026-11-28")
    kept = subprocess.run(["grep", "^{"], input=tag, capture_output=True, text=True, check=True).stdout
    process = grown.start("registry", "verify", "--head", "-", stdin=subprocess.PIPE)
    _, err = process.communicate(kept)
    assert (process.returncode, err) == (0, "registry: 4 releases, sound.\n")


def test_what_somebody_vouches_for_is_not_judged_again(grown: Repo) -> None:
    """Under a stricter setting than that of the day when it was released."""
    grown.settings("surfaces = []\n")
    grown.edit(SHOP, "  string id = 1;", "  int32 id = 1;")
    grown.release("shop")
    grown.settings("")
    ran = grown.run("registry", "verify")
    assert ran.code == 1
    assert "error[registry-break-unrecorded]: shop 1.3.0" in ran.out
    assert grown.run("registry", "verify", "--trust", "shop@1.3.0").code == 0
    assert grown.run("registry", "verify", "--trust", "shop@1.2.0").code == 1
    assert "no release 9.0.0 of shop" in grown.run("registry", "verify", "--trust", "shop@9.0.0").error
    assert "write it as shop@1.2.0" in grown.run("registry", "verify", "--trust", "shop").err
    grown.write("registry/shop/1.3.0/ledger.json", "{}\n")
    assert grown.run("registry", "verify", "--trust", "shop@1.3.0").code == 1
