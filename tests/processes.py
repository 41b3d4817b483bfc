"""The processes of this machine, as Linux lists them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

LONGEST = 60.0
"""Seconds until a process must have ended."""


def children_of(process: int) -> list[int]:
    """The processes that a process started, and that have not ended."""
    listed = (path.read_text("ascii") for path in Path(f"/proc/{process}/task").glob("*/children"))
    return [int(child) for text in listed for child in text.split()]


def group_of(leader: int) -> list[int]:
    """The running processes of a process group."""
    return [process for process, state, group in _every() if group == leader and state not in _ENDED]


def wait_for_end(left: Callable[[], Iterable[int]], what: str) -> None:
    """Wait until none of some processes runs; they need not be ours, and may not have been reaped.

    Args:
        left: returns those that are left.
        what: their name in the error.
    """
    latest = time.monotonic() + LONGEST
    while running := sorted({*left()} & {process for process, state, _ in _every() if state not in _ENDED}):
        assert time.monotonic() < latest, f"{what} still runs: {running}"
        time.sleep(0.02)


_ENDED = "ZX"
"""The states of processes that have ended and were not reaped."""


def _every() -> Iterator[tuple[int, str, int]]:
    """Number, state and group of each process."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        state, _, group = text.rpartition(")")[2].split()[:3]
        yield int(path.parent.name), state, int(group)
