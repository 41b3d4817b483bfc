"""The application in processes of their own, as a trainer runs it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from telemetry_storage.sqlite import SQLiteTelemetryRepository

IMPATIENT = ("-c", "import sys, telemetry_app.__main__ as hub; hub._GRACE_SECONDS = 0.5; sys.exit(hub.main())")
"""A hub that waits half a second where it waits five by itself."""

LONGEST = 60.0
"""Seconds until a process must have done what it was asked."""


@dataclass(slots=True)
class Hub:
    """A hub with its writer; `address` is HOST:PORT."""

    process: subprocess.Popen[str]
    address: str

    def stop(self) -> str:
        """Ask it to end; gives what it printed."""
        self.process.send_signal(signal.SIGTERM)
        printed, _ = self.process.communicate(timeout=LONGEST)
        assert self.process.returncode == 0
        return printed

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        self.process.kill()
        self.process.communicate(timeout=LONGEST)


@contextmanager
def running_hub(
    database: Path, *options: str, listen: str = "127.0.0.1:0", program: Sequence[str] = ("-m", "telemetry_app")
) -> Iterator[Hub]:
    """Start a hub that stores in a file, and kill it in the end if it still runs.

    Args:
        database: the SQLite file.
        options: options of the hub.
        listen: HOST:PORT.
        program: arguments of Python before those of the hub; `IMPATIENT` is another hub than the default.
    """
    process = _started(program, "--database", str(database), "--listen", listen, "--quiet", *options)
    try:
        yield Hub(process, first_line(process).removeprefix("listening on "))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LONGEST)


def started(module: str, *arguments: str) -> subprocess.Popen[str]:
    """A module of the application in a process; its output goes to a pipe, its errors to ours."""
    return _started(("-m", module), *arguments)


def _started(program: Sequence[str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, *program, *arguments]
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONFAULTHANDLER": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def first_line(process: subprocess.Popen[str]) -> str:
    """What a process prints first."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], LONGEST)[0], "the process printed nothing"
    return process.stdout.readline().strip()


def worker(address: str, *arguments: str, run: str = "run") -> subprocess.Popen[str]:
    """A worker that plays a run for a hub."""
    return started("telemetry_app.worker", "--hub", address, "--run", run, *arguments)


@contextmanager
def opened(database: Path) -> Iterator[SQLiteTelemetryRepository]:
    """What a hub has stored."""
    repository = SQLiteTelemetryRepository(database)
    try:
        yield repository
    finally:
        repository.close()
