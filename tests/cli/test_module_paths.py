"""MODULE as a path, and the nearest word where one is misspelled."""

from __future__ import annotations

from tests.cli.workspace import SHOP, Repo

TERMS = ("--reason", "x", "--until", "2999-12-31", "--owner", "shop")


def checked(repo: Repo, *words: str, cwd: str = ".") -> list[str]:
    """The modules that a check of these words is about."""
    ran = repo.run("check", *words, "--no-style", cwd=cwd)
    assert ran.code == 0, ran
    return [line.partition(":")[0] for line in ran.err.splitlines()]


def test_a_path_is_the_module_at_or_around_it(grown: Repo) -> None:
    assert checked(grown, "schemas/shop") == ["shop"]
    assert checked(grown, "./schemas/shop/", "money", str(grown.root / SHOP)) == ["shop", "money"]
    assert checked(grown, ".", cwd="schemas/money/acme") == ["money"]
    assert checked(grown, "../shop/acme/shop/v1/shop.proto", cwd="schemas/money") == ["shop"]


def test_a_path_around_several_modules_is_all_of_them(grown: Repo) -> None:
    assert checked(grown, "schemas") == checked(grown, ".") == checked(grown, "..", cwd="schemas") == ["money", "shop"]
    ran = grown.run("release", "schemas")
    assert ran.error == "error: schemas holds several modules: money, shop; name one of them"


def test_a_name_is_a_name_whatever_lies_there(grown: Repo) -> None:
    grown.write("shop/notes.txt", "")
    assert checked(grown, "shop") == ["shop"]
    ran = grown.run("check", "./shop")
    listed = "it lists money at schemas/money, shop at schemas/shop"
    assert ran.error == f"error: no module of {grown.root}/buf.yaml is at {grown.root}/shop; {listed}"


def test_every_command_takes_a_path(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "int32 id = 1;")
    waived = grown.run("waive", "--all", "field-type-changed", "--module", "schemas/shop", *TERMS)
    assert waived.code == 0
    assert "shop: " in grown.run("diff", "schemas/shop", "1.2.0").err
    assert "Released shop 2.0.0" in grown.run("release", ".", cwd="schemas/shop").out
    assert grown.run("registry", "show", "schemas/shop").out.startswith("shop 2.0.0\n")
    assert grown.run("registry", "list", "schemas/money").out.startswith("money 1.0.0 ")
    assert "no release 2.00 of shop in " in grown.run("package", "./schemas/shop@2.00").error


MISSPELLED = {
    "chekc": "no command `chekc` in fieldstone; did you mean `check`?",
    "registry lits": "no command `lits` in fieldstone registry; did you mean `list`?",
    "check --formta json": "no option `--formta` in fieldstone check; did you mean `--format`?",
    "check --format markdwon": "'text'; did you mean markdown?",
    "check --profile buf:WIRE_JSN": "'buf:CSR'; did you mean buf:WIRE_JSON?",
    "check shpo": "; did you mean shop?",
    "check schema/shop": "; did you mean schemas/shop?",
    "check ./nowhere": "there is no file or folder {root}/nowhere, and no module ./nowhere in {root}/buf.yaml",
    "check shop --against 1.20": "; did you mean 1.2.0?",
    "check shop --against 3.0.0": "; shop has 1.0.0, 1.1.0, 1.2.0",
    "registry show shop v1.2.0": "; did you mean 1.2.0?",
    "registry show shpo": "; did you mean shop?",
    "package shop@1.20": "; did you mean 1.2.0?",
    "package shops": "; did you mean shop?",
    "explain field-remvoed": "; did you mean field-removed",
    "waive field-remvoed a.B --reason x --until 2999-12-31": "; did you mean field-removed?",
}


def test_a_misspelled_word_gets_the_nearest_one(grown: Repo) -> None:
    for words, says in MISSPELLED.items():
        ran = grown.run(*words.split())
        assert ran.code == 2, words
        assert says.format(root=grown.root) in ran.err
