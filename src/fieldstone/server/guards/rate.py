"""The rate of requests of each caller, by the generic cell rate algorithm.

Each replica counts by itself, in memory. A count that replicas share would cost a request to a database for each one.
"""

from __future__ import annotations

import time

_MOST_CALLERS = 10_000


class Rate:
    """Counts the requests of each caller.

    Args:
        per_second: the requests a second in the long run, and twice as many at once; 0 for any number.
    """

    def __init__(self, per_second: int) -> None:
        self._apart = 1 / per_second if per_second else 0.0
        self._due: dict[str, float] = {}
        """When the next request of a caller would be on time, if all came evenly."""

    def wait(self, caller: str) -> float:
        """Count a request; returns the seconds until the caller may send it, 0 if it may now.

        Args:
            caller: an id of the caller.
        """
        if not self._apart:
            return 0.0
        now = time.monotonic()
        due = max(self._due.get(caller, now), now)
        early = due - now - 2.0
        if early > 0:
            return early
        if len(self._due) >= _MOST_CALLERS:
            self._due = {known: other for known, other in self._due.items() if other > now}
        self._due[caller] = due + self._apart
        return 0.0
