"""Times as registries store them: RFC 3339 in UTC, to the second.

The time of a process never goes back, and goes on while the clock of the machine is set back: no expiry comes later.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class _Clock:
    """The clock of the machine, without its leaps backwards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wall, self._counted = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """The current time."""
        with self._lock:
            counted = time.monotonic()
            going_on = self._wall + timedelta(seconds=counted - self._counted)
            self._wall, self._counted = max(datetime.now(UTC), going_on), counted
            return self._wall


_clock = _Clock()


def now() -> str:
    """The current time."""
    return _clock.now().strftime(FORMAT)


def after(days: float) -> str:
    """The time in some days."""
    return (_clock.now() + timedelta(days=days)).strftime(FORMAT)
