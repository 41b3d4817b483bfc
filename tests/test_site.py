"""The documentation as `make docs` builds it: complete, and made from what the code declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from fieldstone.cli.group import cli
from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.rules import all_rules
from fieldstone.environment import VARIABLES
from fieldstone.project.settings_schema import SCHEMA, validate
from fieldstone.workflows.explain import OTHERS
from website.pages import commands, environment, exit_codes, reports, rules, settings, vocabulary
from website.pictures import FOLDER, all_pictures
from website.terminal import to_html

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_every_rule_has_a_page_with_all_its_parts(site: Path) -> None:
    for rule in all_rules().values():
        page = (site / f"reference/rules/{rule.id}.html").read_text("utf-8")
        proof = ["Witness"] if {Surface.WIRE, Surface.JSON} & {*rule.breaks} else []
        for part in ("Why", "What it finds", *proof, "What it lets pass", "What to do", "Settings"):
            assert f">{part}<" in page, f"{part} of {rule.id}"


@pytest.mark.slow
def test_the_schemas_are_on_the_site(site: Path) -> None:
    copied = (site / "reference/fieldstone.schema.json").read_bytes()
    assert copied == (ROOT / "fieldstone.schema.json").read_bytes()
    assert (site / "reference/report.schema.json").exists()


def test_the_table_lists_every_rule_in_one_group() -> None:
    listed = [name for names in rules.ids().values() for name in names]
    assert sorted(listed) == sorted([*all_rules(), *OTHERS])
    row = next(line for line in rules.table().splitlines() if 'href="field-renamed.html"' in line)
    assert re.findall(r'class="badge (\w+)"', row) == ["json", "source", "storage"]
    assert 'class="level error">error<' in row
    assert "<code>FIELD_SAME_NAME</code>" in row
    assert 'data-label="Since">0.1.0<' in row


def test_every_command_has_a_page_with_its_options() -> None:
    pages = commands.pages()
    for name in cli.list_commands(click.Context(cli)):
        page = unescape(pages[f"reference/commands/fieldstone-{name}.md"])
        assert f"](fieldstone-{name}.md)" in pages["reference/commands/index.md"]
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        below = command.commands.values() if isinstance(command, click.Group) else [command]
        for option in (option for part in below for parameter in part.params for option in parameter.opts):
            assert option in page or not option.startswith("-"), f"{option} of {name}"


def test_every_setting_is_on_the_page_with_an_example() -> None:
    page = settings.page()
    for path, key in _settings(SCHEMA):
        assert f"## `{path}`" in page
        if "[]" in path or "NAME" in path or path in {"generate", "package"}:
            continue  # the table or the keys in it have examples
        assert key["examples"], f"{path} has no example"


def _settings(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, key in part.get("properties", {}).items():
        yield f"{prefix}{name}", key
        yield from _settings(key, f"{prefix}{name}.")
        yield from _settings(key.get("items", {}), f"{prefix}{name}[].")


def test_the_examples_of_settings_are_valid() -> None:
    shown = [(path, example) for path, key in _settings(SCHEMA) for example in key.get("examples", ())]
    assert len(shown) > 20
    for path, example in shown:
        value = example
        for name in reversed(path.split(".")):
            value = {name: value}
        validate(value, f"the example of {path}")
    for name, key in SCHEMA["properties"]["modules"]["additionalProperties"]["properties"].items():
        for example in key.get("examples", ()):
            validate({"modules": {"telemetry": {name: example}}}, f"the example of modules.NAME.{name}")


def test_every_annotation_is_on_the_page() -> None:
    page = vocabulary.page()
    source = (vocabulary.SCHEMAS / "fieldstone/v1/annotations.proto").read_text("utf-8")
    for name in re.findall(r"^  (?:repeated )?[\w.]+ (\w+) = \d+;$", source, re.MULTILINE):
        assert f"`{name}`" in page or f"fieldstone.v1.{name}" in page
    for name in re.findall(r"^(?:message|enum) (\w+)", source, re.MULTILINE):
        assert f"## {name}\n" in page


def test_every_key_of_the_report_is_on_the_page() -> None:
    page = reports.page()
    for part in (reports.schema(), *reports.schema()["$defs"].values()):
        for name in part.get("properties", {}):
            assert f"| `{name}` |" in page


def test_every_environment_variable_is_declared() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    read = {*re.findall(r"""(?:environ(?:\.get\(|\[)|getenv\()["']([A-Z][A-Z_]*)["']""", sources)}
    read |= {*re.findall(r"""^[A-Z]+ = "(FIELDSTONE_[A-Z_]+)\"""", sources, re.MULTILINE)}
    read -= {"COMP_WORDS", "COMP_CWORD"}  # a script for completion sets them for one call
    assert read <= {*VARIABLES}, "declare them in src/fieldstone/environment.py"
    for name in VARIABLES:
        assert f"| `{name}` |" in environment.page()
        assert sources.count(f'"{name}"') > 1, f"{name} is declared, and read nowhere"


def test_every_exit_code_is_on_the_page() -> None:
    assert re.findall(r"^\| `(\d+)` \|", exit_codes.page(), re.MULTILINE) == ["0", "1", "2", "130"]


def test_the_pictures_are_as_they_are_drawn() -> None:
    kept = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.svg")}
    assert kept == {name: picture.file() for name, picture in all_pictures().items()}, "python -m website.pictures"


def test_the_navigation_names_pages_that_there_are() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    generated = {"reference/settings.md", "reference/annotations.md", "reference/reports.md"}
    generated |= {"reference/environment.md", "reference/exit-codes.md", "contributing.md", "changes.md"}
    for page in re.findall(r"[\w/-]+\.md", yaml.safe_dump(nav, width=1000)):
        assert page in generated or (ROOT / "docs" / page).exists(), page


def test_colours_of_a_terminal_become_classes() -> None:
    assert to_html("\x1b[1;31merror\x1b[0m: <a>") == '<span class="term-bold term-red">error</span>: &lt;a&gt;'
    assert to_html("reading (1 s)\r\x1b[Kdone\r\n") == "done\n"
    assert to_html("\x1b]8;;file:///x\x1b\\x.proto\x1b]8;;\x1b\\") == "x.proto"
