from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
import yaml

from fieldstone.cli.group import cli
from fieldstone.workflows.setup.hooks import HOOKS, local_config
from tests.hooks.documented import blocks, prose

PAGES = ["hooks.md", "ci.md"]


def _commands(page: str) -> Iterator[str]:
    """Every line that calls `fieldstone`: in code, in YAML, after a prompt and in the prose."""
    for block in blocks(page):
        for line in block.text.splitlines():
            called = re.match(r"(?:\s*- |\s*(?:- )?(?:run|entry): |\$ |)(fieldstone .+)", line)
            if called:
                yield called[1]
    yield from re.findall(r"`(fieldstone [^`]+)`", prose(page))


@pytest.mark.parametrize("page", [*PAGES, "waivers.md"])
def test_every_command_line_is_one_that_the_command_takes(page: str) -> None:
    lines = list(_commands(page))
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(re.sub(r" >>? \S+$", "", line))[1:]
        command: click.Command = cli
        context = click.Context(cli, info_name="fieldstone", **cli.context_settings)
        while isinstance(command, click.Group) and words:
            found = command.get_command(context, words.pop(0))
            assert found is not None, line
            command = found
        command.make_context(str(command.name), words, parent=context)


@pytest.mark.parametrize("page", PAGES)
def test_every_yaml_block_parses(page: str) -> None:
    found = [yaml.safe_load(block.text) for block in blocks(page) if block.language == "yaml"]
    assert len(found) >= 2
    assert all(found)


def test_hooks_on_the_page_are_the_hooks() -> None:
    remote, local = [yaml.safe_load(block.text) for block in blocks("hooks.md") if block.language == "yaml"]
    (edit,) = [block.text for block in blocks("hooks.md") if block.language == "diff"]
    generate = yaml.safe_load("".join(f"{line[1:]}\n" for line in edit.splitlines() if line.startswith("+")))
    assert [hook["id"] for hook in remote["repos"][0]["hooks"]] == [hook["id"] for hook in HOOKS]
    assert local == local_config()
    assert [*local["repos"][0]["hooks"], *generate] == local_config(generated=True)["repos"][0]["hooks"]


def test_the_workflow_checks_out_the_whole_history() -> None:
    action, workflow = (
        yaml.safe_load(block.text) for block in blocks("ci.md") if block.text.startswith("name: Schemas\n")
    )
    assert action["jobs"]["check"]["steps"][0] == workflow["jobs"]["check"]["steps"][0]
    checkout = workflow["jobs"]["check"]["steps"][0]
    assert checkout == {"uses": "actions/checkout@v6", "with": {"fetch-depth": 0}}
    assert any("fieldstone check" in step.get("run", "") for step in workflow["jobs"]["check"]["steps"])
