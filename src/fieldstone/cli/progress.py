"""Progress of slow commands: one line on a terminal, removed when the command is done."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fieldstone.printed import printable

_PATIENCE = 0.5
"""Seconds before progress is shown."""

_BLINK = 0.1
_WIPE = "\r\x1b[K"


@contextmanager
def shown_progress() -> Iterator[Callable[[str], None]]:
    """Yields a callback for each step; nothing is shown if standard error is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    doing = [""]
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
    while not done.wait(_BLINK):
        sys.stderr.write(f"{_WIPE}{printable(doing[0])} ({time.monotonic() - started:.0f} s)")
        sys.stderr.flush()
    sys.stderr.write(_WIPE)
    sys.stderr.flush()
