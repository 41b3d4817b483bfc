"""Turns of callers at a few places: fair, and one after the other for the same module."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from fieldstone.errors import Exhausted
from fieldstone.server.guards.limits import MOST_WAITING


class _Job:
    """A request that waits for a place.

    Args:
        caller: who sent it.
        modules: the modules that it changes.
    """

    def __init__(self, caller: str, modules: frozenset[str]) -> None:
        self.caller, self.modules = caller, modules
        self.place: asyncio.Future[int] = asyncio.get_running_loop().create_future()


class Turns:
    """Gives out places. A caller has at most all but one of them; callers who wait are served in rotation.

    Args:
        places: the number of places.
    """

    def __init__(self, places: int) -> None:
        self._free = list(range(places))
        self._share = max(1, places - 1)
        self._waiting: dict[str, deque[_Job]] = {}
        """The jobs by caller; the caller who was served last is the last."""
        self._running: Counter[str] = Counter()
        self._busy: set[str] = set()
        """The modules of the running jobs."""

    @asynccontextmanager
    async def turn(self, caller: str, modules: Iterable[str]) -> AsyncIterator[int]:
        """Wait for a place; gives its number.

        Args:
            caller: an id of the caller.
            modules: the modules that no other job may change meanwhile.

        Raises:
            Exhausted: too many jobs of the caller are waiting.
        """
        job = _Job(caller, frozenset(modules))
        queue = self._waiting.setdefault(caller, deque())
        if len(queue) >= MOST_WAITING:
            raise Exhausted(f"{len(queue)} jobs of this caller are waiting", fix="ask again later", seconds=10)
        queue.append(job)
        self._give()
        try:
            yield await job.place
        finally:
            self._end(job)
            self._give()

    def _give(self) -> None:
        """Give the free places to those whose turn it is."""
        while self._free and (job := self._next()):
            queue = self._waiting.pop(job.caller)
            queue.remove(job)
            if queue:
                self._waiting[job.caller] = queue
            self._running[job.caller] += 1
            self._busy |= job.modules
            job.place.set_result(self._free.pop(0))

    def _next(self) -> _Job | None:
        for caller, queue in self._waiting.items():
            if self._running[caller] >= self._share:
                continue
            earlier: set[str] = set()  # a job does not overtake those of its caller for the same module
            for job in queue:
                if job.place.cancelled():  # its task will take it out of the queue
                    continue
                if job.modules.isdisjoint(self._busy | earlier):
                    return job
                earlier |= job.modules
        return None

    def _end(self, job: _Job) -> None:
        """Take back the place of a job, or take it out of the queue."""
        if job.place.done() and not job.place.cancelled():  # also if its task was cancelled before it began
            self._free.insert(0, job.place.result())  # used before those whose process has not started
            self._busy -= job.modules
            self._running -= Counter({job.caller: 1})
            return
        queue = self._waiting[job.caller]
        queue.remove(job)
        if not queue:
            del self._waiting[job.caller]
