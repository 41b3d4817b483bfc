"""Whole processes: how long one took, how much memory the largest of its processes had, how it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "CI": "",
}
"""What every process gets: nothing that changes how Python or git behave, or that turns the cache off."""

TIMED_OUT = "timed out"
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Result:
    """One process: seconds of wall time, bytes of its largest process, its exit code and what it said last."""

    seconds: float
    peak: int
    code: int
    said: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it did its job and found nothing."""
        return not self.code

    @property
    def is_late(self) -> bool:
        """Whether it was ended because it took too long."""
        return self.said == TIMED_OUT


def run(command: Sequence[str], cwd: Path, limit: float, env: Mapping[str, str] | None = None) -> Result:
    """Run a process to its end, or end it and what it started once the limit is reached.

    Its peak is the largest resident size that it, or any process that it waited for, ever had.
    """
    late = threading.Event()
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=ENVIRONMENT | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
        )
        timer = threading.Timer(limit, _end, [process.pid, late])
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()
    said = TIMED_OUT if late.is_set() else " / ".join(lines[-3:])[:600]
    return Result(seconds, usage.ru_maxrss * _PEAK_UNIT, process.returncode, said)


def _end(group: int, late: threading.Event) -> None:
    """End a process that is late, and those that it started."""
    late.set()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def middle(results: Iterable[Result]) -> float:
    """The median of the seconds."""
    return median(result.seconds for result in results)


def ratio(own: Sequence[Result], other: Sequence[Result]) -> float:
    """The median, over the rounds, of the ratio within a round."""
    return median(one.seconds / two.seconds for one, two in zip(own, other, strict=True))


def progress(text: str) -> None:
    """Say on standard error what is being done."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
