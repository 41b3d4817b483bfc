"""`fieldstone registry`: what it lists and shows, and which damage verify finds."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from fieldstone.schema.digest import b5, file_digest
from tests.cli.workspace import SHOP, Repo

ADDITION = ("string id = 1;", "string id = 1;\n  string buyer = 9;")


def kinds(repo: Repo) -> list[tuple[str, str]]:
    """What verify finds: kind and release."""
    ran = repo.run("registry", "verify")
    found = re.findall(r"^error\[([a-z-]+)\]: (\S+ \S+):", ran.out, re.MULTILINE)
    assert ran.code == (1 if found else 0)
    count = f"{len(found)} defect{'' if len(found) == 1 else 's'}."
    assert ran.err == (f"registry: {count}\n" if found else f"registry: {releases(repo)} releases, sound.\n")
    return found


def releases(repo: Repo) -> int:
    return len(list(repo.root.glob("registry/*/*/release.toml")))


IMAGE = "image.binpb.gz"
"""The image in the folder of a release."""


def _digest(folder: Path, name: str, text: str) -> str:
    """The digest of a file now; what the manifest has, for one in an older release."""
    if " in " in text:
        return text
    content = (folder / (name if name != "image.binpb" else IMAGE)).read_bytes()
    return file_digest(gzip.decompress(content) if name == "image.binpb" else content)


def reseal(folder: Path, **changes: Any) -> dict[str, Any]:
    """Write a manifest that fits what the release's folder holds now, as a forger would."""
    path = folder / "release.toml"
    content = tomllib.loads(path.read_text()) | changes
    del content["seal"]
    content["files"] = {name: _digest(folder, name, text) for name, text in content["files"].items()}
    digests = {name: text.partition(" in ")[0] for name, text in content["files"].items()}
    sources = {n.removeprefix("schemas/"): d for n, d in digests.items() if n.startswith("schemas/")}
    content["digest"] = b5(sources, (link["digest"] for link in content.get("dependencies", ())))
    body = tomli_w.dumps(content)
    content["seal"] = file_digest(body.encode())
    path.write_text(f'seal = "{content["seal"]}"\n{body}')
    return content


def test_list(grown: Repo) -> None:
    ran = grown.run("registry", "list")
    assert (ran.code, ran.err) == (0, "")
    assert [re.sub(r"  \S+Z  ", " ", line).split() for line in ran.out.splitlines()] == [
        ["money", "1.0.0", "first"],
        ["shop", "1.0.0", "first"],
        ["shop", "1.1.0", "minor"],
        ["shop", "1.2.0", "minor"],
    ]
    found = json.loads(grown.run("registry", "list", "shop", "--format", "json").out)
    assert [(release["name"], release["version"]) for release in found] == [
        ("shop", "1.0.0"),
        ("shop", "1.1.0"),
        ("shop", "1.2.0"),
    ]
    assert found[1]["previous"]["seal"] == found[0]["seal"]


def test_list_of_nothing(fresh: Repo) -> None:
    ran = fresh.run("registry", "list")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"no releases in {fresh.root}/registry\n"


def test_show(grown: Repo) -> None:
    ran = grown.run("registry", "show", "shop")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("shop 1.2.0\n  version   1.2.0 (minor)\n")
    for words in ("where     registry/shop/1.2.0", "previous  1.1.0", "imports   money 1.0.0", "digest    b5:"):
        assert words in ran.out
    assert ran.out.endswith("  - enum value `STATUS_SENT` (number 2) added to `acme.shop.v1.Status`\n")
    assert grown.run("registry", "show", "shop", "1.0.0").out.endswith("  - first release\n")
    shown = json.loads(grown.run("registry", "show", "shop", "1.1.0", "--format", "json").out)
    assert (shown["version"], shown["previous"]["version"]) == ("1.1.0", "1.0.0")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("list", "shp"), "error: no release of shp in {registry}; did you mean shop?"),
        (("show", "shp"), "error: no release of shp in {registry}; did you mean shop?"),
        (("show", "shop", "3.0.0"), "error: no release 3.0.0 of shop in {registry}; it has 1.0.0, 1.1.0, 1.2.0"),
    ],
)
def test_what_is_not_there(grown: Repo, args: tuple[str, ...], said: str) -> None:
    assert grown.run("registry", *args).error == said.format(registry=grown.root / "registry")


def test_sound(grown: Repo) -> None:
    assert kinds(grown) == []
    assert grown.run("registry", "verify", "--since", "HEAD~2").code == 0


def test_the_registry_of_telemetry_is_sound(telemetry: Repo) -> None:
    assert kinds(telemetry) == []


@pytest.mark.parametrize(
    "path",
    ["image.binpb.gz", "ledger.json", "release.toml", "schemas/acme/shop/v1/shop.proto"],
    ids=lambda path: Path(path).name,
)
def test_a_changed_byte(grown: Repo, path: str) -> None:
    file = grown.root / "registry/shop/1.1.0" / path
    content = file.read_bytes()
    at = content.index(b"note") if b"note" in content else len(content) // 2
    file.write_bytes(content[:at] + bytes([content[at] ^ 2]) + content[at + 1 :])
    assert kinds(grown) == [("registry-file-changed", "shop 1.1.0")]
    ran = grown.run("registry", "verify")
    assert f"  --> registry/shop/1.1.0/{path}\n" in ran.out
    assert "released versions never change: restore it with `git checkout -- " in ran.out
    grown.git("checkout", "--", "registry/shop/1.1.0")
    assert kinds(grown) == []


def test_a_missing_file(grown: Repo) -> None:
    (grown.root / "registry/shop/1.1.0/ledger.json").unlink()
    assert kinds(grown) == [("registry-file-missing", "shop 1.1.0")]


def test_a_removed_release_breaks_the_chain(grown: Repo) -> None:
    shutil.rmtree(grown.root / "registry/shop/1.1.0")
    assert ("registry-chain-broken", "shop 1.2.0") in kinds(grown)
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "error[registry-chain-broken]: 1.2.0 names 1.1.0 " in ran.out


def test_the_first_release_removed(grown: Repo) -> None:
    shutil.rmtree(grown.root / "registry/shop/1.0.0")
    assert ("registry-chain-broken", "shop 1.1.0") in kinds(grown)
    assert "as the release before, and that is none" in grown.run("registry", "verify").out


def test_a_release_that_was_replaced_breaks_the_chain(grown: Repo) -> None:
    folder = grown.root / "registry/shop/1.1.0"
    reseal(folder, released_at="2020-01-01T00:00:00Z")
    assert kinds(grown) == [("registry-chain-broken", "shop 1.2.0")]


def test_two_releases_on_top_of_one_are_a_fork(grown: Repo) -> None:
    grown.git("checkout", "--quiet", "-b", "theirs")
    grown.edit(SHOP, *ADDITION)
    grown.release("shop")
    grown.commit("theirs")
    grown.git("checkout", "--quiet", "main")
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string seller = 8;")
    grown.release("shop", "--version", "1.4.0")
    grown.commit("ours")
    grown.git("checkout", "--quiet", "theirs", "--", "registry/shop/1.3.0")
    assert ("registry-forked", "shop 1.4.0") in kinds(grown)
    ran = grown.run("registry", "verify")
    assert "1.4.0 and 1.3.0 were both released on top of 1.2.0\n" in ran.out
    assert "fix: remove " in ran.out
    assert "take over its change on top of 1.3.0, and release it again" in ran.out
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "error[registry-forked]" in ran.out


def test_an_image_that_its_sources_do_not_produce(grown: Repo) -> None:
    """Also where the forger sealed the release anew, and every digest fits."""
    folder = grown.root / "registry/shop/1.2.0"
    image = gzip.decompress((folder / IMAGE).read_bytes())
    other = image.replace(b"\x12\x02id", b"\x12\x02ip").replace(b"\x0a\x02id", b"\x0a\x02ip")
    assert other != image
    (folder / IMAGE).write_bytes(gzip.compress(other))
    reseal(folder)
    assert ("registry-image-wrong", "shop 1.2.0") in kinds(grown)
    assert "its sources do not produce its image.binpb" in grown.run("registry", "verify").out


def test_a_ledger_that_forgets(grown: Repo) -> None:
    folder = grown.root / "registry/shop/1.2.0"
    text = (folder / "ledger.json").read_text()
    assert '"STATUS_PAID"' in text
    (folder / "ledger.json").write_text(
        "".join(line for line in text.splitlines(keepends=True) if '"STATUS_PAID"' not in line)
    )
    reseal(folder)
    assert kinds(grown) == [("registry-ledger-wrong", "shop 1.2.0")]


def test_a_digest_that_is_not_that_of_the_sources(grown: Repo) -> None:
    folder = grown.root / "registry/shop/1.2.0"
    path = folder / "release.toml"
    _, _, body = path.read_text().partition("\n")
    body = re.sub(r'^digest = "b5:....', 'digest = "b5:0000', body, count=1)
    body = re.sub(r'(?m)^digest = "b5:....', 'digest = "b5:0000', body, count=1)
    path.write_text(f'seal = "{file_digest(body.encode())}"\n{body}')
    assert kinds(grown) == [("registry-digest-wrong", "shop 1.2.0")]


def test_since_a_revision_an_added_release_passes(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    grown.release("shop")
    grown.git("add", "--all")
    ran = grown.run("registry", "verify", "--since", "HEAD")
    assert (ran.code, ran.out, ran.err) == (0, "", "registry: 5 releases, sound.\n")


@pytest.mark.parametrize(
    ("damage", "word", "path"),
    [
        ("edit", "edited", "registry/shop/1.2.0/ledger.json"),
        ("delete", "deleted", "registry/shop/1.2.0/image.binpb.gz"),
        ("rename", "deleted", "registry/shop/1.2.0/release.toml"),
        ("delete all", "deleted", "registry/money/1.0.0/release.toml"),
    ],
)
def test_since_a_revision_no_release_may_be_touched(grown: Repo, damage: str, word: str, path: str) -> None:
    match damage:
        case "edit":
            grown.write(path, grown.read(path) + " ")
            grown.git("add", "--all")
        case "delete":
            grown.git("rm", "-r", "--quiet", "registry/shop/1.2.0")
        case "rename":
            grown.git("mv", "registry/shop/1.2.0", "registry/shop/1.3.0")
        case "delete all":
            grown.git("rm", "-r", "--quiet", "registry")
    for cwd in (".", "schemas/shop"):
        ran = grown.run("registry", "verify", "--since", "HEAD", cwd=cwd)
        assert ran.code == 1
        assert f"{path} was {word} since HEAD\n" in ran.out
        assert f"`git restore --source=HEAD --staged --worktree -- {path}`" in ran.out


def test_since_a_revision_edits_that_are_not_staged_are_found_too(grown: Repo) -> None:
    path = "registry/shop/1.2.0/ledger.json"
    grown.write(path, grown.read(path) + " ")
    ran = grown.run("registry", "verify", "--since", "HEAD")
    assert ran.code == 1
    assert f"shop 1.2.0: {path} was edited since HEAD" in ran.out


def test_since_where_a_branch_left_what_it_did_not_touch_passes(grown: Repo) -> None:
    """The other branch went on: what it released meanwhile is not deleted here."""
    grown.git("checkout", "--quiet", "-b", "feature")
    grown.git("checkout", "--quiet", "main")
    grown.edit(SHOP, *ADDITION)
    grown.release("shop")
    grown.commit("1.3.0")
    grown.git("checkout", "--quiet", "feature")
    assert grown.run("registry", "verify", "--since", "main").code == 0


def test_since_a_revision_that_is_not_there(grown: Repo) -> None:
    ran = grown.run("registry", "verify", "--since", "nope")
    assert ran.error.startswith(f"error: cannot compare with nope: there is no such git revision in {grown.root}; ")
    assert ran.error.endswith("fetch it: `git fetch origin nope`")


def test_since_a_revision_of_another_history(grown: Repo) -> None:
    grown.git("checkout", "--quiet", "--orphan", "unrelated")
    grown.commit("unrelated")
    ran = grown.run("registry", "verify", "--since", "main")
    assert "main and HEAD share no commit" in ran.error
    assert ran.error.endswith("; name a revision that HEAD has a commit in common with")


def test_since_before_the_first_commit(fresh: Repo) -> None:
    shutil.rmtree(fresh.root / ".git")
    fresh.git("init", "--quiet")
    fresh.release("money")
    fresh.git("add", "--all")
    assert fresh.run("registry", "verify", "--since", "HEAD").code == 0


def test_since_outside_git(grown: Repo) -> None:
    shutil.rmtree(grown.root / ".git")
    assert "not a git repository" in grown.run("registry", "verify", "--since", "HEAD").error


def test_the_installed_command(grown: Repo) -> None:
    assert grown.spawn("registry", "verify", "--since", "HEAD").code == 0
    grown.write("registry/shop/1.2.0/ledger.json", "{}")
    ran = grown.spawn("registry", "verify", cwd="schemas")
    assert (ran.code, ran.err) == (1, "../registry: 1 defect.\n")


def by_older_rules(repo: Repo, version: str, **changes: Any) -> None:
    """Make a registry of one that earlier rules judged: the first releases of shop, up to a version."""
    for later in sorted(repo.root.glob("registry/shop/*")):
        if later.name > version:
            shutil.rmtree(later)
    folders = sorted(repo.root.glob("registry/shop/*"))
    before: dict[str, Any] = {}
    for folder in folders:
        link = {"previous": {name: before[name] for name in ("version", "digest", "seal")}} if before else {}
        more = changes if folder.name == version else {}
        before = reseal(folder, rules="1", **link, **more)


@pytest.mark.parametrize(
    "changes", [{"changes": ["a value came, in older words"]}, {"bump": "major"}, {}], ids=["words", "bump", "same"]
)
def test_what_older_rules_called_otherwise(grown: Repo, changes: dict[str, Any]) -> None:
    by_older_rules(grown, "1.1.0", **changes)
    assert kinds(grown) == []


def test_what_older_rules_called_less_than_it_is(grown: Repo) -> None:
    by_older_rules(grown, "1.1.0", bump="patch")
    assert kinds(grown) == [("registry-bump-wrong", "shop 1.1.0")]


def test_a_manifest_without_rules_is_of_the_first(grown: Repo) -> None:
    folder = grown.root / "registry/money/1.0.0"
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text(text.replace('rules = "2"\n', ""))
    reseal(folder)
    assert "rules     1" in grown.run("registry", "show", "money").out


@pytest.mark.parametrize("rules", ["0", "-1", "two", "1.5", "9999999", ""])
def test_a_version_of_the_rules_that_is_none(grown: Repo, rules: str) -> None:
    reseal(grown.root / "registry/money/1.0.0", rules=rules)
    assert "which is no version of the rules" in grown.run("registry", "show", "money").error
