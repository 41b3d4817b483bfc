"""Progress of slow commands: one line on a terminal, removed when the command is done."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fieldstone.printed import printable

if TYPE_CHECKING:
    from fieldstone.project.project import Project

_PATIENCE = 0.5
"""Seconds before progress is shown."""

_BLINK = 0.1
_WIPE = "\r\x1b[K"

_visible = threading.Event()
"""Set while a line of progress is on the terminal."""


def wipe() -> None:
    """Remove the line of progress, before something else is printed; the next step brings it back."""
    if _visible.is_set():
        sys.stderr.write(_WIPE)
        sys.stderr.flush()


@contextmanager
def watched(project: Project, doing: str) -> Iterator[None]:
    """Show the progress of what a project does within the `with`.

    Args:
        project: the project, whose phases tell their steps.
        doing: what the command does, until a step is told.
    """
    with shown_progress(doing) as told:
        project.phases.told = told
        yield


@contextmanager
def shown_progress(first: str) -> Iterator[Callable[[str], None]]:
    """Yields a callback for each step; nothing is shown if standard error is no terminal, or a dumb one.

    Args:
        first: what the command does, until a step is told.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    doing = [first]
    done = threading.Event()
    shower = threading.Thread(target=_show, args=(doing, done), daemon=True)
    shower.start()

    def told(what: str) -> None:
        doing[0] = what

    try:
        yield told
    finally:
        done.set()
        shower.join()


def _show(doing: list[str], done: threading.Event) -> None:
    started = time.monotonic()
    if done.wait(_PATIENCE):
        return
    _visible.set()
    while not done.wait(_BLINK):
        sys.stderr.write(f"{_WIPE}{printable(doing[0])} ({time.monotonic() - started:.0f} s)")
        sys.stderr.flush()
    wipe()
    _visible.clear()
