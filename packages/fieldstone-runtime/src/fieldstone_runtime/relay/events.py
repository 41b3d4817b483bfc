"""Events that are relayed, and the interface of a sink."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from fieldstone_runtime.outbox import SAVED, record_key


class UnavailableError(Exception):
    """The sink or the outbox cannot be reached, or takes nothing now; it is tried again, however often.

    Args:
        problem: what was tried where, and what came of it.
        delivered: the ids of the events that arrived nevertheless.
    """

    def __init__(self, problem: str, delivered: Collection[int] = ()) -> None:
        super().__init__(problem)
        self.delivered = frozenset(delivered)


class ForgottenError(Exception):
    """The name that a relay delivers under was ended; the message says by what and how to begin again."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of an outbox.

    Attributes:
        id: its position in the outbox; may come back once the row is cleaned up.
        idempotency_key: what the event is known by for ever: no other event has it.
        aggregate_key: whose event it is; those of one aggregate arrive in the order of their ids.
        payload_kind: the full name of the DTO.
        payload_dto: the DTO's bytes; of a deleted record, the DTO has its primary key alone.
        attempts: how often the sink refused it.
        created_ts: when it was written, in microseconds since 1970, UTC.
        change: what happened to the record: "added", "updated" or "deleted"; "saved" for an event of older code,
            which did not tell the first two apart.
    """

    id: int
    idempotency_key: str
    aggregate_key: str
    payload_kind: str
    payload_dto: bytes
    attempts: int
    created_ts: int
    change: str = SAVED

    @property
    def record_key(self) -> str | None:
        """The record's primary key as text, its parts between slashes; None for an event of older code."""
        return None if self.change == SAVED else record_key(self.idempotency_key)


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that are delivered together, and again together if that fails.

    Attributes:
        name: the same for the same events, whoever delivers them.
        events: in the order of their ids.
    """

    name: str
    events: tuple[Event, ...]

    @classmethod
    def of(cls, events: Sequence[Event]) -> Batch:
        """The batch of some events."""
        ordered = tuple(sorted(events, key=lambda event: event.id))
        digest = sha256("\n".join(event.idempotency_key for event in ordered).encode("utf-8", "surrogatepass"))
        return cls(f"{ordered[0].id:020}-{digest.hexdigest()[:16]}", ordered)


class Sink(Protocol):
    """A destination of events."""

    def deliver(self, batch: Batch) -> Mapping[int, str]:
        """Bring the events of a batch there.

        Those that are there already are passed over. What comes behind a refused event of the same aggregate
        is left out, to arrive after it.

        Returns:
            For the id of each event that this sink will never take, why.

        Raises:
            UnavailableError: not all of them arrived; those that it names did.
        """
        ...

    def close(self) -> None:
        """Close the connection to the destination."""
        ...


def withheld(batch: Batch, refused: Collection[int]) -> frozenset[int]:
    """The ids of the events that come behind a refused one of their aggregate."""
    found, held = set(), set()
    for event in batch.events:
        if event.id in refused:
            held.add(event.aggregate_key)
        elif event.aggregate_key in held:
            found.add(event.id)
    return frozenset(found)
