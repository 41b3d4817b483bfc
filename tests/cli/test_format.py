"""`fieldstone format`: only what it is given, never what does not compile, is vendored or released."""

from __future__ import annotations

from tests.cli.workspace import MONEY, SHOP, Repo

LOOSE = ("  string id = 1;\n", "  string   id=1;\n")
BROKEN = 'syntax = "proto3";\nmessge Lost {string id=1;}\n'
VENDORED = "schemas/shop/third_party/x/x.proto"


def test_only_the_named_files_are_formatted(released: Repo) -> None:
    released.edit(SHOP, *LOOSE)
    released.edit(MONEY, "int64 units", "int64   units")
    loose = released.read(MONEY)
    assert released.run("format", "--check", SHOP).code == 1
    assert released.read(SHOP).count(LOOSE[1]) == 1
    assert released.run("format", SHOP).code == 1
    assert released.read(SHOP).count(LOOSE[0]) == 1
    assert released.read(MONEY) == loose
    assert released.run("format", SHOP).code == 0
    assert released.run("format").code == 1
    assert released.run("format", "--check").code == 0


def test_broken_vendored_and_released_files_are_left_alone(released: Repo) -> None:
    """buf itself would write back only what it could parse of a broken file."""
    broken = "schemas/shop/acme/shop/v1/broken.proto"
    in_registry = "registry/shop/1.0.0/schemas/acme/shop/v1/shop.proto"
    kept = {broken: BROKEN, VENDORED: 'syntax = "proto3";\npackage x;\nmessage X {string a=1;}\n'}
    for path, text in kept.items():
        released.write(path, text)
    released.edit(SHOP, *LOOSE)
    for files in ((), (SHOP, broken, VENDORED, in_registry)):
        ran = released.run("format", *files)
        assert f"left unchanged: {broken} does not compile" in ran.err
        assert (f"left unchanged: {VENDORED} is vendored" in ran.err) == bool(files)
        assert "registry" not in ran.err
        assert {path: released.read(path) for path in kept} == kept
        assert ran.code == (0 if files else 1)
    assert LOOSE[0] in released.read(SHOP)


def test_a_missing_file_is_named(released: Repo) -> None:
    assert "there is no file nowhere.proto" in released.run("format", "nowhere.proto").error


def test_it_works_from_a_subfolder_as_from_the_top(released: Repo) -> None:
    released.edit(SHOP, *LOOSE)
    assert released.run("format", "shop.proto", cwd="schemas/shop/acme/shop/v1").code == 1
    assert LOOSE[0] in released.read(SHOP)
