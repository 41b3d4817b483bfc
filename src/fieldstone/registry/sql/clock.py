"""Times as the tables have them: RFC 3339 in UTC, to the second."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def now() -> str:
    """The current time."""
    return _text(int(time.time()))


@lru_cache(maxsize=1)
def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(FORMAT)


def after(days: float) -> str:
    """The time in some days."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime(FORMAT)
