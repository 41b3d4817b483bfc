"""Modules that are renamed, moved or split: a module is known by its files, and keeps its history."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fieldstone.checking.module_identity import successor
from fieldstone.workspace.modules import Module
from tests.cli.workspace import MONEY, SHOP, Repo, many

NAMED = ("  - path: schemas/shop\n", "  - path: schemas/shop\n    name: buf.build/acme/store\n")
SWAPPED = (
    "  - path: schemas/money\n  - path: schemas/shop\n",
    "  - path: schemas/money\n    name: buf.build/acme/shop\n  - path: schemas/shop\n    name: buf.build/acme/money\n",
)
BREAK = ("string id = 1;", "int32 id = 1;")


def found(repo: Repo, *args: str) -> list[tuple[str, str]]:
    """The rule and the place of what a check of the modules finds."""
    ran = repo.run("check", *args, "--format", "concise")
    lines = re.findall(r"^(\S+): ([a-z-]+): ", ran.out, re.MULTILINE)
    assert ran.code == (1 if lines else 0)
    return [(rule, place) for place, rule in lines]


def follow(repo: Repo) -> None:
    """Write what every finding says into the settings, as a person would."""
    ran = repo.run("check", "--no-witness")
    said = re.findall(
        r"= fix: +keep its history with `\[(\S+)\]` with `(path = \"\S+\")` in (\S+)$", ran.out, re.MULTILINE
    )
    assert said, ran
    for table, path, file in said:
        text = repo.read(file) if (repo.root / file).exists() else ""
        head = f"[{table}]\n"
        text = text if head in text else f"{text}{head}"
        repo.write(file, re.sub(r'path = "schemas/gone"\n', "", text).replace(head, f"{head}{path}\n"))


def test_a_name_for_a_module_that_has_releases(grown: Repo) -> None:
    grown.edit("buf.yaml", *NAMED)
    ran = grown.run("check")
    assert ran.code == 1
    assert ran.out == (
        "error[module-renamed]: module `shop` is called `store` now, which would start a new history\n"
        "  --> buf.yaml:5:11\n"
        "   |\n"
        " 5 |     name: buf.build/acme/store\n"
        "   |           ^^^^^^^^^^^^^^^^^^^^\n"
        '   = fix:     keep its history with `[tool.fieldstone.modules.shop]` with `path = "schemas/shop"` '
        "in pyproject.toml\n"
        "   = more:    fieldstone explain module-renamed\n"
    )
    assert "shop: unchanged since 1.2.0: 1 error." in ran.err
    follow(grown)
    assert found(grown) == []


@pytest.mark.parametrize("args", [(), ("--full",), ("--against", "HEAD"), ("shop",), ("store",)])
def test_a_break_hidden_in_a_rename_is_found_with_it(grown: Repo, args: tuple[str, ...]) -> None:
    grown.edit("buf.yaml", *NAMED)
    grown.edit(SHOP, *BREAK)
    assert found(grown, *args) == [("module-renamed", "buf.yaml:5:11"), ("field-type-changed", f"{SHOP}:9:3")]
    follow(grown)
    assert found(grown, "shop") == [("field-type-changed", f"{SHOP}:9:3")]


@pytest.mark.parametrize("name", ["store", "shop"])
def test_a_renamed_module_is_not_released(grown: Repo, name: str) -> None:
    grown.edit("buf.yaml", *NAMED)
    before = grown.snapshot("registry")
    ran = grown.run("release", name)
    assert ran.code == 1
    assert "error[module-renamed]" in ran.out
    assert grown.run("init", "--release").code == 1
    assert {path: text for path, text in grown.snapshot("registry").items() if "/" in path} == before
    follow(grown)
    assert "nothing to release" in grown.run("release", "shop").err


def test_a_module_that_moves(grown: Repo) -> None:
    (grown.root / "schemas/shop").rename(grown.root / "schemas/store")
    grown.edit("buf.yaml", "schemas/shop", "schemas/store")
    assert found(grown) == [("module-renamed", "buf.yaml:4:11")]
    follow(grown)
    assert found(grown) == []


def test_a_root_module(large: Repo) -> None:
    """Its name is that of the folder of the repository, as long as it has none."""
    for path in (large.root / "schemas").iterdir():
        path.rename(large.root / path.name)
    large.write("buf.yaml", "version: v2\nname: buf.build/acme/shop\nlint:\n  use: [MINIMAL]\n")
    assert found(large) == [("module-renamed", "buf.yaml:2:7")]
    follow(large)
    assert 'path = "."' in large.read("pyproject.toml")
    assert found(large) == []


@pytest.mark.parametrize(
    "table", ["[modules.shop]\nnaming = false\n", '[modules.shop]\npath = "schemas/gone"\n', "surfaces = ['wire']\n"]
)
def test_settings_of_a_renamed_module_do_not_hide_the_way_out(grown: Repo, table: str) -> None:
    grown.settings(table)
    grown.edit("buf.yaml", *NAMED)
    assert found(grown) == [("module-renamed", "buf.yaml:5:11")]
    follow(grown)
    assert found(grown) == []


def test_a_table_under_the_new_name_gives_way(grown: Repo) -> None:
    grown.edit("buf.yaml", *NAMED)
    grown.settings("[modules.store]\nnaming = false\n")
    ran = grown.run("check")
    assert '`[modules.shop]` with `path = "schemas/shop"` in fieldstone.toml, in place of `[modules.store]`' in ran.out
    grown.settings('[modules.shop]\npath = "schemas/shop"\nnaming = false\n')
    assert found(grown) == []


def test_a_table_that_gives_a_released_module_another_name(grown: Repo) -> None:
    grown.settings('[modules.store]\npath = "schemas/shop"\n')
    assert found(grown) == [("module-renamed", "buf.yaml:4:11")]
    grown.settings('[modules.store]\npath = "schemas/shop"\n[modules.shop]\npath = "schemas/shop"\n')
    assert grown.run("check").error == (
        f"error: {grown.root}/fieldstone.toml gives modules store and shop one path, schemas/shop; "
        "a folder is one module: keep one of the two"
    )


def test_a_module_that_keeps_its_name_at_another_path(grown: Repo) -> None:
    (grown.root / "api").mkdir()
    (grown.root / "schemas/shop").rename(grown.root / "api/shop")
    grown.edit("buf.yaml", "schemas/shop", "api/shop")
    assert found(grown) == []
    grown.settings('[modules.shop]\npath = "schemas/shop"\n')
    assert grown.run("check").error.endswith('it lists api/shop, schemas/money; shop is at path = "api/shop"')
    grown.settings('[modules.shop]\npath = "api/shop"\n')
    assert found(grown) == []


def test_two_modules_that_swap_names(grown: Repo) -> None:
    grown.edit("buf.yaml", *SWAPPED)
    assert found(grown) == [("module-renamed", "buf.yaml:4:11"), ("module-renamed", "buf.yaml:6:11")]
    grown.edit(SHOP, *BREAK)
    assert ("field-type-changed", f"{SHOP}:9:3") in found(grown)
    assert "error[module-renamed]" in grown.run("release", "money").out
    grown.edit(SHOP, *reversed(BREAK))
    grown.settings('[modules.money]\npath = "schemas/money"\n')
    assert found(grown) == [("module-renamed", "buf.yaml:6:11")]
    follow(grown)
    assert found(grown) == []


def test_a_module_that_takes_the_name_of_one_that_left(grown: Repo) -> None:
    """The names move on by one: what left is a removal, what took its name is a rename."""
    grown.write(
        SHOP,
        grown.read(SHOP).replace('import "acme/money/v1/money.proto";\n', "").replace("acme.money.v1.Money", "string"),
    )
    grown.edit(
        "buf.yaml",
        "  - path: schemas/money\n  - path: schemas/shop\n",
        "  - path: schemas/shop\n    name: x.y/z/money\n",
    )
    rules = [rule for rule, _ in found(grown)]
    assert rules[0] == "module-renamed"
    assert {"message-removed", "field-type-changed"} <= {*rules}
    assert "module `shop` is called `money` now" in grown.run("check", "--format", "concise").out


def test_a_module_that_is_split_in_two(large: Repo) -> None:
    """The larger part goes on with the history, and lacks the other."""
    half = [many(number) for number in range(16, 24)]
    for path in half:
        large.write(path.replace("schemas/", "second/"), large.read(path))
        (large.root / path).unlink()
    (large.root / "schemas").rename(large.root / "first")
    large.write("buf.yaml", "version: v2\nmodules:\n  - path: first\n  - path: second\nlint:\n  use: [MINIMAL]\n")
    rules = [rule for rule, _ in found(large)]
    assert rules[0] == "module-renamed"
    assert rules.count("module-renamed") == 1
    assert rules.count("file-removed") == len(half)
    follow(large)
    assert [rule for rule, _ in found(large)] == rules[1:]


def test_files_that_move_to_a_new_module_rename_nothing(grown: Repo) -> None:
    """The module stays listed, with a file of its own, and imports what it had."""
    (grown.root / "schemas/shop").rename(grown.root / "schemas/base")
    head = 'syntax = "proto3";\n\npackage acme.front.v1;\n\nimport "acme/shop/v1/shop.proto";\n\n'
    page = "// A page.\nmessage Page {\n  acme.shop.v1.Order order = 1;\n}\n"
    grown.write("schemas/shop/acme/front/v1/front.proto", head + page)
    grown.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/base\n")
    assert "module-renamed" not in grown.run("check").out


def test_a_copy_beside_the_original_takes_nothing_away(grown: Repo) -> None:
    text = grown.read(MONEY)
    grown.write("copy/acme/money/v1/money.proto", text)
    grown.write("copy/buf.yaml", "version: v2\n")
    grown.write("schemas/purse/acme/purse/v1/purse.proto", text.replace("acme.money", "acme.purse"))
    grown.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/purse\n")
    ran = grown.run("check")
    assert (ran.code, ran.out) == (0, "")
    assert "purse: no release yet" in ran.err


def test_one_module_of_two_old_ones_continues_the_larger(grown: Repo) -> None:
    for path in (MONEY, SHOP):
        grown.write(path.replace("schemas/money", "all").replace("schemas/shop", "all"), grown.read(path))
    grown.edit("buf.yaml", "  - path: schemas/money\n  - path: schemas/shop\n", "  - path: all\n")
    rules = [rule for rule, _ in found(grown)]
    assert rules.count("module-renamed") == 1
    assert "message-removed" in rules


def test_a_module_that_is_gone_is_no_rename(grown: Repo) -> None:
    grown.write(
        "schemas/new/acme/new/v1/new.proto", 'syntax = "proto3";\n\npackage acme.new.v1;\n\n// New.\nmessage New {}\n'
    )
    grown.edit("buf.yaml", "schemas/shop", "schemas/new")
    rules = [rule for rule, _ in found(grown)]
    assert "message-removed" in rules
    assert "module-renamed" not in rules


def test_a_shared_registry_has_modules_of_others(grown: Repo, tmp_path: Path) -> None:
    (grown.root / "registry").rename(tmp_path / "shared")
    grown.settings('registry = "../shared"\n')
    grown.edit("buf.yaml", *NAMED)
    ran = grown.run("check")
    assert (ran.code, ran.out) == (0, "")
    assert "store: no release yet" in ran.err


def test_it_is_explained_and_cannot_be_waived_or_put_off(grown: Repo) -> None:
    grown.edit("buf.yaml", *NAMED)
    for rule in ("module-renamed", "module-retired"):
        assert grown.run("explain", rule).out.startswith(f"# {rule}\n")
        terms = ("--reason", "x", "--until", "2999-01-31")
        assert grown.run("waive", rule, "shop", *terms).error == (
            f"error: the rule is {rule}, and that cannot be waived; see `fieldstone explain {rule}`"
        )
        grown.settings(f'[rules]\n{rule} = "off"\n')
        assert f"unknown rule rules.{rule}" in grown.run("check").error
        (grown.root / "fieldstone.toml").unlink()


def module(root: Path, name: str, *paths: str) -> Module:
    for path in paths:
        target = root / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text('syntax = "proto3";\n')
    (root / name).mkdir(exist_ok=True)
    return Module(name, root / name, name)


def test_the_successor_holds_half_of_the_files_and_more_than_others(tmp_path: Path) -> None:
    most = module(tmp_path, "most", "a.proto", "b.proto", "c.proto")
    half = module(tmp_path, "half", "a.proto", "b.proto", "x.proto")
    less = module(tmp_path, "less", "a.proto", "y.proto")
    files = ["a.proto", "b.proto", "c.proto", "d.proto"]
    assert successor(files, [less, half, most]) == most
    assert successor(files, [less, half]) == half
    assert successor(files, [less]) is None
    assert successor(files, []) is None
    assert successor([], [most]) is None
    twin = module(tmp_path, "a-twin", "a.proto", "b.proto")
    assert successor(files, [half, twin]) == successor(files, [twin, half]) == twin
