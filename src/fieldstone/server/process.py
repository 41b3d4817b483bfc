"""A process that runs one job at a time, within limits. If a job ends it, a new one is started."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from fieldstone.errors import Unavailable
from fieldstone.server import jobs
from fieldstone.toolchain import budget

_Result = TypeVar("_Result")


class _TooLong(BaseException):
    """The time of a job is over; no handler of errors holds it up."""


class Process:
    """A process, which starts with its first job.

    Args:
        seconds: the time that a job may take.
        compile_seconds: the processor time of buf for a job; 0 for any time.
    """

    def __init__(self, seconds: int, compile_seconds: int) -> None:
        self._seconds, self._compile_seconds = seconds, compile_seconds
        self._executor, self._id = self._started(), 0

    async def run(self, job: Callable[[], _Result]) -> _Result:
        """Run a job.

        Raises:
            TimeoutError: it took too long; it was ended with the programs that it started.
            BrokenProcessPool: the process died.
            Unavailable: it could not write its files.
            FieldstoneError: see the job.
        """
        loop = asyncio.get_running_loop()
        try:
            if not self._id:
                self._id = await loop.run_in_executor(self._executor, os.getpid)
            return await loop.run_in_executor(self._executor, _in_time, job, self._seconds, self._compile_seconds)
        except BrokenProcessPool:
            self._executor, self._id = self._started(), 0
            raise

    def close(self) -> None:
        """End the process, with its job and the programs that it started."""
        if self._id:
            with suppress(ProcessLookupError):
                os.kill(self._id, signal.SIGUSR1)
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, context, initializer=_set_up)


def _set_up() -> None:
    """Import what a push needs before the first one comes."""
    jobs.warm_up()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the server ends its processes itself
    signal.signal(signal.SIGUSR1, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of the server, and end this process: nobody would take its results."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _end()


def _end(*_: object) -> None:
    _kill_children()
    os._exit(1)


def _in_time(job: Callable[[], _Result], seconds: int, compile_seconds: int) -> _Result:
    """Run a job in this process, and end it with the programs that it started when its time is over.

    Raises:
        TimeoutError: it took too long.
        Unavailable: it could not write its files.
    """

    def end(*_: object) -> None:
        _kill_children()
        raise _TooLong

    signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    budget.begin(compile_seconds)
    try:
        return job()
    except _TooLong:
        raise TimeoutError from None
    except OSError as error:
        raise Unavailable(
            f"the server cannot write its working files: {error.strerror or error}", fix="see whether its disk is full"
        ) from error
    finally:
        signal.alarm(0)


def _kill_children() -> None:
    """End the programs that this process started, as Linux lists them."""
    for listed in Path("/proc/self/task").glob("*/children"):
        for child in listed.read_text("ascii").split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
