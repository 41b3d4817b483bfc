"""Work on modules, in processes of their own: the event loop only waits for it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fieldstone.errors import Invalid, Unavailable
from fieldstone.server.jobs import accept, publish, push, warm_up

if TYPE_CHECKING:
    from fieldstone.workflows.publishing import Wanted
    from fieldstone.workflows.pushing.messages import Pushed, Sent
    from fieldstone.workflows.pushing.upload import Upload

_Result = TypeVar("_Result")
_LONGEST = 60
"""The seconds that a push may take."""


class _TooLong(BaseException):
    """The time of a push is over; no handler of errors holds it up."""


class Work:
    """Judges pushes, those to one module one after the other, and builds packages.

    Args:
        address: the address of the database registry.
        processes: the number of processes.
        draft_days: the lifetime of a draft, if the policy has none.

    Attributes:
        released: called with a module and the address of the registry when a push or a release was accepted.
    """

    released: Callable[[str, str], None] = staticmethod(lambda _module, _address: None)

    def __init__(self, address: str, *, processes: int, draft_days: float) -> None:
        self._address, self._processes, self._draft_days = address, processes, draft_days
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._packaging = asyncio.Lock()
        self._pool = self._started()

    def close(self) -> None:
        """End the processes, after what they are doing."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def push(self, upload: Upload) -> Pushed:
        """Judge an upload; see `workflows.push`.

        Raises:
            Unavailable: its process died, or it took too long.
            FieldstoneError: see `workflows.push`.
        """
        judge = partial(push, self._address, upload, self._draft_days)
        modules = [content.module for content in upload.contents]
        pushed = await self._one_by_one(judge, modules)
        for module in modules if not pushed.refusal else ():
            self.released(module, upload.address)
        return pushed

    async def accept(self, sent: Sent) -> str:
        """Judge a release that a client drafted; see `workflows.accept`.

        Raises:
            Unavailable: its process died, or it took too long.
            FieldstoneError: see `workflows.accept`.
        """
        version = await self._one_by_one(partial(accept, self._address, sent), [sent.module])
        if not sent.is_copy:
            self.released(sent.module, sent.address)
        return version

    async def publish(self, wanted: Wanted) -> None:
        """Build a client package; see `workflows.publish`. One process at a time does, so that pushes go on.

        Raises:
            Invalid: it took too long, or its process died.
            FieldstoneError: see `workflows.publish`.
        """
        what = f"the package of {wanted.module} {wanted.version}"
        async with self._packaging:
            try:
                await self._in_process(partial(publish, self._address, wanted))
            except TimeoutError as error:
                raise Invalid(f"{what} was not built within {_LONGEST:g} seconds") from error
            except BrokenProcessPool as error:
                raise Invalid(f"the process that built {what} died") from error

    async def _one_by_one(self, judge: Callable[[], _Result], modules: Iterable[str]) -> _Result:
        """Run a job in a process, after those of the same modules."""
        async with AsyncExitStack() as locked:
            for module in sorted({*modules}):
                await locked.enter_async_context(self._locks[module])
            try:
                return await self._in_process(judge)
            except TimeoutError as error:
                raise Unavailable(
                    f"the push was not judged within {_LONGEST:g} seconds", fix="push less at once"
                ) from error
            except BrokenProcessPool as error:
                raise Unavailable("the process that judged the push died", fix="push again") from error

    async def _in_process(self, job: Callable[[], _Result]) -> _Result:
        """Run a job in a process of the pool; a pool that broke is replaced."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _in_time, job)
        except BrokenProcessPool:
            self._pool = self._started()
            raise

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._processes, multiprocessing.get_context("spawn"), initializer=warm_up)


def _in_time(judge: Callable[[], _Result]) -> _Result:
    """Run a job in this process, and end it with the programs that it started when its time is over.

    Raises:
        TimeoutError: it took too long.
    """

    def end(*_: object) -> None:
        _kill_children()
        raise _TooLong

    signal.signal(signal.SIGALRM, end)
    signal.alarm(_LONGEST)
    try:
        return judge()
    except _TooLong:
        raise TimeoutError from None
    finally:
        signal.alarm(0)


def _kill_children() -> None:
    """End the programs that this process started, as Linux lists them."""
    for listed in Path("/proc/self/task").glob("*/children"):
        for child in listed.read_text("ascii").split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
