"""Minor lines that go on while newer releases exist: `release --line`, `check --line`, and what follows from them."""

from __future__ import annotations

import json
import shutil
import tomllib

from fieldstone.project.project import Project
from fieldstone.registry import open_registry
from fieldstone.workflows.generating.client_package import client_package, find_release
from tests.cli.test_registry import reseal
from tests.cli.test_retire import WAIVERS, delist
from tests.cli.workspace import MONEY, SHOP, Repo, waiver

NOTE = "  Status status = 3;\n  string note = 4;\n"
ID = "string id = 1;"


def _old_sources(repo: Repo) -> None:
    """The sources of shop 1.0.0 in the working tree; the registry keeps all releases."""
    repo.git("checkout", "v1.0.0", "--", "schemas")


def _new_sources(repo: Repo) -> None:
    repo.git("checkout", "v1.2.0", "--", "schemas")


def test_a_line_goes_on_beside_newer_releases(grown: Repo) -> None:
    _old_sources(grown)
    assert grown.run("check", "shop").code == 1  # `note` and STATUS_SENT are gone
    ran = grown.run("check", "shop", "--line", "1.0")
    assert (ran.code, ran.err) == (0, "shop: unchanged since 1.0.0.\n")

    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    ran = grown.run("check", "shop", "--line", "1.0")
    assert ran.code == 0
    assert "changed since 1.0.0: additive. Allowed as 1.0.1." in ran.err
    out = grown.release("shop", "--line", "1.0").out
    assert "Released shop 1.0.1 (minor, line 1.0) as registry/shop/1.0.1\n" in out
    made = tomllib.loads(grown.read("registry/shop/1.0.1/release.toml"))
    assert (made["line"], made["previous"]["version"]) == ("1.0", "1.0.0")
    assert [link["version"] for link in made["beside"]] == ["1.2.0"]
    ledger = json.loads(grown.read("registry/shop/1.0.1/ledger.json"))
    assert [use["name"] for use in ledger["acme.shop.v1.Order"]["members"]] == ["id", "total", "status", "buyer"]
    assert {use["until"] for use in ledger["acme.shop.v1.Order"]["members"]} == {None}
    assert grown.run("registry", "verify").code == 0

    # the main line is judged against its own newest release, and its number 9 is taken
    _new_sources(grown)
    assert grown.run("check", "shop").err == "shop: unchanged since 1.2.0.\n"
    grown.edit(SHOP, ID, f"{ID}\n  int32 size = 9;")
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "`size` of `acme.shop.v1.Order` takes number 9, which was `string buyer` since 1.0.1" in ran.out
    assert "1.0.1 writes " in ran.out
    grown.edit(SHOP, "int32 size = 9;", "string buyer = 9;")
    assert "Released shop 1.3.0 (minor) as" in grown.release("shop").out
    made = tomllib.loads(grown.read("registry/shop/1.3.0/release.toml"))
    assert (made["previous"]["version"], made["beside"][0]["version"]) == ("1.2.0", "1.0.1")
    assert "line" not in made
    assert grown.run("registry", "verify").code == 0
    heads = [json.loads(line) for line in grown.run("registry", "head").out.splitlines()]
    assert [(head["module"], head["version"], head["count"]) for head in heads] == [
        ("money", "1.0.0", 1),
        ("shop", "1.0.1", 2),
        ("shop", "1.3.0", 4),
    ]
    listed = grown.run("registry", "list", "shop").out
    assert "shop 1.0.1  " in listed
    assert "minor, line 1.0" in listed
    assert "  beside    1.0.1\n" in grown.run("registry", "show", "shop").out
    assert "field `note`" in grown.run("diff", "shop", "1.0.1", "1.3.0").out


def test_a_line_takes_no_number_of_a_newer_one_and_no_break(grown: Repo) -> None:
    _old_sources(grown)
    status = "  Status status = 3;\n"
    for taken, refused in (
        (
            "  string remark = 4;\n",
            "`remark` of `acme.shop.v1.Order` takes number 4, which was `string note` since 1.1.0",
        ),
        ("  bytes note = 4;\n", "`note` of `acme.shop.v1.Order` takes number 4, which was `string note` since 1.1.0"),
        ("  string note = 5;\n", "takes the name `note`, which was number 4 since 1.1.0"),
    ):
        grown.edit(SHOP, status, status + taken)
        ran = grown.run("check", "shop", "--line", "1.0")
        assert ran.code == 1, taken
        assert refused in ran.out
        _old_sources(grown)
    grown.edit(SHOP, status, NOTE)
    assert "Released shop 1.0.1 " in grown.release("shop", "--line", "1.0").out  # the same field, taken over

    grown.edit(SHOP, ID, 'reserved 1;\n  reserved "id";')
    ran = grown.run("check", "shop", "--line", "1.0")
    assert ran.code == 1
    assert "Refused: line 1.0 takes no breaking change, not even with a waiver. Undo it." in ran.err
    grown.settings(waiver("field-removed", "acme.shop.v1.Order.id"))
    ran = grown.run("release", "shop", "--line", "1.0")
    assert ran.code == 1
    assert "Refused: line 1.0 takes no breaking change, not even with a waiver. Undo it." in ran.err
    assert not (grown.root / "registry/shop/2.0.0").exists()


def test_words_that_name_no_line(grown: Repo) -> None:
    assert grown.run("check", "shop", "--line", "1.7").error.endswith(
        "no release of shop in line 1.7 in " + f"{grown.root}/registry; it has 1.0, 1.1, 1.2"
    )
    assert "1.x is no line of versions; write it as 1.4, or main" in grown.run("check", "shop", "--line", "1.x").err
    assert "is no line of versions" in grown.run("check", "shop", "--line", "").err
    assert "line 1.0 can be of one module only" in grown.run("check", "--line", "1.0").error
    assert "use it without --line" in grown.run("release", "shop", "--retire", "--line", "1.0").err
    _old_sources(grown)
    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    ran = grown.run("release", "shop", "--line", "1.0", "--version", "1.3.0")
    assert (ran.code, ran.err) == (1, "1.3.0 is not in line 1.0 of shop, which continues with 1.0.1\n")
    assert "Released shop 1.0.3-rc.1 " in grown.release("shop", "--line", "1.0", "--version", "1.0.3-rc.1").out
    assert "Released shop 1.0.3 " in grown.release("shop", "--line", "1.0").out
    assert grown.run("registry", "verify").code == 0


def test_a_branch_of_a_line_merges_into_main(grown: Repo) -> None:
    """The branch knows no newer release; its line is found by itself once it has begun."""
    grown.git("checkout", "-q", "-b", "maintenance", "v1.0.0")
    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    grown.release("shop", "--line", "1.0")
    grown.commit("release shop 1.0.1")
    assert grown.run("check", "shop").err == "shop: unchanged since 1.0.1.\n"
    grown.edit(SHOP, "string buyer = 9;", "string buyer = 9;\n  string gift = 10;")
    assert "Allowed as 1.0.2." in grown.run("check", "shop").err
    assert "Released shop 1.0.2 (minor, line 1.0)" in grown.release("shop").out
    grown.commit("release shop 1.0.2")
    assert "Allowed as 1.1.0." in _with_addition(grown, "--line", "main")
    assert "Allowed as 1.0.3." in _with_addition(grown)
    assert grown.run("registry", "verify").code == 0

    grown.git("checkout", "-q", "main")
    grown.git("checkout", "-q", "-b", "work")
    grown.git("merge", "-q", "-s", "ours", "--no-commit", "maintenance")
    grown.git("checkout", "maintenance", "--", "registry/shop/1.0.1", "registry/shop/1.0.2")
    grown.commit("merge the line 1.0")
    ran = grown.run("check", "--since", "main")
    assert ran.code == 0, ran
    assert grown.run("registry", "verify").code == 0
    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    assert "Allowed as 1.3.0." in grown.run("check", "shop").err


def _with_addition(repo: Repo, *args: str) -> str:
    repo.edit(SHOP, ID, f"{ID}\n  string later = 20;")
    err = repo.run("check", "shop", *args).err
    repo.git("checkout", "--", "schemas")
    return err


def test_two_branches_that_took_one_number(grown: Repo) -> None:
    grown.git("checkout", "-q", "-b", "maintenance", "v1.0.0")
    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    grown.release("shop", "--line", "1.0")
    grown.commit("release shop 1.0.1")
    grown.git("checkout", "-q", "main")
    grown.edit(SHOP, ID, f"{ID}\n  int32 size = 9;")
    grown.release("shop")
    grown.commit("release shop 1.3.0")
    grown.git("checkout", "-q", "-b", "work")
    grown.git("checkout", "maintenance", "--", "registry/shop/1.0.1")
    grown.commit("bring the line 1.0")
    said = "`acme.shop.v1.Order` has `string buyer = 9` in 1.0.1 and `int32 size = 9` in 1.3.0"
    for args in (("registry", "verify"), ("check", "--since", "main")):
        ran = grown.run(*args)
        assert ran.code == 1
        assert "error[registry-lines-conflict]" in ran.out
        assert said in ran.out
    assert "--trust shop@1.3.0" in ran.out
    assert grown.run("registry", "verify", "--trust", "shop@1.3.0").code == 0


def test_diff_and_waive_know_lines(grown: Repo) -> None:
    diff = grown.run("diff", "shop")
    assert (diff.code, diff.err) == (0, "shop: no change from 1.2.0 to the working tree (none)\n")
    _old_sources(grown)
    diff = grown.run("diff", "shop", "--line", "1.0")
    assert diff.err == "shop: no change from 1.0.0 to the working tree (none)\n"
    assert "no release of shop in line 1.7" in grown.run("diff", "shop", "--line", "1.7").err
    grown.edit(SHOP, ID, "bytes id = 1;")
    terms = ("--reason", "r", "--owner", "o", "--until", "2999-12-31")
    finding = ("field-type-changed", "acme.shop.v1.Order.id")
    ran = grown.run("waive", *finding, *terms, "--module", "shop", "--line", "1.0")
    assert (ran.code, "line 1.0 of shop takes none, even with a waiver" in ran.err) == (2, True), ran
    ran = grown.run("waive", *finding, *terms, "--line", "1.0")
    assert (ran.code, "line 1.0 can be of one module only" in ran.err) == (2, True), ran
    assert grown.run("waive", *finding, *terms, "--module", "shop", "--line", "main").code == 0


def test_packages_generated_code_and_a_retirement_follow_the_lines(grown: Repo) -> None:
    grown.run("generate")
    _old_sources(grown)
    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    grown.release("shop", "--line", "1.0")
    _new_sources(grown)
    assert grown.run("generate", "--check").code == 0
    project = Project.at(grown.root)
    of_line, of_main = (
        client_package(project, find_release(project, name)).changelog for name in ("shop@1.0.1", "shop")
    )
    assert ("## 1.0.1 - " in of_line, "## 1.1.0 - " in of_line, "## 1.0.0 - " in of_line) == (True, False, True)
    assert ("## 1.0.1 - " in of_main, "## 1.1.0 - " in of_main, "## 1.0.0 - " in of_main) == (False, True, True)

    delist(grown)
    grown.settings(WAIVERS)
    grown.release("shop", "--retire")
    made = tomllib.loads(grown.read("registry/shop/2.0.0/release.toml"))
    assert (made["previous"]["version"], [link["version"] for link in made["beside"]]) == ("1.2.0", ["1.0.1"])
    assert grown.run("registry", "verify").code == 0
    assert "module shop is retired since 2.0.0" in grown.run("release", "shop", "--line", "1.0").error


def test_a_line_before_1_0(fresh: Repo) -> None:
    """0.99.1 after 0.101.0 takes nothing from it, and a break is refused as after 1.0.0."""
    fresh.release("money", "--version", "0.99.0")
    for version, field in (("0.100.0", "string a = 10;"), ("0.101.0", "string b = 11;")):
        fresh.edit(MONEY, "int64 units = 2;", f"int64 units = 2;\n  {field}")
        fresh.release("money", "--version", version)
    fresh.git("checkout", "--", "schemas")
    fresh.edit(MONEY, "ISO 4217", "ISO 4217:2015")
    assert "Released money 0.99.1 (patch, line 0.99) as" in fresh.release("money", "--line", "0.99").out
    ledger = json.loads(fresh.read("registry/money/0.99.1/ledger.json"))
    assert ledger == {}  # it adds nothing to that of 0.99.0
    fresh.edit(MONEY, "int64 units = 2;", 'reserved 2;\n  reserved "units";')
    ran = fresh.run("check", "money", "--line", "0.99")
    assert (ran.code, "Refused: line 0.99 takes no breaking change" in ran.err) == (1, True)
    shutil.rmtree(fresh.root / "registry/money/0.99.1")
    assert fresh.run("registry", "verify").code == 0  # nothing names it yet


LIES = [
    ("1.0.1", 'line = "1.0"', 'line = "1.1"', "it says that it is of line 1.1, and 1.0.1 is of 1.0"),
    ("1.0.1", 'line = "1.0"\n', "", "1.1.0 and 1.0.1 were both released on top of 1.0.0"),
    ("1.3.0", 'version = "1.0.1"', 'version = "1.0.7"', "as a release beside it, and that is none"),
]
"""What a forger changes in a manifest that it seals again, and what verify says."""


def test_manifests_that_lie_about_lines(grown: Repo) -> None:
    _old_sources(grown)
    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    grown.release("shop", "--line", "1.0")
    _new_sources(grown)
    grown.edit(SHOP, ID, f"{ID}\n  string buyer = 9;")
    grown.release("shop")
    for version, old, new, said in LIES:
        path = f"registry/shop/{version}/release.toml"
        before = grown.read(path)
        grown.edit(path, old, new)
        reseal(grown.root / "registry/shop" / version)
        found = [*open_registry(grown.root / "registry").defects("shop")]
        assert any(said in defect.problem for defect in found), (said, found)
        grown.write(path, before)
    assert grown.run("registry", "verify").code == 0
