"""The identity, the kinds and the times of events in an outbox."""

from __future__ import annotations

from secrets import token_urlsafe
from time import time_ns

ADDED, UPDATED, DELETED = "added", "updated", "deleted"
"""The changes that an event tells of a record, as its column `change` has them."""

SAVED = "saved"
"""Added or updated: what is known of an event that older code wrote."""

_RANDOM_BYTES = 12
_NUMBERS = [*map(str, range(1024))]  # ready, as writing a number takes longer than all else about a mark


def now_us() -> int:
    """The time, in microseconds since 1970, UTC."""
    return time_ns() // 1000


def escaped(text: str) -> str:
    """A text as one part of a record's key in text: "%" as "%25" and "/" as "%2F"."""
    return text.replace("%", "%25").replace("/", "%2F")


def event_marks(count: int) -> list[str]:
    """The ends of the idempotency keys of new events, after the record's key; no event of any database has one again.

    Each is "@", 96 random bits of the system, one draw for all of a call, and a number. It depends on nothing that can
    come back: SQLite gives the id of a deleted row again, a restored backup repeats its sequences, and a forked
    process or a copied machine repeats counters.
    """
    drawn = f"@{token_urlsafe(_RANDOM_BYTES)}."
    numbers = _NUMBERS[:count] if count <= len(_NUMBERS) else map(str, range(count))
    return [drawn + number for number in numbers]


def record_key(idempotency_key: str) -> str:
    """The key of the record in an event's idempotency key."""
    return idempotency_key.rpartition("@")[0]
