"""What a terminal is shown: colors, lines of its width, rendered pages; and what a pipe is not."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from fieldstone.cli.group import cli
from fieldstone.palette import RED, SEQUENCE
from tests.cli.test_printed import EVIL, assert_harmless
from tests.cli.workspace import SHOP, Repo

FORCED = {"FORCE_COLOR": "1"}
CHANGED = ("string note = 4;", "int32 note = 4;")
OUTPUTS = (
    ("check", "shop"),
    ("check", "shop", "--format", "grouped"),
    ("check", "shop", "--format", "concise"),
    ("release", "shop"),
    ("diff", "shop", "1.0.0"),
    ("rules",),
    ("explain", "field-type-changed"),
    ("registry", "list"),
    ("registry", "show", "shop"),
    ("check", "--no-such-option"),
    ("check", "--help"),
    ("--help",),
)
"""A command for each kind of text output."""


def on_terminal(repo: Repo, *arguments: str, columns: int = 80, env: Mapping[str, str] | None = None) -> str:
    """What the command prints on a terminal of that width, on both streams."""
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm", **repo.environment, "COLUMNS": str(columns), **(env or {})}
    command = [str(Path(sys.executable).with_name("fieldstone")), *arguments]
    with subprocess.Popen(command, cwd=repo.root, env=environment, stdout=theirs, stderr=theirs, stdin=theirs):
        os.close(theirs)
        shown = b"".join(_read(ours))
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def _read(stream: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(stream, 4096)
        except OSError:  # the other end is closed
            return
        if not part:
            return
        yield part


@pytest.fixture
def changed(grown: Repo) -> Repo:
    grown.edit(SHOP, *CHANGED)
    return grown


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_every_text_output_has_colors_and_says_the_same_without(changed: Repo, command: tuple[str, ...]) -> None:
    plain, colored = changed.run(*command), changed.run(*command, env=FORCED)
    assert "\x1b" not in plain.out + plain.err
    assert SEQUENCE.search(colored.out + colored.err)
    if command[0] != "explain":  # it is rendered
        assert SEQUENCE.sub("", colored.out) == plain.out
        assert SEQUENCE.sub("", colored.err) == plain.err


@pytest.mark.parametrize(
    ("variables", "is_colored"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, True),
        ({"CLICOLOR": "0"}, False),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True),
    ],
    ids=str,
)
def test_the_environment_decides(fresh: Repo, variables: dict[str, str], *, is_colored: bool) -> None:
    assert (RED in on_terminal(fresh, "chekc", env=variables)) == is_colored


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_documents_for_programs_never_have_colors(changed: Repo, variable: str) -> None:
    for command in (
        ("check", "shop", "--format", "json"),
        ("registry", "list", "--format", "json"),
        ("settings",),
        ("registry", "head"),
    ):
        out = changed.run(*command, env={variable: "1"}).out
        assert [json.loads(part) for part in ([out] if command[-1] != "head" else out.splitlines())]
    assert "\x1b" not in changed.run("diff", "shop", "1.0.0", "--format", "markdown", env={variable: "1"}).out


def test_no_value_brings_a_color_of_its_own(grown: Repo) -> None:
    ran = grown.run("check", f"\x1b[31m{EVIL}", env=FORCED)
    assert "\x1b[31m" not in ran.err
    assert_harmless(SEQUENCE.sub("", ran.err))


def test_lines_have_the_width_of_the_terminal_and_code_is_not_broken(changed: Repo) -> None:
    changed.edit(SHOP, CHANGED[1], f"int32 note = 4; // {'a long comment ' * 9}")
    shown = SEQUENCE.sub("", on_terminal(changed, "check", "shop", "--no-witness", columns=60))
    code = [line for line in shown.splitlines() if "a long comment" in line]
    assert len(code) == 1
    others = [line for line in shown.splitlines() if not re.match(r"\s*\d*\s*(\||-->|:::)", line)]
    assert max(map(len, others)) <= 60
    assert "\n   = fix:     keep `string note = 4;` and add a new field\n" in shown
    assert re.search(r"\nshop: 1 type changed\. Refused: 1 breaking change since\n  1\.2\.0; it needs 2\.0\.0\.", shown)
    assert max(map(len, changed.run("check", "shop", "--no-witness").err.splitlines())) > 60  # a pipe gets whole lines


def test_a_recorded_terminal_has_the_width_that_columns_says(changed: Repo) -> None:
    lines = changed.run("rules", env={**FORCED, "COLUMNS": "70"}).out.splitlines()
    assert max(len(SEQUENCE.sub("", line)) for line in lines) <= 70


def test_explain_renders_its_page_for_people_only(grown: Repo) -> None:
    shown = SEQUENCE.sub("", on_terminal(grown, "explain", "field-type-changed", columns=70))
    assert shown.startswith("field-type-changed\n\nA released field keeps its type.\n")
    assert "\n  message Step {\n    double reward = 1;\n  }\n" in shown
    assert "```" not in shown
    assert "# field-type-changed\n" in grown.run("explain", "field-type-changed").out


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, *path, name)


def parsed(example: str) -> None:
    """Raise for an example that the command line would refuse."""
    words = [part for part in re.split(r" (?:&&|>>?|\|) ", example)[0].split() if part]
    assert words.pop(0) == "fieldstone", example
    command: click.Command = cli
    while isinstance(command, click.Group) and words and words[0] in command.list_commands(click.Context(cli)):
        found = command.get_command(click.Context(cli), words.pop(0))
        assert found is not None, example
        command = found
    assert not isinstance(command, click.Group) or not words or words[0].startswith("-"), example
    options = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options | {"--help", "--version"}, example


@pytest.mark.parametrize(
    ("path", "command"), [*commands(cli)], ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_has_an_example_that_it_takes(path: tuple[str, ...], command: click.Command) -> None:
    examples = re.findall(
        r"^ *(?:source <\()?(fieldstone [^)\n]*)", (command.help or "").partition("Example")[2], re.MULTILINE
    )
    assert any(example.split()[1 : 1 + len(path)] == list(path) for example in examples), path
    for example in examples:
        parsed(example)


def test_the_overview_has_groups(fresh: Repo) -> None:
    out = fresh.run("--help").out
    assert re.findall(r"^(\w[\w ,]+):$", out, re.MULTILINE)[:3] == ["Options", "Every day", "Setting up"]
    assert "Every day:\n  check  " in out


POWERSHELL = {"_FIELDSTONE_COMPLETE": "powershell_complete"}


def completed(repo: Repo, *words: str) -> list[list[str]]:
    env = {**POWERSHELL, "COMP_WORDS": "\n".join(("fieldstone", *words)), "COMP_CWORD": words[-1]}
    return [line.split("\t") for line in repo.run(env=env).out.splitlines()]


def test_completion_in_powershell(grown: Repo) -> None:
    script = grown.run("completion", "powershell").out
    assert script.startswith("Register-ArgumentCompleter -Native -CommandName fieldstone -ScriptBlock {\n")
    for opening, closing in ("{}", "()", "[]"):
        assert script.count(opening) == script.count(closing)
    assert "$env:_FIELDSTONE_COMPLETE = 'powershell_complete'" in script
    assert not re.search(r"%\(|\bNone\b", script)
    assert [value for _, value, _ in completed(grown, "relea")] == ["release"]
    assert [value for _, value, _ in completed(grown, "check", "")] == ["money", "shop"]
    assert [value for _, value, _ in completed(grown, "diff", "shop", "")] == ["1.0.0", "1.1.0", "1.2.0"]
    assert {kind for kind, _, _ in completed(grown, "check", "--")} == {"plain"}
