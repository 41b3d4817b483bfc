"""Settings, configurations and registry files that are written to break the reader: one clear line, exit code 2."""

from __future__ import annotations

import pytest

from tests.cli.workspace import BUF_YAML, Repo

DEEP = 100_000
COMMANDS = (
    "check",
    "check --profile buf",
    "waive field-removed a.B --reason x --until 2999-12-31",
    "release shop",
    "diff shop 1.0.0",
    "registry list",
    "registry verify",
    "generate",
    "package shop",
    "init",
    "format",
    "cache info",
    "settings",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_two_settings_files(grown: Repo, command: str) -> None:
    grown.settings("")
    grown.write("pyproject.toml", '[tool.fieldstone]\nfail-on = "warning"\n')
    assert grown.run(*command.split()).error == (
        f"error: two files hold the settings: {grown.root}/fieldstone.toml, and {grown.root}/pyproject.toml with "
        "[tool.fieldstone]; move everything into one of them and delete the other"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEP + "]" * DEEP,
        "- " * DEEP,
        f"version: {'9' * 5000}\n",
        "version: 2027-99-99\n",
        "version: !!bool x\n",
        "version: !!int ''\n",
        "version: !!timestamp x\n",
        BUF_YAML + "breaking: &a [*a]\n",
        BUF_YAML + "breaking: &a {except: *a}\n",
        BUF_YAML + "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
    ],
    ids=["deep", "compact", "number", "date", "bool", "empty", "time", "own list", "own table", "doubling"],
)
def test_a_hostile_buf_yaml(grown: Repo, text: str) -> None:
    grown.write("buf.yaml", text)
    assert "buf.yaml is not " in grown.spawn("check").error


@pytest.mark.parametrize(
    "text", [f"seal = {'9' * 5000}\n", f"seal = {'[' * DEEP}{']' * DEEP}\n"], ids=["number", "deep"]
)
def test_a_hostile_manifest(grown: Repo, text: str) -> None:
    grown.write("registry/shop/1.2.0/release.toml", text)
    assert "registry/shop/1.2.0 is no release manifest" in grown.run("check").error.replace("/release.toml", "")


def test_a_hostile_ledger(grown: Repo) -> None:
    grown.write("registry/shop/1.2.0/ledger.json", "[" * DEEP)
    ran = grown.run("check")
    assert ran.code in {1, 2}
    assert "ledger.json" in ran.out + ran.err
