"""Fieldstone's errors as answers of a server, and back: JSON with the kind, the problem and its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import DecodeError, Struct, json

from fieldstone.errors import Conflict, Damaged, Denied, FieldstoneError, Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS: Mapping[type[FieldstoneError], int] = {
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    Denied: 403,
    Unavailable: 503,
    Damaged: 500,
}
"""The HTTP status of each kind of error."""
_KINDS = {kind.__name__: kind for kind in STATUS}


class Problem(Struct, frozen=True):
    """The body of an answer that is an error."""

    kind: str
    problem: str
    fix: str = ""


def to_json(error: FieldstoneError) -> bytes:
    """The body for an error."""
    kind = next((kind for kind in STATUS if isinstance(error, kind)), Damaged)
    return json.encode(Problem(kind.__name__, error.problem, error.fix))


def from_json(body: bytes) -> FieldstoneError | None:
    """The error that a body tells; None if it tells none."""
    try:
        found = json.decode(body, type=Problem)
    except DecodeError:
        return None
    return _KINDS.get(found.kind, Damaged)(found.problem, fix=found.fix)
