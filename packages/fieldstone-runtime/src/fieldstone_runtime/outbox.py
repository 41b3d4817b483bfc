"""The keys and times of the events in an outbox."""

from __future__ import annotations

from time import time_ns


def now_us() -> int:
    """The time, in microseconds since 1970, UTC."""
    return time_ns() // 1000


def escaped(text: str) -> str:
    """A text as one part of an idempotency key: "%" as "%25" and "/" as "%2F"."""
    return text.replace("%", "%25").replace("/", "%2F")


def saved_key(key: str, payload: bytes) -> str:
    """The idempotency key of a record that may be written again: its key, "@" and what the payload is.

    Saving the same content twice gives the same key; the last 16 digits are of the payload's SHA-256.
    """
    from hashlib import sha256

    return f"{key}@{sha256(payload).hexdigest()[:16]}"
