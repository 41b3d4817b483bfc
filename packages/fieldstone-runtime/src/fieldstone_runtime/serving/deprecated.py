"""Tells clients in trailing metadata which deprecated parts of the contract they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

DEPRECATED_HEADER = "fieldstone-deprecated"
"""The trailing metadata: "telemetry.v1.Step; since=1.2.0; sunset=2027-12-31; replacement=telemetry.v2.Step"."""
_MOST, _LONGEST = 8, 300
"""The most notices of an answer, and characters of a notice: a client takes 8 KiB of metadata by default."""

Metadata = tuple[tuple[str, str], ...]


class Notices:
    """The notices of one rpc.

    Args:
        deprecated: the notices of a contract by the full names of its rpcs and of the fields of their requests.
        rpc: the full name of the rpc.
    """

    def __init__(self, deprecated: Mapping[str, Sequence[str]], rpc: str) -> None:
        self._deprecated, self._of_rpc = deprecated, tuple(deprecated.get(rpc, ()))

    def of(self, request: object) -> Metadata:
        """The trailing metadata for a request; for a stream of requests, that of the rpc alone."""
        if not self._deprecated:
            return ()
        told = [*self._of_rpc]
        if isinstance(request, Message):
            for field, _ in request.ListFields():
                told.extend(self._deprecated.get(field.full_name, ()))
        return tuple((DEPRECATED_HEADER, notice[:_LONGEST]) for notice in told[:_MOST])


def keep(context: Any, notices: Metadata) -> None:
    """Add notices to the trailing metadata of a call, if its servicer has replaced them by its own."""
    own = tuple(context.trailing_metadata() or ()) if notices else ()
    if not {*notices} <= {*own}:
        context.set_trailing_metadata((*own, *notices))
