"""The form of pages, without running them; and what the player of pages itself does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.workspace import HERE
from tests.pages.page import BLOCK, STARTS, edited, play
from tests.pages.shell import Shell
from tests.pages.states import STATES
from tests.pages.varying import alike

PAGES = {
    path.relative_to(HERE).as_posix(): path.read_text("utf-8")
    for pattern in ("*.md", "docs/**/*.md", "examples/*/README.md", "packages/*/README.md")
    for path in sorted(HERE.glob(pattern))
}


def test_what_is_not_run_shows_no_prompt() -> None:
    prompts = [
        (page, line)
        for page, text in PAGES.items()
        for block in BLOCK.finditer(text)
        for line in block["body"].splitlines()
        if block["kind"] != "console" and line.startswith("$ ")
    ]
    assert prompts == []


def test_every_page_starts_with_a_state_that_exists_and_has_one_start() -> None:
    for page, text in PAGES.items():
        found = STARTS.findall(text)
        assert len(found) <= 1, page
        assert {state for state, _ in found} <= STATES.keys(), page


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 120


def test_an_output_that_changed_is_written_and_one_that_varies_is_not(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    page = '```text title="a.txt"\nold\n```\n\n```console\n$ cat a.txt\nolder\n$ echo 2026-01-02\n2020-03-04\n```\n'
    with Shell(tmp_path, tmp_path, environment) as shell:
        assert play(page, shell) == page.replace("older\n", "old\n")


@pytest.mark.parametrize("body", ["no prompt\n", "", "output\n$ true\n"])
def test_a_block_without_a_command_at_its_begin_is_refused(
    body: str, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    with Shell(tmp_path, tmp_path, environment) as shell, pytest.raises(AssertionError, match="console block"):
        play(f"```console\n{body}```\n", shell)


def test_an_edit_has_to_fit() -> None:
    assert edited("a\nb\nc\n", " a\n-b\n+d\n", "x") == "a\nd\nc\n"
    with pytest.raises(AssertionError, match="0 times, not once"):
        edited("a\nb\n", "-c\n+d\n", "x")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("released 1.0.0", "released 1.1.0", False),
        ("2 findings", "3 findings", False),
        ("commit 1234abc", "commit cba4321", True),
        ("fst_abc-d", "fst_xyz", True),
        ("until 2026-01-01T10:00:00Z", "until 2027-02-02T11:11:11Z", True),
    ],
)
def test_only_listed_kinds_of_values_may_vary(shown: str, printed: str, *, same: bool) -> None:
    assert alike(shown, printed) is same
