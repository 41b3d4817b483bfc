"""The progress and the timing of a command's phases."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from msgspec import Struct, field

_KIB = 1024
_EVERY = 50
"""The number of items between two progress messages."""

T = TypeVar("T")


class Phase(Struct, frozen=True):
    """A finished phase: its name, its duration in seconds, and the peak memory until its end in bytes."""

    name: str
    seconds: float
    peak: int


class Phases(Struct):
    """The phases of a command, with counts of files.

    Attributes:
        told: called with a progress message at the start of each phase.
        done: the finished phases in order.
        counts: the numbers of files seen, read, compiled, compared, ...
        started: called with each process that starts, as the function that ends it.
    """

    told: Callable[[str], None] = lambda _: None
    done: list[Phase] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    started: Callable[[Callable[[], None]], None] = lambda _: None

    @contextmanager
    def phase(self, name: str, what: str) -> Iterator[None]:
        """Time the body of the `with` as a phase.

        Args:
            name: the name of the phase: "compile".
            what: the progress message: "compiling 12 of 8,017 files".
        """
        self.told(what)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.done.append(Phase(name, time.perf_counter() - started, peak_memory()))

    def counted(self, items: Collection[T], *, of: str) -> Iterator[T]:
        """Iterate over items, with progress messages: "reading 1,200 of 8,017 files of the release".

        Args:
            items: the items.
            of: their description: "files of the release".
        """
        for number, item in enumerate(items):
            if number % _EVERY == 0:
                self.told(f"reading {number:,} of {len(items):,} {of}")
            yield item


def peak_memory() -> int:
    """The peak memory of this process or of one that it waited for, in bytes; 0 if it is unknown (Windows)."""
    if sys.platform == "win32":
        return 0
    import resource

    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(used) * (1 if sys.platform == "darwin" else _KIB)
