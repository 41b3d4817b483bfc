"""Typical mistakes: each is answered so that a stranger knows what to do next."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.workspace import SHOP, Repo


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("explain field-typ-changed", "no rule field-typ-changed; did you mean field-type-changed?"),
        ("explain field-o", "several rules begin with field-o; name one: field-oneof-changed, field-option-changed"),
        ("explain FOO", "no rule FOO; `fieldstone rules` lists them"),
        ("check mony", "no module mony in {root}/buf.yaml; did you mean money?"),
        ("check schemas/shop/acme/x.proto", "there is no file or folder "),
        ("check shop --against 1.3.0", "cannot resolve 1.3.0 from {root}: "),
        ("check shop --against man", "no such version, file, folder or git revision; did you mean main?"),
        ("check shop --against v1.3.0", "git revision; shop has 1.0.0, 1.1.0, 1.2.0"),
        ("check --since orgin/feature", "fetch it: `git fetch origin orgin/feature`"),
        ("check --since man", "did you mean main? Or fetch it: "),
        ("check --against 1.1.0", "money has no release 1.1.0; 1.1.0 is a release of shop: name the module"),
        ("release shop --version v1.3.0", "v1.3.0 is no semver version; write it as 1.2.3 or 2.0.0-rc.1"),
        ("registry show shp", "no release of shp in {root}/registry; did you mean shop?"),
        ("registry show shop 1.2", "no release 1.2 of shop in {root}/registry; it has 1.0.0, 1.1.0, 1.2.0"),
        ("registry list shp", "no release of shp in {root}/registry; did you mean shop?"),
        ("diff shop 1.2", "shop has 1.0.0, 1.1.0, 1.2.0"),
        ("package shop@1.7.0", "no release 1.7.0 of shop in {root}/registry; it has 1.0.0, 1.1.0, 1.2.0"),
        (
            "index serve dist",
            "cannot read the folder of packages dist: No such file or directory; `fieldstone package`",
        ),
        (
            "waive field-removed acme.shop.v1.Order.id --reason x --until 2999-12-31 --owner a@b.c",
            "no finding field-removed on acme.shop.v1.Order.id to waive; `fieldstone check` lists the findings",
        ),
        ("waive field-removed a.B --reason x --until 2020-01-01", "2020-01-01 has passed: it is "),
        ("waive field-removed a.B --reason x --until soon", "soon is no date"),
    ],
)
def test_a_word_that_is_not_there(grown: Repo, command: str, said: str) -> None:
    assert said.format(root=grown.root) in grown.run(*command.split()).error


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("chekc", "error: no command `chekc` in fieldstone; did you mean `check`?"),
        ("frobnicate", "error: no command `frobnicate` in fieldstone; there are check, diff, "),
        ("registry lst", "error: no command `lst` in fieldstone registry; did you mean `list`?"),
        (
            "registry token mint",
            "error: no command `mint` in fieldstone registry token; there are create, list, revoke",
        ),
        ("check --agianst main", "error: no option `--agianst` in fieldstone check; did you mean `--against`?"),
        ("check --format txt", "error: invalid value for '--format': 'txt' is not one of "),
        ("waive field-removed a.B", "error: fieldstone waive needs --reason TEXT and --until YYYY-MM-DD\n"),
        ("adopt", "error: fieldstone adopt needs MODULE and --tags GLOB\n"),
        ("registry export shop", "error: fieldstone registry export needs VERSION and FOLDER\n"),
        ("release", "error: name a module, or all changed ones with --all\n"),
    ],
)
def test_a_command_line_that_is_none_shows_how_it_is_called(fresh: Repo, command: str, said: str) -> None:
    ran = fresh.run(*command.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(said)
    assert "\n  = usage: fieldstone " in ran.err
    assert ran.err.rstrip().endswith("--help")


def test_a_format_that_is_none_names_the_nearest(fresh: Repo) -> None:
    assert "; did you mean text?" in fresh.run("check", "--format", "txt").err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('regsitry = "x"\n', "unknown key regsitry in {root}/fieldstone.toml; did you mean registry?"),
        ('fail-on = "wrning"\n', 'is "wrning"; did you mean warning? it may be error, warning'),
        ('[rules]\nfield-typ-changed = "off"\n', "did you mean field-type-changed?"),
        ("a = = 1\n", "{root}/fieldstone.toml is not TOML: Invalid value (at line 1, column 5)"),
        ('[tool.fieldstone]\nregistry = "registry"\n', "drop [tool.fieldstone]: in fieldstone.toml the keys"),
        ('registry = "registri"\n', "there is no such folder; releases are in registry: name that; for a new registry"),
    ],
)
def test_settings_that_cannot_be_meant(grown: Repo, settings: str, said: str) -> None:
    grown.settings(settings)
    assert said.format(root=grown.root) in grown.run("check").error


def test_a_registry_that_is_made_anew_is_no_mistake(grown: Repo) -> None:
    grown.settings('registry = "contracts"\n')
    (grown.root / "contracts").mkdir()
    assert grown.run("check").code == 0
    assert "there is no release in " in grown.run("registry", "verify").error
    shutil.rmtree(grown.root / "registry")
    (grown.root / "contracts").rmdir()
    assert grown.run("check").code == 0


def test_two_files_of_settings(grown: Repo) -> None:
    grown.settings('registry = "registry"\n')
    grown.write("pyproject.toml", '[tool.fieldstone]\nregistry = "registry"\n')
    assert "two files hold the settings: " in grown.run("check").error


def test_a_folder_without_schemas_or_git(fresh: Repo) -> None:
    (fresh.root / "empty").mkdir()
    shutil.rmtree(fresh.root / ".git")
    (fresh.root / "buf.yaml").unlink()
    assert "; change to a folder that has one, or set this one up: `fieldstone init`" in fresh.run("check").error
    assert "there is no release in " in fresh.run("registry", "verify", cwd="empty").error


def test_no_git_repository(grown: Repo) -> None:
    shutil.rmtree(grown.root / ".git")
    outside = f"not a git repository: {grown.root}; run it in a clone of the repository"
    assert grown.run("check", "--against", "HEAD").error == f"error: cannot resolve HEAD from {grown.root}: {outside}"
    assert grown.run("check", "--since", "origin/main").error.endswith(outside)


def test_every_error_of_the_compiler_is_shown(grown: Repo) -> None:
    grown.edit(SHOP, "  string id = 1;\n", "  strin id = 1;\n  strin other = 9;\n")
    ran = grown.run("check", "shop")
    assert ran.code == 2
    assert ran.out.count("error[compile-error]: cannot find `strin` in this scope") == 2
    assert "= fix:     make it compile: until then shop cannot be judged" in ran.out


def test_a_version_that_is_too_small(grown: Repo) -> None:
    grown.edit(SHOP, "string note = 4;", "string note = 4;\n  string more = 5;")
    ran = grown.run("release", "shop", "--version", "1.2.1")
    assert (ran.code, ran.err) == (1, "1.2.1 is too small for shop: its changes are minor, and ask for 1.3.0\n")
