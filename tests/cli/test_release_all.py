"""`fieldstone release --all`: in the order of imports, and no further than a refusal reaches."""

from __future__ import annotations

import pytest

from tests.cli.many_modules import path_of
from tests.cli.workspace import Repo

FIELD = ("  string id = 1;\n", "  string id = 1;\n  string more = 3;\n")


def versions(repo: Repo) -> dict[str, list[str]]:
    """The versions of each module that has another than 1.0.0."""
    found = {folder.name: sorted(v.name for v in folder.iterdir()) for folder in (repo.root / "registry").iterdir()}
    return {name: listed for name, listed in found.items() if listed != ["1.0.0"]}


def test_changed_modules_are_released_after_those_they_import(seven: Repo) -> None:
    seven.edit(path_of("base"), *FIELD)
    seven.edit(path_of("mail"), *FIELD)
    seven.commit()
    before = seven.snapshot()
    dry = seven.run("release", "--all", "--dry-run")
    assert dry.code == 0
    assert seven.snapshot() == before
    ran = seven.run("release", "--all")
    assert (ran.code, ran.out) == (0, dry.out.replace("Would release", "Released"))
    lines = [line.split(" as ")[0] for line in ran.out.splitlines() if line.startswith("Released")]
    assert lines == [
        "Released base 1.1.0 (minor)",
        "Released money 1.0.1 (patch)",
        "Released shop 1.0.1 (patch)",
        "Released mail 1.1.0 (minor)",
    ]
    assert ran.err == dry.err == "3 modules unchanged: nothing to release.\n"
    assert seven.run("registry", "verify").code == 0
    again = seven.run("release", "--all")
    assert (again.code, again.out, again.err) == (0, "", "7 modules unchanged: nothing to release.\n")


def test_a_refused_module_stops_its_importers_and_no_others(seven: Repo) -> None:
    seven.edit(path_of("money"), "  int64 size = 2;\n", "")
    seven.edit(path_of("stock"), *FIELD)
    seven.commit()
    ran = seven.run("release", "--all")
    assert ran.code == 1
    assert "error[field-removed-without-reserve]" in ran.out
    assert "money: 1 type changed. Refused: 1 breaking change since 1.0.0" in ran.err
    for name in ("shop", "mail"):
        assert f"{name}: not released, because it imports money, which was refused\n" in ran.err
    assert "3 modules unchanged: nothing to release.\n" in ran.err
    assert versions(seven) == {"stock": ["1.0.0", "1.1.0"]}


def test_a_module_that_does_not_compile_is_refused_with_another_code(seven: Repo) -> None:
    seven.edit(path_of("users"), *("  string id = 1;\n", "  Nowhere id = 1;\n"))
    seven.edit(path_of("base"), *FIELD)
    ran = seven.run("release", "--all")
    assert ran.code == 2
    assert "users: could not be judged: it does not compile" in ran.err
    assert "shop: not released, because it imports users, which was refused\n" in ran.err
    assert versions(seven).keys() == {"base", "money"}


def test_first_releases_and_pre_releases(fresh: Repo) -> None:
    ran = fresh.run("release", "--all", "--dry-run")
    assert ran.code == 0, "the release of an import counts, though a dry run does not write it"
    assert fresh.run("release", "--all").code == 0
    assert [*versions(fresh)] == []
    fresh.edit(
        "schemas/money/acme/money/v1/money.proto", "  int64 units = 2;\n", "  int64 units = 2;\n  int32 n = 3;\n"
    )
    assert fresh.run("release", "money", "--version", "1.1.0-rc.1").code == 0
    assert fresh.run("release", "--all").code == 0
    assert versions(fresh) == {"money": ["1.0.0", "1.1.0", "1.1.0-rc.1"], "shop": ["1.0.0", "1.0.1"]}


def test_modules_that_import_each_other(seven: Repo) -> None:
    seven.edit(path_of("base", 2), "\n// A thing", 'import "acme/money/v1/f2.proto";\n\n// A thing')
    before = seven.snapshot()
    said = seven.run("release", "--all").error
    assert "modules import each other in a circle" in said
    assert seven.snapshot() == before


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "name a module, or all changed ones with --all"),
        (["base", "--all"], "name a module, or all changed ones with --all: not both"),
        (["--all", "--version", "2.0.0"], "--version is for one module"),
        (["--all", "--retire"], "--retire is for one module"),
        (["--all", "--line", "1.0"], "--line is for one module"),
    ],
)
def test_one_or_all(fresh: Repo, args: list[str], said: str) -> None:
    ran = fresh.run("release", *args)
    assert ran.code == 2
    assert said in ran.err
