"""What changes in generated code, and who may import a type, as the owner of a module meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import release_all
from tests.cli.workspace import MONEY, SOURCES, Ran, Repo, copy_repo, new_repo

MONEY_2024 = """\
edition = "2024";

package acme.money.v1;

import option "google/protobuf/go_features.proto";

option features.(pb.go).api_level = API_HYBRID;

message Money {
  string currency = 1;
  Rounding rounding = 2;
}

enum Rounding {
  ROUNDING_UNSPECIFIED = 0;
  ROUNDING_UP = 1;
}
"""
LEVEL = "option features.(pb.go).api_level = API_HYBRID;\n"


@pytest.fixture(scope="module")
def modern_template(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repo:
    """What `modern` gives to each test."""
    repo = new_repo(tmp_path_factory.mktemp("modern") / "repo", SOURCES | {MONEY: MONEY_2024}, environment)
    release_all(repo, "money", "shop")
    return repo


@pytest.fixture
def modern(modern_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """money 1.0.0 in edition 2024, with a Go API that a feature chooses."""
    return copy_repo(modern_template, tmp_path / "repo", capsys)


def check(repo: Repo, was: str, now: str) -> Ran:
    repo.edit(MONEY, was, now)
    return repo.run("check", "money", "--no-style")


@pytest.mark.parametrize("value", ["API_OPEN", "API_OPAQUE"])
def test_another_api_in_go_breaks_source_alone(modern: Repo, value: str) -> None:
    ran = check(modern, "API_HYBRID", value)
    assert ran.code == 1
    assert ran.out.startswith(
        f"error[language-feature-changed]: Go api_level of `Money` of `acme.money.v1` went from API_HYBRID to {value}\n"
    )
    assert "   = breaks:  source (compiling against it) -> major\n" in ran.out


def test_a_feature_that_moves_to_what_it_is_about_changes_nothing(modern: Repo) -> None:
    modern.edit(MONEY, LEVEL, "")
    ran = check(modern, "message Money {\n", f"message Money {{\n  {LEVEL}")
    assert (ran.code, ran.out) == (0, "")


def test_a_type_that_becomes_local_breaks_who_imports_it(modern: Repo) -> None:
    ran = check(modern, "enum Rounding", "local enum Rounding")
    assert ran.code == 1
    assert ran.out.startswith(
        "error[type-made-local]: `Rounding` of `acme.money.v1` is local to its file; it was exported\n"
    )
    assert "   = breaks:  source (compiling against it) -> major\n" in ran.out


def test_an_exported_type_stays_so_in_other_words(modern: Repo) -> None:
    modern.edit(MONEY, LEVEL, f"{LEVEL}option features.default_symbol_visibility = LOCAL_ALL;\n")
    modern.edit(MONEY, "message Money", "export message Money")
    ran = check(modern, "enum Rounding", "export enum Rounding")
    assert (ran.code, ran.out) == (0, "")
