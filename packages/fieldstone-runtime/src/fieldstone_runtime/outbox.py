"""The keys and times of the events in an outbox."""

from __future__ import annotations

from time import time_ns


def now_us() -> int:
    """The time, in microseconds since 1970, UTC."""
    return time_ns() // 1000


def escaped(text: str) -> str:
    """A text as one part of an idempotency key: "%" as "%25" and "/" as "%2F"."""
    return text.replace("%", "%25").replace("/", "%2F")
