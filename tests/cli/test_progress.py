"""What takes long says so on a terminal, and nothing on a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from fieldstone.palette import SEQUENCE
from tests.cli.workspace import SHOP, Repo

SLOW = """
import sys, time
from contextlib import contextmanager
from fieldstone.cli import main, progress
from fieldstone.project import progress as phases
progress._PATIENCE, progress._BLINK, phases._EVERY = 0.0, 0.01, 1
shown, printable, shown_progress = set(), progress.printable, progress.shown_progress
def showing(text):
    shown.add(text)
    return printable(text)
def wait_until_shown(what):
    until = time.monotonic() + 5
    while sys.stderr.isatty() and what not in shown and time.monotonic() < until:
        time.sleep(0.01)
@contextmanager
def waiting(first):
    with shown_progress(first) as told:
        wait_until_shown(first)
        yield lambda what: (told(what), wait_until_shown(what))
progress.printable, progress.shown_progress = showing, waiting
main()
"""
"""The command line, which waits at each step until it is on the terminal."""


def told_on_a_terminal(repo: Repo, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments],
        cwd=repo.root,
        env={**repo.environment, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ):
        os.close(theirs)
        told = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            told += part
    os.close(ours)
    return SEQUENCE.sub("", told.decode()).replace("\r\n", "\n")


@pytest.fixture
def changed(grown: Repo) -> Repo:
    grown.edit(SHOP, "string note = 4;", "string note = 4;\n  string more = 5;")
    return grown


def test_a_terminal_is_told_what_is_done_and_how_far_it_is(changed: Repo) -> None:
    told = told_on_a_terminal(changed, "check", "shop", "--full")
    assert "reading 0 of " in told
    assert " files of shop 1.2.0 (" in told
    assert " files of the working tree (" in told
    assert told.endswith("\r\x1b[Kshop: 1 type changed since 1.2.0: additive. Allowed as 1.3.0.\n")  # wiped before


@pytest.mark.parametrize(
    ("command", "step"),
    [
        ("registry verify --full", "audited "),
        ("release shop --dry-run", "judging shop ("),
        ("generate --out out", "generating shop ("),
        ("diff shop 1.0.0", "comparing shop ("),
    ],
)
def test_other_commands_tell_what_they_do(changed: Repo, command: str, step: str) -> None:
    assert step in told_on_a_terminal(changed, *command.split())


def test_a_pipe_is_told_nothing(changed: Repo) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SLOW, "check", "shop", "--full"],
        cwd=changed.root,
        env=changed.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "shop: 1 type changed since 1.2.0: additive. Allowed as 1.3.0.\n"
