"""Fieldstone's errors as answers of a server, and back: JSON with the kind, the problem and its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import DecodeError, Struct, json

from fieldstone.errors import (
    Conflict,
    Damaged,
    Denied,
    Exhausted,
    FieldstoneError,
    Invalid,
    NotFound,
    TooLarge,
    TooSlow,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS: Mapping[type[FieldstoneError], int] = {
    NotFound: 404,
    TooSlow: 408,
    Conflict: 409,
    TooLarge: 413,
    Invalid: 422,
    Exhausted: 429,
    Denied: 403,
    Unavailable: 503,
    Damaged: 500,
}
"""The HTTP status of each kind of error; the first that fits counts."""
_KINDS = {kind.__name__: kind for kind in STATUS}


class Problem(Struct, frozen=True):
    """The body of an answer that is an error."""

    kind: str
    problem: str
    fix: str = ""


def status_of(error: FieldstoneError) -> int:
    """The HTTP status for an error."""
    return STATUS[_kind_of(error)]


def to_json(error: FieldstoneError) -> bytes:
    """The body for an error."""
    return json.encode(Problem(_kind_of(error).__name__, error.problem, error.fix))


def from_json(body: bytes) -> FieldstoneError | None:
    """The error that a body tells; None if it tells none."""
    try:
        found = json.decode(body, type=Problem)
    except DecodeError:
        return None
    return _KINDS.get(found.kind, Damaged)(found.problem, fix=found.fix)


def _kind_of(error: FieldstoneError) -> type[FieldstoneError]:
    return next((kind for kind in STATUS if isinstance(error, kind)), Damaged)
