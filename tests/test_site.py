"""The documentation as `make docs` builds it: complete, and without a broken link."""

from __future__ import annotations

import os
import subprocess
import sys
from html import unescape
from pathlib import Path

import click
import pytest

from fieldstone.cli.group import cli
from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.rules import all_rules
from fieldstone.project.settings_schema import SCHEMA

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", out],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    return out


@pytest.mark.parametrize("rule", all_rules())
def test_every_rule_has_a_page_with_all_its_parts(site: Path, rule: str) -> None:
    page = (site / f"reference/rules/{rule}.html").read_text("utf-8")
    proof = ["Witness"] if {Surface.WIRE, Surface.JSON} & {*all_rules()[rule].breaks} else []
    for part in ("Why", "What it finds", *proof, "What it lets pass", "What to do", "Settings"):
        assert f">{part}<" in page
    assert f'href="{rule}.html"' in (site / "reference/rules/index.html").read_text("utf-8")


def test_every_command_has_a_page_with_its_options(site: Path) -> None:
    context = click.Context(cli, info_name="fieldstone")
    for name in cli.list_commands(context):
        page = unescape((site / f"reference/commands/{name}.html").read_text("utf-8"))
        command = cli.get_command(context, name)
        assert command is not None
        below = command.commands.values() if isinstance(command, click.Group) else [command]
        for option in (option for part in below for parameter in part.params for option in parameter.opts):
            assert option in page or not option.startswith("-"), f"{option} of {name}"


def test_every_setting_is_on_the_page(site: Path) -> None:
    page = (site / "reference/settings.html").read_text("utf-8")
    for name, key in SCHEMA["properties"].items():
        assert f"<code>{name}</code>" in page
        for below in key.get("properties", {}):
            assert f"<code>{name}.{below}</code>" in page
    for below in SCHEMA["properties"]["waivers"]["items"]["properties"]:
        assert f"<code>waivers[].{below}</code>" in page
    for below in SCHEMA["properties"]["modules"]["additionalProperties"]["properties"]:
        assert f"<code>modules.NAME.{below}</code>" in page


def test_the_front_page_is_the_readme(site: Path) -> None:
    assert "Protobuf fields, set in stone" in (site / "index.html").read_text("utf-8")
    assert (site / "fieldstone.schema.json").read_bytes() == (ROOT / "fieldstone.schema.json").read_bytes()
