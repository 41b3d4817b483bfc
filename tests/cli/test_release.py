"""`fieldstone release`: which number, what is written, and what keeps it from being written."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import signal
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldstone.toolchain import buf
from tests.cli.workspace import MONEY, SHOP, Repo
from tests.conftest import SEED

KILLS = int(os.environ.get("FIELDSTONE_KILLS", "4"))
"""How often a release is killed; `make soak` sets 200."""

ADDITION = ("string id = 1;", "string id = 1;\n  string buyer = 9;")
COMMENT = ("What somebody ordered", "What someone ordered")
BREAK = ("string id = 1;", "int32 id = 1;")


def manifest(repo: Repo, release: str) -> dict[str, Any]:
    return tomllib.loads(repo.read(f"registry/{release}/release.toml"))


def test_the_first_release_holds_what_is_documented(fresh: Repo) -> None:
    ran = fresh.run("release", "money")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Released money 1.0.0 (first) as registry/money/1.0.0\n  - first release\n"
    assert sorted(fresh.snapshot()) == [
        "money/1.0.0/image.binpb.gz",
        "money/1.0.0/ledger.json",
        "money/1.0.0/release.toml",
        "money/1.0.0/schemas/acme/money/v1/money.proto",
    ]
    text = fresh.read("registry/money/1.0.0/release.toml")
    seal, _, body = text.partition("\n")
    assert seal == f'seal = "shake256:{hashlib.shake_256(body.encode()).hexdigest(64)}"'
    found = tomllib.loads(text)
    assert found.keys() == {
        *("seal", "name", "version", "digest", "bump", "released_at", "commit", "style", "compiler", "changes"),
        *("layout", "rules", "waivers", "files"),
    }
    assert (found["name"], found["version"], found["bump"]) == ("money", "1.0.0", "first")
    assert (found["changes"], found["waivers"]) == (["first release"], [])
    assert found["commit"] == fresh.git("rev-parse", "HEAD").strip()
    assert found["compiler"] == buf.compiler()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["released_at"])
    folder = fresh.root / "registry/money/1.0.0"
    contents = {path: (folder / path).read_bytes() for path in ("ledger.json", "schemas/acme/money/v1/money.proto")}
    contents["image.binpb"] = gzip.decompress((folder / "image.binpb.gz").read_bytes())
    assert found["files"] == {
        path: f"shake256:{hashlib.shake_256(content).hexdigest(64)}" for path, content in contents.items()
    }
    assert (folder / "schemas/acme/money/v1/money.proto").read_bytes() == (fresh.root / MONEY).read_bytes()
    assert json.loads((folder / "ledger.json").read_text()) == {
        "acme.money.v1.Money": {
            "kind": "message",
            "since": "1.0.0",
            "until": None,
            "members": [
                {"name": "currency", "number": 1, "of": "string", "since": "1.0.0", "until": None},
                {"name": "units", "number": 2, "of": "int64", "since": "1.0.0", "until": None},
            ],
        }
    }


def test_the_next_release_names_the_one_before_and_what_it_imports(grown: Repo) -> None:
    first, second = manifest(grown, "shop/1.0.0"), manifest(grown, "shop/1.1.0")
    assert "previous" not in first
    assert second["previous"] == {key: first[key] for key in ("version", "digest", "seal")}
    assert second["changes"] == ["field `note` (string, number 4) added to `acme.shop.v1.Order`"]
    money = manifest(grown, "money/1.0.0")
    assert second["dependencies"] == [{key: money[key] for key in ("name", "version", "digest")}]
    ledger = json.loads(grown.read("registry/shop/1.2.0/ledger.json"))
    assert [(m["name"], m["since"]) for m in ledger["acme.shop.v1.Status"]["members"]] == [
        ("STATUS_UNSPECIFIED", "1.0.0"),
        ("STATUS_PAID", "1.0.0"),
        ("STATUS_SENT", "1.2.0"),
    ]


def test_the_digests_are_those_of_buf(released: Repo) -> None:
    graph = {node["name"]: node["digest"] for node in buf.dependency_graph(cwd=released.root)}
    assert manifest(released, "money/1.0.0")["digest"] == graph["schemas/money"]
    assert manifest(released, "shop/1.0.0")["digest"] == graph["schemas/shop"]


@pytest.mark.parametrize(
    ("edit", "version", "bump", "change"),
    [
        (ADDITION, "1.3.0", "minor", "field `buyer` (string, number 9) added to `acme.shop.v1.Order`"),
        (COMMENT, "1.2.1", "patch", "comments and documentation only"),
    ],
    ids=["addition", "comments"],
)
def test_changes_get_the_smallest_version_that_may_carry_them(
    grown: Repo, edit: tuple[str, str], version: str, bump: str, change: str
) -> None:
    grown.edit(SHOP, *edit)
    grown.commit()
    ran = grown.run("release", "shop")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Released shop {version} ({bump}) as registry/shop/{version}\n  - {change}\n"
    assert manifest(grown, f"shop/{version}")["bump"] == bump
    assert grown.run("registry", "verify").code == 0


def test_documentation_is_released_as_a_patch(grown: Repo) -> None:
    grown.write("schemas/shop/README.md", "# Shop\n")
    assert "Released shop 1.2.1 (patch)" in grown.release("shop").out
    assert grown.read("registry/shop/1.2.1/schemas/README.md") == "# Shop\n"


def test_nothing_changed(grown: Repo) -> None:
    before = grown.snapshot()
    ran = grown.run("release", "shop")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "shop: nothing changed since 1.2.0; nothing to release.\n"
    ran = grown.run("release", "shop", "--version", "1.2.1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "nothing changed in shop since 1.2.0; there is nothing to release as 1.2.1\n"
    assert grown.snapshot() == before


def test_a_dry_run_writes_nothing(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    before = grown.snapshot(".")
    ran = grown.run("release", "shop", "--dry-run")
    assert ran.code == 0
    assert ran.out.startswith("Would release shop 1.3.0 (minor) as registry/shop/1.3.0\n")
    assert grown.snapshot(".") == before


def test_a_break_is_refused_and_nothing_written(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    before = grown.snapshot()
    for version in ((), ("--version", "2.0.0"), ("--version", "9.0.0")):
        ran = grown.run("release", "shop", *version)
        assert ran.code == 1
        assert ran.out.startswith("error[field-type-changed]")
        assert ran.err.endswith("it needs 2.0.0. Undo it, or `fieldstone waive`.\n")
    assert grown.snapshot() == before


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("1.2.1", "1.2.1 is too small for shop: its changes are minor, and ask for 1.3.0"),
        ("1.2.0", "1.2.0 does not follow 1.2.0, the newest release of shop"),
        ("1.1.5", "1.1.5 does not follow 1.2.0, the newest release of shop"),
        ("1.2.1-rc.1", "1.2.1-rc.1 is too small for shop: its changes are minor, and ask for 1.3.0"),
    ],
)
def test_a_version_that_is_too_small_is_refused(grown: Repo, version: str, said: str) -> None:
    grown.edit(SHOP, *ADDITION)
    before = grown.snapshot()
    ran = grown.run("release", "shop", "--version", version)
    assert (ran.code, ran.out, ran.err) == (1, "", f"{said}\n")
    assert grown.snapshot() == before


def test_a_larger_version_is_accepted(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    assert "Released shop 5.0.0 (minor) as registry/shop/5.0.0" in grown.release("shop", "--version", "5.0.0").out


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (
            "1.3.0+b1",
            "error: 1.3.0+b1 has build metadata, which semver leaves out of the order of versions; leave it out",
        ),
        ("1.3", "error: 1.3 is no semver version; write it as 1.2.3 or 2.0.0-rc.1"),
        ("v1.3.0", "error: v1.3.0 is no semver version; write it as 1.2.3 or 2.0.0-rc.1"),
        ("../1.3.0", "error: ../1.3.0 is no semver version; write it as 1.2.3 or 2.0.0-rc.1"),
    ],
)
def test_what_is_no_version(grown: Repo, version: str, said: str) -> None:
    grown.edit(SHOP, *ADDITION)
    assert grown.run("release", "shop", "--version", version).error == said


def test_pre_releases_come_in_the_order_of_semver_and_before_their_release(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    grown.release("shop", "--version", "1.3.0-rc.2")
    assert "no change since 1.3.0-rc.2" in grown.release("shop", "--version", "1.3.0-rc.10").out
    for earlier in ("1.3.0-rc.9", "1.3.0-alpha", "1.3.0-rc.10", "1.2.9"):
        ran = grown.run("release", "shop", "--version", earlier)
        assert ran.code == 1
        assert ran.err.startswith(f"{earlier} does not follow 1.3.0-rc.10, ")
    said = "shop: unchanged since 1.3.0-rc.10: additive since the last stable release. Allowed as 1.3.0.\n"
    assert grown.run("check", "shop").err == grown.run("check", "shop", "--full").err == said
    grown.edit(SHOP, *COMMENT)
    ran = grown.run("check", "shop")
    assert "Allowed as 1.3.0." in ran.err
    assert "Released shop 1.3.0 (minor)" in grown.release("shop").out
    listed = [line.split()[1] for line in grown.run("registry", "list", "shop").out.splitlines()]
    assert listed == ["1.0.0", "1.1.0", "1.2.0", "1.3.0-rc.2", "1.3.0-rc.10", "1.3.0"]
    assert grown.run("registry", "verify").code == 0


def test_what_a_pre_release_had_is_kept_too(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    grown.release("shop", "--version", "1.3.0-rc.1")
    grown.edit(SHOP, "string buyer = 9;", "string customer = 9;")
    ran = grown.run("release", "shop")
    assert ran.code == 1
    assert "error[field-renamed]" in ran.out


def test_a_first_pre_release(fresh: Repo) -> None:
    fresh.release("money", "--version", "1.0.0-rc.1")
    assert "Released money 1.0.0 " in fresh.release("money").out
    assert fresh.run("registry", "verify").code == 0


def test_an_import_that_is_not_released_yet(fresh: Repo) -> None:
    ran = fresh.run("release", "shop")
    assert ran.error == "error: shop imports money, which has no release yet; run `fieldstone release money` first"
    assert not (fresh.root / "registry").exists()


def test_an_import_that_changed_since_its_release(released: Repo) -> None:
    released.edit(MONEY, "int64 units = 2;", "int64 units = 2;\n  int32 nanos = 3;")
    released.edit(SHOP, *ADDITION)
    before = released.snapshot()
    assert released.run("release", "shop").error == (
        "error: shop imports money, which differs from 1.0.0, its newest release; run `fieldstone release money` first"
    )
    assert released.snapshot() == before
    released.release("money")
    released.release("shop")
    assert [link["version"] for link in manifest(released, "shop/1.1.0")["dependencies"]] == ["1.1.0"]
    assert released.run("registry", "verify").code == 0


def test_a_newer_import_alone_is_a_patch(released: Repo) -> None:
    released.edit(MONEY, "int64 units = 2;", "int64 units = 2;\n  int32 nanos = 3;")
    released.release("money")
    assert "Released shop 1.0.1 (patch)" in released.release("shop").out
    assert manifest(released, "shop/1.0.1")["changes"] == ["newer imports only"]
    assert released.run("registry", "verify").code == 0


def test_a_file_may_move_into_a_module_that_is_imported(released: Repo) -> None:
    path = "acme/place/v1/place.proto"
    place = 'syntax = "proto3";\n\npackage acme.place.v1;\n\nmessage Place {\n  string street = 1;\n}\n'
    released.write(f"schemas/shop/{path}", place)
    released.edit(SHOP, "import ", f'import "{path}";\nimport ')
    released.edit(SHOP, "string id = 1;", "string id = 1;\n  acme.place.v1.Place to = 9;")
    released.release("shop")
    (released.root / "schemas/shop" / path).unlink()
    released.write(f"schemas/money/{path}", place.replace("string street", "int32 street"))
    for options in ((), ("--full",), ("--no-second-opinion",)):
        checked = released.run("check", *options)
        assert checked.code == 1, checked
        assert checked.out.count("error[") == 1
        assert "error[field-type-changed]: `street` of `acme.place.v1.Place` went from string to int32" in checked.out
    released.write(f"schemas/money/{path}", place)
    checked = released.run("check")
    assert checked.code == 0, checked
    assert "shop: only comments, layout, imports or documents changed since 1.1.0. Allowed as 1.1.1." in checked.err
    released.release("money")
    assert "Released shop 1.1.1 (patch)" in released.release("shop").out
    assert manifest(released, "shop/1.1.1")["changes"] == [f"file `{path}` is imported from another module now"]
    assert "no change from 1.1.0 to 1.1.1" in released.run("diff", "shop", "1.1.0", "1.1.1").err
    assert "no change from 1.1.0 to the working tree" in released.run("diff", "shop", "1.1.0", ".").err
    assert released.run("check").code == released.run("registry", "verify").code == 0


def test_a_style_that_is_refused_is_not_released(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string BadName = 9;")
    ran = grown.run("release", "shop")
    assert ran.code == 1
    assert ran.out.startswith("error[FIELD_LOWER_SNAKE_CASE]")


def test_a_release_of_sources_that_are_not_committed_says_so(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    grown.commit("an addition")
    grown.write("notes.txt", "no source")
    assert grown.release("shop").err == ""
    head = grown.git("rev-parse", "HEAD").strip()
    assert manifest(grown, "shop/1.3.0")["commit"] == head
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  string gift = 10;")
    assert f"(recorded as {head[:7]}-dirty)" in grown.release("shop").err
    assert manifest(grown, "shop/1.4.0")["commit"] == f"{head}-dirty"


def edit_it(repo: Repo) -> None:
    repo.edit(MONEY, "int64 units = 2;", "int64 units = 2;  // Said.")


def delete_a_file(repo: Repo) -> None:
    (repo.root / MORE).unlink()


def add_a_file(repo: Repo) -> None:
    repo.write(MORE.replace("more", "other"), MORE_TEXT.replace("More", "Other"))


def add_a_file_that_git_ignores(repo: Repo) -> None:
    repo.write(".git/info/exclude", "other.proto\n")
    add_a_file(repo)


def edit_a_document_beside_the_module(repo: Repo) -> None:
    repo.write("LICENSE", "Another one.\n")


def link_a_file_to_another(repo: Repo) -> None:
    (repo.root / LINK).unlink()
    (repo.root / LINK).symlink_to("linked2.txt")


def edit_a_file_behind_a_link(repo: Repo) -> None:
    repo.write("linked1.txt", MORE_TEXT.replace("More", "Linked") + "// Said.\n")


def link_a_file_outside_the_checkout(repo: Repo) -> None:
    outside = repo.root.parent / "outside.proto"
    outside.write_text(MORE_TEXT.replace("More", "Linked"))
    (repo.root / LINK).unlink()
    (repo.root / LINK).symlink_to(outside)
    repo.commit("a link out of the checkout")


MORE, LINK = (f"schemas/money/acme/money/v1/{name}.proto" for name in ("more", "linked"))
MORE_TEXT = 'syntax = "proto3";\n\npackage acme.money.v1;\n\n// More.\nmessage More {\n  string id = 1;\n}\n'


@pytest.mark.parametrize(
    "change",
    [
        edit_it,
        delete_a_file,
        add_a_file,
        add_a_file_that_git_ignores,
        edit_a_document_beside_the_module,
        link_a_file_to_another,
        edit_a_file_behind_a_link,
        link_a_file_outside_the_checkout,
    ],
)
def test_sources_that_differ_from_the_commit_are_told_of(change: Callable[[Repo], None], grown: Repo) -> None:
    grown.write(MORE, MORE_TEXT)
    grown.write("LICENSE", "One.\n")
    for name in ("linked1.txt", "linked2.txt"):
        grown.write(name, MORE_TEXT.replace("More", "Linked") + f"// {name}\n")
    (grown.root / LINK).symlink_to("/".join([".."] * 5) + "/linked1.txt")
    grown.commit("clean")
    grown.write(".git/info/exclude", "notes\n")
    grown.write("schemas/money/notes", "no source")
    clean = grown.run("release", "money", "--dry-run", "--version", "2.0.0")
    assert (clean.code, clean.err) == (0, ""), clean
    change(grown)
    ran = grown.run("release", "money", "--dry-run", "--version", "2.0.0")
    head = grown.git("rev-parse", "HEAD")[:7]
    said = f"is made from uncommitted sources (recorded as {head}-dirty): commit them together with the release"
    assert (ran.code, ran.err) == (0, f"money 2.0.0 {said}\n"), ran


def test_outside_git_a_release_names_no_commit(grown: Repo) -> None:
    shutil.rmtree(grown.root / ".git")
    grown.edit(SHOP, *ADDITION)
    grown.release("shop")
    assert manifest(grown, "shop/1.3.0")["commit"] == ""


def test_a_warning_lets_a_break_be_released_as_a_major_version(grown: Repo) -> None:
    grown.settings('[rules]\nfield-renamed = "warning"\n')
    grown.edit(SHOP, "string id = 1;", "string ident = 1;")
    ran = grown.run("release", "shop", "--version", "1.3.0")
    assert ran.code == 1
    assert ran.err == "1.3.0 is too small for shop: its changes are major, and ask for 2.0.0\n"
    assert "Released shop 2.0.0 (major)" in grown.release("shop").out


def test_of_two_at_once_one_wins(grown: Repo) -> None:
    """Both judge the same history; the lock is held until both have, so that they meet in it."""
    grown.edit(SHOP, *ADDITION)
    lock = os.open(grown.root / "registry", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    processes = [grown.start("release", "shop", "--version", version) for version in ("1.3.0", "1.4.0")]
    time.sleep(3)
    os.close(lock)
    said = [process.communicate() for process in processes]
    assert sorted(process.returncode for process in processes) in ([0, 1], [0, 2])
    winner, loser = sorted(said, key=lambda out_err: not out_err[0])
    assert winner[0].startswith("Released shop ")
    assert loser[0] == ""
    assert re.match(r"error: shop 1\.[34]\.0 was released meanwhile|nothing changed", loser[1]), loser[1]
    assert grown.run("registry", "verify").code == 0
    assert len(list((grown.root / "registry/shop").iterdir())) == 4


def test_killed_at_any_moment_the_registry_is_as_before_or_as_after(released: Repo) -> None:
    rng = random.Random(SEED)
    registry = released.root / "registry"
    for number in range(10, 10 + KILLS):
        released.edit(SHOP, "string id = 1;", f"string id = 1;\n  string f{number} = {number};")
        before = released.snapshot("registry/shop")
        process = released.start("release", "shop")
        _wait_for_writing(registry, process.poll)
        time.sleep(rng.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = {path: content for path, content in released.snapshot("registry/shop").items() if path in before}
        assert kept == before
        assert released.run("check", "shop").code == 0
    assert released.run("registry", "verify").code == 0
    released.edit(SHOP, *COMMENT)
    released.release("shop")
    assert released.run("registry", "verify").code == 0
    assert not list(registry.glob(".incoming-*"))


def _wait_for_writing(registry: Path, ended: Any) -> None:
    """Until the release has begun to write, or the process is over."""
    while ended() is None and not any(registry.glob(".incoming-*")):
        time.sleep(0.0005)
