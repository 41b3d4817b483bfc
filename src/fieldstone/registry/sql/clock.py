"""Times as the tables have them: RFC 3339 in UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def now() -> str:
    """The current time."""
    return datetime.now(UTC).strftime(FORMAT)


def after(days: float) -> str:
    """The time in some days."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime(FORMAT)
