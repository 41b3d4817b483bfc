"""The processor time that buf may take for one job of this process: Linux counts it, and ends buf."""

from __future__ import annotations

import signal
import sys

_NO_LIMIT = 0
_seconds, _before = _NO_LIMIT, 0.0


def begin(seconds: int) -> None:
    """Begin a job.

    Args:
        seconds: the processor time of all programs that it starts; 0 for any time.
    """
    global _seconds, _before
    _seconds, _before = seconds, _taken()


def bound(process_id: int) -> None:
    """Limit a program that was just started to what is left for the job."""
    if _seconds == _NO_LIMIT or sys.platform != "linux":
        return
    import resource

    left = max(1, round(_seconds - (_taken() - _before)))
    resource.prlimit(process_id, resource.RLIMIT_CPU, (left, left))


def problem_of(code: int) -> str:
    """The reason why a program was ended from outside; empty if it was not, or if there is no limit.

    Args:
        code: its exit code, negative for a signal.
    """
    if _seconds == _NO_LIMIT or code != -signal.SIGKILL:
        return ""
    return f"it takes more than {_seconds} seconds of processor time, or more memory than there is"


def _taken() -> float:
    """The processor time of all programs that this process started and that have ended, in seconds."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
