"""The relay itself: claims, delivers, writes down, cleans up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Stop
from time import monotonic

from fieldstone_runtime.relay import backoff
from fieldstone_runtime.relay.deliveries import DEFAULT
from fieldstone_runtime.relay.events import Batch, Sink, UnavailableError
from fieldstone_runtime.relay.outbox import Outbox

_LOG = logging.getLogger(__name__)
_IDLE_SECONDS = 0.2
_CLEAN_SECONDS = 30.0


@dataclass(slots=True)
class Counts:
    """The work that a relay has done so far.

    Attributes:
        delivered: events that it brought to the sink.
        refused: refusals of single events.
        unavailable: how often sink or outbox could not be reached.
        cleaned: delivered events that it deleted.
    """

    delivered: int = 0
    refused: int = 0
    unavailable: int = 0
    cleaned: int = 0


class Relay:
    """Brings the events of an outbox to a sink.

    Args:
        outbox: where they are.
        sink: where they go.
        batch: how many at once, at most.
        keep: how old a delivered event gets before it is deleted, in seconds; None keeps it. It goes once every sink
            has had it, and none keeps it any longer.
        from_start: whether a name that is new gets the events that are there already, too.
        destination: where the sink is, for people.
        told: called after each batch, and when there is nothing to do.

    Attributes:
        counts: what it has done so far.
    """

    def __init__(
        self,
        outbox: Outbox,
        sink: Sink,
        *,
        batch: int = 2000,
        keep: float | None = 7 * 86400.0,
        from_start: bool = False,
        destination: str = "",
        told: Callable[[Counts], None] | None = None,
    ) -> None:
        self._outbox, self._sink = outbox, sink
        self._most, self._keep = batch, keep
        self._from_start, self._destination = from_start, destination
        self._tell = told or (lambda _: None)
        self._failures = 0
        self.counts = Counts()

    def drain(self, stop: Stop) -> None:
        """Deliver what is due, then end.

        Args:
            stop: set by whoever wants it to end after the batch in hand.

        Raises:
            UnavailableError: sink or outbox cannot be reached.
            ForgottenError: the outbox's name was ended meanwhile.
        """
        self._prepare()
        while not stop.is_set() and self._deliver_next():
            self._tell(self.counts)
        self._clean(stop)
        self._tell(self.counts)

    def run(self, stop: Stop) -> None:
        """Deliver until told to stop, waiting ever longer while sink or outbox are away.

        Args:
            stop: set by whoever wants it to end after the batch in hand.

        Raises:
            ForgottenError: the outbox's name was ended meanwhile.
        """
        while not stop.is_set() and not self._trying(stop, self._prepare):
            pass
        cleaned = monotonic()
        while not stop.is_set():
            if not self._trying(stop, self._deliver_next):
                stop.wait(_IDLE_SECONDS)
            if monotonic() - cleaned > _CLEAN_SECONDS:
                self._trying(stop, lambda: self._clean(stop))
                cleaned = monotonic()
            self._tell(self.counts)

    def _prepare(self) -> bool:
        name, table, there = self._outbox.name, self._outbox.table, self._destination
        before = self._outbox.prepare(self._keep, from_start=self._from_start, destination=there)
        if before is None and name != DEFAULT:
            beginning = "the first event that is there" if self._from_start else "the next event on"
            _LOG.warning("%s is a new sink of %s: it gets all from %s", name, table, beginning)
        if before is not None and before.destination not in {"", there}:
            advice = "if both are in use, each gets only a part: give one another name with --name"
            _LOG.warning("%s was delivered to %s before, and now to %s; %s", name, before.destination, there, advice)
        return True

    def _trying(self, stop: Stop, action: Callable[[], bool | None]) -> bool:
        try:
            done = action()
        except UnavailableError as error:
            self._failures += 1
            self.counts.unavailable += 1
            wait = backoff.delay(self._failures)
            _LOG.warning("%s; tried again in %.1f s", error, wait)
            stop.wait(wait)
            return False
        return bool(done)

    def _deliver_next(self) -> bool:
        """Deliver a batch; False where there is none."""
        batch = self._outbox.claim(self._most)
        if batch is None:
            self._failures = 0
            return False
        try:
            refused = self._sink.deliver(batch)
        except UnavailableError as error:
            self._postpone(batch, error)
            raise
        self._failures = 0
        self.counts.delivered += self._outbox.settle(batch, refused)
        self.counts.refused += len(refused)
        for reason in refused.values():
            _LOG.warning("the sink refused an event: %s", reason)
        return True

    def _postpone(self, batch: Batch, error: UnavailableError) -> None:
        wait = backoff.delay(self._failures + 1)
        self.counts.delivered += self._outbox.postpone(batch, error.delivered, wait, str(error))

    def _clean(self, stop: Stop) -> bool:
        while not stop.is_set():
            cleaned = self._outbox.clean()
            self.counts.cleaned += cleaned
            if not cleaned:
                break
        return True
