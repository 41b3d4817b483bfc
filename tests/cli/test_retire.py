"""`fieldstone release --retire`: the last release of a module, and all commands after it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tomli_w

from fieldstone.schema.digest import file_digest
from tests.cli.test_registry import kinds, reseal
from tests.cli.workspace import HERE, MONEY, SHOP, Repo, release_on, waiver

REMOVED = {
    "enum-removed": "acme.shop.v1.Status",
    "file-removed": "acme/shop/v1/shop.proto",
    "message-removed": "acme.shop.v1.Order",
    "package-removed": "acme.shop.v1",
}
WAIVERS = "".join(waiver(rule, subject, module="shop") for rule, subject in REMOVED.items())
SINCE = "module shop is retired since 2.0.0 (1.2.0 is the last release with sources)"


def delist(repo: Repo) -> None:
    """Remove shop and its entry from buf.yaml."""
    repo.edit("buf.yaml", "  - path: schemas/shop\n", "")
    shutil.rmtree(repo.root / "schemas/shop")


@pytest.fixture
def retired(grown: Repo) -> Repo:
    """Shop is retired as 2.0.0, and still listed."""
    grown.settings(WAIVERS)
    grown.release("shop", "--retire")
    (grown.root / "fieldstone.toml").unlink()
    grown.commit("retire shop")
    return grown


def test_it_is_refused_with_all_that_it_removes(grown: Repo) -> None:
    before = grown.snapshot("registry")
    ran = grown.run("release", "shop", "--retire")
    assert ran.code == 1
    assert re.findall(r"error\[(\S+)\]", ran.out) == [*REMOVED]
    assert "Refused: 4 breaking changes since 1.2.0; they need 2.0.0" in ran.err
    assert ran.err.endswith("next: to waive these, first remove shop from the buf configuration\n")
    grown.settings(WAIVERS.replace("2999-12-31", "2020-01-31", 1))
    assert re.findall(r"error\[(\S+)\]", grown.run("release", "shop", "--retire").out) == ["enum-removed"]
    assert grown.snapshot("registry") == before


def test_the_last_release_holds_nothing_and_forgets_nothing(grown: Repo) -> None:
    grown.settings(WAIVERS)
    dry = grown.run("release", "shop", "--retire", "--dry-run")
    assert "Would release shop 2.0.0 (major, retired) as registry/shop/2.0.0\n  - module `shop` is retired\n" in dry.out
    assert not (grown.root / "registry/shop/2.0.0").exists()
    ran = grown.release("shop", "--retire")
    assert "Released shop 2.0.0 (major, retired) as registry/shop/2.0.0" in ran.out
    assert ran.err.count("next: the waiver is no longer needed") == len(REMOVED)
    assert ran.err.endswith("next: remove shop from the buf configuration\n")
    assert sorted(grown.snapshot("registry/shop/2.0.0")) == ["image.binpb.gz", "ledger.json", "release.toml"]
    assert gzip.decompress((grown.root / "registry/shop/2.0.0/image.binpb.gz").read_bytes()) == b""
    made = tomllib.loads(grown.read("registry/shop/2.0.0/release.toml"))
    assert (made["retired"], made["bump"], made["previous"]["version"]) == ("true", "major", "1.2.0")
    assert made["changes"][0] == "module `shop` is retired"
    assert "message `Order` removed from `acme.shop.v1`" in made["changes"]
    assert {entry["rule"]: entry["subject"] for entry in made["waivers"]} == REMOVED
    ledger = json.loads(grown.read("registry/shop/2.0.0/ledger.json"))
    assert {entry["until"] for entry in ledger.values()} == {"2.0.0"}
    assert {member["until"] for entry in ledger.values() for member in entry["members"]} == {"2.0.0"}
    assert kinds(grown) == []


def test_after_it_nothing_is_said_of_a_module_that_is_not_listed(retired: Repo) -> None:
    delist(retired)
    for args in ((), ("--full",), ("--against", "HEAD~1")):
        ran = retired.run("check", *args)
        assert (ran.code, ran.out, ran.err) == (
            0,
            "",
            "money: unchanged since " + ("HEAD~1.\n" if args[1:] else "1.0.0.\n"),
        )
    assert kinds(retired) == []
    retired.settings("[modules.shop]\nnaming = true\n")
    assert retired.run("check").code == 0
    retired.settings(WAIVERS)
    assert "is no longer needed: shop 2.0.0 includes the change" in retired.run("check").out


def test_the_folder_may_be_gone_already_and_waive_helps(grown: Repo) -> None:
    delist(grown)
    for rule, subject in REMOVED.items():
        terms = ("--reason", "nobody reads it", "--until", "2999-01-31", "--owner", "ada", "--module", "shop")
        assert grown.run("waive", rule, subject, *terms).code == 0
    assert grown.run("check", "shop").code == 0
    ran = grown.release("shop", "--retire", "--version", "3.0.0")
    assert "Released shop 3.0.0 (major, retired)" in ran.out
    assert "buf configuration" not in ran.err
    assert kinds(grown) == []


def test_a_module_past_its_sunset_needs_no_waiver(fresh: Repo) -> None:
    shutil.copytree(HERE / "schemas/fieldstone", fresh.root / "schemas/fieldstone")
    fresh.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/fieldstone\n")
    for module in ("fieldstone", "money"):
        release_on(fresh, -100, module)
    sunset = (datetime.now(UTC).date() - timedelta(5)).isoformat()
    text = fresh.read(SHOP).replace('money.proto";\n', 'money.proto";\nimport "fieldstone/v1/annotations.proto";\n')
    for kind, name in (("message", "Order"), ("enum", "Status")):
        old = f"{kind} {name} {{\n"
        dates = f'deprecated_since: "1.0.0" sunset: "{sunset}"'
        ended = f"  option deprecated = true;\n  option (fieldstone.v1.{kind}_lifecycle) = {{{dates}}};\n"
        text = text.replace(old, old + ended)
    fresh.write(SHOP, text)
    release_on(fresh, -100)
    ran = fresh.release("shop", "--retire")
    assert ran.out.count("note[retired-after-sunset]") == 2
    assert "Released shop 2.0.0 (major, retired)" in ran.out
    assert kinds(fresh) == []


def test_before_1_0_the_minor_version_carries_it(fresh: Repo) -> None:
    fresh.release("money", "--version", "0.1.0")
    fresh.release("shop", "--version", "0.1.0")
    fresh.settings('breaking-before-1-0 = "refuse"\n')
    assert fresh.run("release", "shop", "--retire").code == 1
    fresh.settings("")
    assert "Released shop 0.2.0 (major, retired)" in fresh.release("shop", "--retire").out
    assert kinds(fresh) == []


def test_a_listed_module_that_is_retired_is_one_error(retired: Repo) -> None:
    retired.edit(SHOP, "string id = 1;", "int32 id = 1;")
    ran = retired.run("check")
    assert ran.code == 1
    assert ran.out == (
        "error[module-retired]: module `shop` is retired since 2.0.0, and is still listed\n"
        "  --> buf.yaml:4:11\n"
        "   |\n"
        " 4 |   - path: schemas/shop\n"
        "   |           ^^^^^^^^^^^^\n"
        "   = fix:     remove it from the buf configuration, or give the new module another name\n"
        "   = more:    fieldstone explain module-retired\n"
    )
    retired.settings('[modules.shop2]\npath = "schemas/shop"\n')
    assert retired.run("check").code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("release", "shop"), f"error: {SINCE}; "),
        (("release", "shop", "--retire"), f"error: {SINCE}; "),
        (("generate", "shop"), f"error: {SINCE}; "),
        (("migrate", "sqlite:///shop.db", "--module", "shop"), f"error: {SINCE}; "),
        (("check", "shop", "--profile", "buf"), f"error: {SINCE}; "),
        (
            ("package", "shop"),
            "error: shop is retired since 2.0.0, which holds nothing to package; the last release that can be ",
        ),
        (("package", "shop@2.0.0"), "error: shop is retired since 2.0.0, "),
    ],
)
@pytest.mark.parametrize("is_listed", [True, False])
def test_commands_on_a_retired_module(retired: Repo, args: tuple[str, ...], said: str, *, is_listed: bool) -> None:
    if not is_listed:
        delist(retired)
    before = retired.snapshot(".")
    assert retired.run(*args).error.startswith(said)
    assert retired.snapshot(".") == before


def test_commands_that_name_a_retired_module_that_is_not_listed(retired: Repo) -> None:
    delist(retired)
    terms = ("--reason", "x", "--until", "2999-01-31", "--owner", "ada", "--module", "shop")
    for args in (("check", "shop"), ("diff", "shop", "1.0.0"), ("waive", "enum-removed", "x", *terms)):
        assert retired.run(*args).error.startswith(f"error: {SINCE}; `fieldstone registry list`")
    ran = retired.run("diff", "shop", "1.2.0", "2.0.0")
    assert (ran.code, ran.err) == (0, "shop: 3 changes from 1.2.0 to 2.0.0 (major)\n")
    assert retired.run("diff", "shop", "2.0.0", "1.2.0").code == 0
    assert retired.run("registry", "list", "shop").out.rstrip().endswith("  major, retired")
    assert "  version   2.0.0 (major, retired)\n" in retired.run("registry", "show", "shop").out
    assert json.loads(retired.run("registry", "show", "shop", "--format", "json").out)["retired"] is True
    assert retired.run("package", "shop@1.2.0").code == 0


def test_init_says_that_a_listed_module_is_retired(retired: Repo) -> None:
    ran = retired.run("init", "--release", "--no-hooks")
    assert ran.code == 2
    assert SINCE in ran.err


def test_completion(retired: Repo) -> None:
    def completed(words: str) -> list[str]:
        env = {"_FIELDSTONE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        ran = retired.spawn(env=env)
        return [line.partition(",")[2] for line in ran.out.splitlines()]

    delist(retired)
    assert completed("fieldstone release ") == ["money"]
    assert completed("fieldstone registry show ") == ["money", "shop"]
    assert completed("fieldstone package shop@") == ["shop@1.0.0", "shop@1.1.0", "shop@1.2.0"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nope",), "error: no release of nope in {registry}, so there is nothing to retire; it has money, shop"),
        (("shpo",), "error: no release of shpo in {registry}, so there is nothing to retire; did you mean shop?"),
        (("shop", "--version", "x"), "error: x is no semver version; write it as 1.2.3 or 2.0.0-rc.1"),
        (
            ("shop", "--version", "2.0.0-rc.1"),
            "error: 2.0.0-rc.1 is a pre-release, and none can retire a module; use 2.0.0",
        ),
        (("money",), f"error: money cannot be retired while others import its files: shop ({MONEY[14:]}); "),
    ],
)
def test_what_cannot_be_retired(grown: Repo, args: tuple[str, ...], said: str) -> None:
    assert grown.run("release", "--retire", *args).error.startswith(said.format(registry=grown.root / "registry"))


def test_a_version_that_is_too_small(grown: Repo) -> None:
    grown.settings(WAIVERS)
    ran = grown.run("release", "shop", "--retire", "--version", "1.9.0")
    assert ran.code == 1
    assert ran.err == "1.9.0 is too small for shop: its changes are major, and ask for 2.0.0\n"


def test_a_module_without_a_release(fresh: Repo) -> None:
    said = "so there is nothing to retire; it was never released: remove it from the buf configuration"
    assert fresh.run("release", "shop", "--retire").error.endswith(said)


def test_importers_are_named_also_where_the_module_is_gone(grown: Repo) -> None:
    grown.edit("buf.yaml", "  - path: schemas/money\n", "")
    shutil.rmtree(grown.root / "schemas/money")
    assert (
        "others import its files: shop (acme/money/v1/money.proto)" in grown.run("release", "money", "--retire").error
    )


def test_an_import_from_a_retired_module_is_not_released(retired: Repo) -> None:
    retired.edit(MONEY, "package acme.money.v1;\n", 'package acme.money.v1;\n\nimport "acme/shop/v2/new.proto";\n')
    retired.edit(SHOP, 'import "acme/money/v1/money.proto";\n', "")
    retired.edit(SHOP, "  acme.money.v1.Money total = 2;\n", "")
    new = 'syntax = "proto3";\n\npackage acme.shop.v2;\n\n// New.\nmessage New {}\n'
    retired.write("schemas/shop/acme/shop/v2/new.proto", new)
    retired.edit(MONEY, "  int64 units = 2;\n", "  int64 units = 2;\n  acme.shop.v2.New new = 3;\n")
    assert retired.run("release", "money").error.startswith(f"error: {SINCE}; ")


def test_a_module_of_others_is_not_retired_from_here(grown: Repo, tmp_path: Path) -> None:
    (grown.root / "registry").rename(tmp_path / "shared")
    grown.settings('registry = "../shared"\n' + WAIVERS)
    delist(grown)
    assert "is shared with others; retire it where it is listed" in grown.run("release", "shop", "--retire").error


def with_sources(folder: Path) -> None:
    shutil.copytree(folder.parent / "1.2.0/schemas", folder / "schemas")
    rewrite(folder, files={f"schemas/{SHOP[13:]}": "", "image.binpb": "", "ledger.json": ""})


def with_image(folder: Path) -> None:
    shutil.copy(folder.parent / "1.2.0/image.binpb.gz", folder)
    reseal(folder)


def with_old_ledger(folder: Path) -> None:
    shutil.copy(folder.parent / "1.2.0/ledger.json", folder)
    reseal(folder)


def as_minor_step(folder: Path) -> None:
    target = folder.rename(folder.with_name("1.3.0"))
    ledger = target / "ledger.json"
    ledger.write_text(ledger.read_text().replace("2.0.0", "1.3.0"))
    reseal(target, version="1.3.0", bump="minor")


def with_a_release_after_it(folder: Path) -> None:
    retirement = tomllib.loads((folder / "release.toml").read_text())
    shutil.copytree(folder.parent / "1.2.0", folder.with_name("2.1.0"))
    link = {key: retirement[key] for key in ("version", "digest", "seal")}
    reseal(folder.with_name("2.1.0"), version="2.1.0", previous=link)


def of_what_has_sources(folder: Path) -> None:
    """The key alone, on a release as any other."""
    shutil.rmtree(folder)
    reseal(folder.with_name("1.2.0"), retired="true")


def rewrite(folder: Path, **changes: object) -> None:
    """Write keys of a manifest, and seal it."""
    path = folder / "release.toml"
    content = tomllib.loads(path.read_text()) | changes
    path.write_text("\n" + tomli_w.dumps({key: value for key, value in content.items() if key != "seal"}))
    path.write_text(f'seal = "x"\n{path.read_text()[1:]}')
    reseal(folder)


@pytest.mark.parametrize(
    ("forge", "kind"),
    [
        (with_sources, "registry-retirement-wrong"),
        (with_image, "registry-retirement-wrong"),
        (as_minor_step, "registry-retirement-wrong"),
        (with_a_release_after_it, "registry-retirement-wrong"),
        (of_what_has_sources, "registry-retirement-wrong"),
        (with_old_ledger, "registry-ledger-wrong"),
    ],
)
def test_forged_retirements(retired: Repo, forge: Callable[[Path], None], kind: str) -> None:
    delist(retired)
    forge(retired.root / "registry/shop/2.0.0")
    assert kind in {found for found, _ in kinds(retired)}
    if kind == "registry-retirement-wrong":
        assert f"error[{kind}]" in retired.run("check").out


def test_a_word_that_the_key_cannot_have(retired: Repo) -> None:
    folder = retired.root / "registry/shop/2.0.0"
    rewrite(folder, retired="false")
    assert retired.run("check").error.startswith(
        f"error: {folder}/release.toml is no release manifest: retired is 'false', and may be \"true\" alone"
    )


def test_the_digest_of_nothing_is_that_of_every_retired_module(retired: Repo) -> None:
    made = tomllib.loads(retired.read("registry/shop/2.0.0/release.toml"))
    assert made["files"]["image.binpb"] == file_digest(b"")
    assert "dependencies" not in made
