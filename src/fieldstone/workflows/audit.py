"""The audit of a shared registry as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Raw, Struct, json

from fieldstone.errors import Invalid
from fieldstone.registry.clock import FORMAT

if TYPE_CHECKING:
    from fieldstone.workflows.administering import Administration

_DIGITS = 18
"""The most digits of a number of a row."""


class _Line(Struct, frozen=True):
    number: int
    entry: Raw
    hash: str


def audit_lines(administration: Administration, since: str) -> Iterator[str]:
    """The rows of the audit, oldest first, each as a line of JSON that has its entry to the byte.

    Args:
        administration: the registry.
        since: the number of the row before the first one; or the time of the first one, ISO 8601 in UTC.

    Raises:
        Invalid: it is neither.
        FieldstoneError: the registry cannot be read.
    """
    is_number = since.isdecimal() and since.isascii() and len(since) <= _DIGITS
    earliest = "" if is_number else _time(since)
    for row in administration.audit(int(since) if is_number else 0):
        if row.entry.at >= earliest:
            yield json.encode(_Line(row.number, Raw(row.line.encode()), row.hash)).decode()


def _time(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
        return (at.astimezone(UTC) if at.tzinfo else at).strftime(FORMAT)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            f"{text!r} is neither the number of a row nor a time", fix="write it as 1200 or as 2026-11-01T00:00:00Z"
        ) from error
