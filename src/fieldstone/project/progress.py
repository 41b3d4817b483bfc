"""What a check spends its time on: told while it runs, and counted afterwards."""

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
"""After how many things people are told again how many are done."""

T = TypeVar("T")


class Phase(Struct, frozen=True):
    """One thing that was done: its name, the seconds that it took, and the most memory used until its end, in bytes."""

    name: str
    seconds: float
    peak: int


class Phases(Struct):
    """The phases of a command, and what was counted in them.

    Attributes:
        told: called with what is being done, as each phase begins.
        done: the phases that have ended, in their order.
        counts: how many files were seen, read, compiled, compared, ...
    """

    told: Callable[[str], None] = lambda _: None
    done: list[Phase] = []
    counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def phase(self, name: str, what: str) -> Iterator[None]:
        """Do something that takes time.

        Args:
            name: what it is called afterwards: "compile".
            what: what people are told: "compiling 12 of 8,017 files".
        """
        self.told(what)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.done.append(Phase(name, time.perf_counter() - started, peak_memory()))

    def counted(self, items: Collection[T], *, of: str) -> Iterator[T]:
        """Things one by one; people are told how many are done: "reading 1,200 of 8,017 files of the release".

        Args:
            items: the things.
            of: what they are: "files of the release".
        """
        for number, item in enumerate(items):
            if number % _EVERY == 0:
                self.told(f"reading {number:,} of {len(items):,} {of}")
            yield item


def peak_memory() -> int:
    """The most memory, in bytes, that this process or one that it waited for has used; 0 where nobody knows."""
    if sys.platform == "win32":
        return 0
    import resource

    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(used) * (1 if sys.platform == "darwin" else _KIB)
