"""The commands that only tell: diff, explain, rules, settings, format, completion, help and version."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator

from fieldstone import __version__
from fieldstone.cli.group import cli
from fieldstone.compatibility.rules import all_rules
from fieldstone.registry import DEFECTS
from tests.cli.workspace import HERE, SHOP, Repo

TEXT = """\
+ field `note` (string, number 4) added to `acme.shop.v1.Order`
+ enum value `STATUS_SENT` (number 2) added to `acme.shop.v1.Status`
"""
MARKDOWN = """\
## shop 1.2.0

### Added

- field `note` (string, number 4) added to `acme.shop.v1.Order`
- enum value `STATUS_SENT` (number 2) added to `acme.shop.v1.Status`
"""


def test_diff_as_text(grown: Repo) -> None:
    ran = grown.run("diff", "shop", "1.0.0", "1.2.0")
    assert (ran.code, ran.out) == (0, TEXT)
    assert ran.err == "shop: 2 changes from 1.0.0 to 1.2.0 (minor)\n"


def test_diff_as_markdown(grown: Repo) -> None:
    assert grown.run("diff", "shop", "1.0.0", "1.2.0", "--format", "markdown").out == MARKDOWN
    ran = grown.run("diff", "shop", "1.2.0", "--format", "markdown")
    assert ran.out == "## shop Unreleased\n\nNo change of the contract.\n"
    assert ran.err == "shop: no change from 1.2.0 to the working tree (none)\n"


def test_diff_as_json(grown: Repo) -> None:
    found = json.loads(grown.run("diff", "shop", "1.1.0", "1.2.0", "--format", "json").out)
    assert found == {
        "module": "shop",
        "old": "1.1.0",
        "new": "1.2.0",
        "changes": [
            {
                "kind": "added",
                "element": "enum value",
                "subject": "acme.shop.v1.Status.STATUS_SENT",
                "text": "enum value `STATUS_SENT` (number 2) added to `acme.shop.v1.Status`",
            }
        ],
        "bump": "minor",
        "waivers": [],
    }


def test_diff_backwards_tells_what_leaves(grown: Repo) -> None:
    ran = grown.run("diff", "shop", "1.2.0", "1.0.0")
    assert ran.out.startswith("- ")
    assert ran.err == "shop: 2 changes from 1.2.0 to 1.0.0 (major)\n"


def test_diff_between_any_two_references(grown: Repo) -> None:
    grown.edit(SHOP, "string note = 4;", "string note = 4 [deprecated = true];")
    ran = grown.run("diff", "shop", "v1.1.0", ".")
    assert "! field `note` of `acme.shop.v1.Order` deprecated" in ran.out
    assert ran.err == "shop: 2 changes from v1.1.0 to the working tree (minor)\n"


def test_diff_where_a_module_was_not_there_yet(fresh: Repo) -> None:
    fresh.git("tag", "before")
    fresh.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/tax\n")
    fresh.write("schemas/tax/acme/tax/v1/tax.proto", 'syntax = "proto3";\n\npackage acme.tax.v1;\n\nmessage Tax {}\n')
    assert fresh.run("diff", "tax", "before").error == "error: there is no module tax at before yet"


def test_explain_knows_every_rule_and_defect(fresh: Repo) -> None:
    for rule in (*all_rules(), *DEFECTS):
        ran = fresh.run("explain", rule)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"# {rule}\n\n")
        if rule in all_rules():
            for heading in ("## Why", "## What it finds", "## What it lets pass", "## What to do", "## Settings"):
                assert heading in ran.out


def test_explain_takes_the_beginning_of_an_id(fresh: Repo) -> None:
    assert fresh.run("explain", "field-ty").out.startswith("# field-type-changed\n")


def test_rules(fresh: Repo) -> None:
    lines = fresh.run("rules").out.splitlines()
    assert [line.split()[0] for line in lines] == list(all_rules())
    assert next(line for line in lines if line.startswith("field-renamed ")).endswith("[json, source, storage]")
    assert next(line for line in lines if line.startswith("message-name-without-version ")).endswith("[style]")


def test_rules_as_json(fresh: Repo) -> None:
    found = {rule["id"]: rule for rule in json.loads(fresh.run("rules", "--format", "json").out)}
    assert list(found) == list(all_rules())
    assert found["field-type-changed"].keys() == {
        *("id", "group", "summary", "level", "breaks", "style", "since", "buf", "why", "fix", "source"),
    }
    assert found["field-type-changed"]["breaks"] == ["wire", "json", "source", "storage"]
    assert "FIELD_SAME_TYPE" in found["field-type-changed"]["buf"]


def test_settings(grown: Repo) -> None:
    grown.settings("naming = true\n")
    shown = json.loads(grown.run("settings", cwd="schemas").out)
    effective = shown.pop("effective")
    assert effective["naming"] == {"value": True, "from": str(grown.root / "fieldstone.toml")}
    assert effective["fail-on"] == {"value": "error", "from": "default"}
    assert shown == {
        "extends": [],
        "file": str(grown.root / "fieldstone.toml"),
        "registry": str(grown.root / "registry"),
        "workspace": str(grown.root),
        "values": {"naming": True},
    }


def test_the_committed_schema_of_the_settings_is_fresh(fresh: Repo) -> None:
    committed = (HERE / "fieldstone.schema.json").read_text("utf-8")
    assert fresh.run("settings", "--schema").out == committed, (
        "run `fieldstone settings --schema > fieldstone.schema.json`"
    )


def test_check_prints_the_schema_that_its_json_fits(grown: Repo) -> None:
    ran = grown.run("check", "--schema")
    assert (ran.code, ran.err) == (0, "")
    grown.edit(SHOP, "  string note = 4;", "  bytes note = 4;")
    refused = grown.run("check", "--since", "HEAD", "--format", "json")
    assert refused.code == 1
    Draft202012Validator(json.loads(ran.out)).validate(json.loads(refused.out))


def test_format(fresh: Repo) -> None:
    assert fresh.run("format", "--check").code == 0
    good = fresh.read(SHOP)
    fresh.edit(SHOP, "  string id = 1;", "      string id   = 1 ;")
    bad = fresh.read(SHOP)
    ran = fresh.run("format", "--check")
    assert (ran.code, ran.err) == (1, "schemas are not formatted\n")
    assert "+  string id = 1;" in ran.out
    assert fresh.read(SHOP) == bad
    ran = fresh.run("format")
    assert (ran.code, ran.err) == (1, "schemas were formatted\n")
    assert fresh.read(SHOP) == good
    assert fresh.run("format").code == 0


COMMANDS = [
    *((name,) for name in cli.list_commands(click.Context(cli))),
    *(("registry", name) for name in ("list", "show", "verify")),
    *(("index", name) for name in ("build", "serve")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_with_an_example(fresh: Repo, command: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        ran = fresh.run(*command, flag)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"Usage: fieldstone {' '.join(command)} ")
    if command == ("registry",):
        assert re.search(r"verify +Recompute everything", ran.out)
    else:
        assert f"\n    fieldstone {' '.join(command)}" in ran.out.replace("source <(", "")


def test_help_and_version(fresh: Repo) -> None:
    ran = fresh.run("--help")
    assert ran.code == 0
    assert "Exit codes: 0 clean, 1 findings that count, 2 the job could not be done, or" in ran.out
    assert fresh.run("--version").out == f"fieldstone, version {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(fresh: Repo, shell: str) -> None:
    ran = fresh.run("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"_FIELDSTONE_COMPLETE={shell}_complete" in ran.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("fieldstone check ", ["money", "shop"]),
        ("fieldstone check sh", ["shop"]),
        ("fieldstone release m", ["money"]),
        ("fieldstone diff shop 1.", ["1.0.0", "1.1.0", "1.2.0"]),
        ("fieldstone check shop --against 1.1", ["1.1.0"]),
        ("fieldstone registry show money ", ["1.0.0"]),
        ("fieldstone explain oneof-", ["oneof-member-added", "oneof-removed", "oneof-renamed"]),
        ("fieldstone explain registry-for", ["registry-forked"]),
        ("fieldstone re", ["release", "registry", "relay"]),
    ],
)
def test_completion(grown: Repo, words: str, expected: list[str]) -> None:
    ran = grown.spawn(
        env={
            "_FIELDSTONE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        }
    )
    assert ran.code == 0
    assert ran.err == ""
    assert sorted(line.partition(",")[2] for line in ran.out.splitlines()) == sorted(expected)


def test_completion_is_silent_where_there_is_nothing_to_complete(fresh: Repo) -> None:
    (fresh.root / "buf.yaml").unlink()
    ran = fresh.spawn(
        env={"_FIELDSTONE_COMPLETE": "bash_complete", "COMP_WORDS": "fieldstone check ", "COMP_CWORD": "2"}
    )
    assert (ran.out.strip(), ran.err) == ("", "")


def test_the_package_runs_as_a_module(fresh: Repo) -> None:
    command = [sys.executable, "-m", "fieldstone", "--version"]
    done = subprocess.run(command, cwd=fresh.root, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"fieldstone, version {__version__}\n")


def test_an_error_of_ours_can_be_traced(fresh: Repo, tmp_path: Path) -> None:
    """The one place where a traceback is asked for: nothing in the tool fails so by itself."""
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import sys, fieldstone.project.settings\n"
        "from fieldstone.cli import main\n"
        "def find_settings(start): raise RuntimeError('boom')\n"
        "fieldstone.project.settings.find_settings = find_settings\n"
        "sys.argv = ['fieldstone', 'settings']\n"
        "main()\n"
    )

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        environment = {**fresh.environment, **more}
        command = [sys.executable, str(broken)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert run().returncode == 2
    assert run().stderr.startswith("error: Fieldstone failed: RuntimeError: boom; please report it")
    assert "Traceback" in run(FIELDSTONE_TRACEBACK="1").stderr
