"""Metrics of OpenTelemetry: the work that a relay has done, and the work that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from fieldstone_runtime.relay.events import UnavailableError
from fieldstone_runtime.relay.outbox import Outbox
from fieldstone_runtime.relay.relay import Counts


def observe(outbox: Outbox, counts: Counts) -> None:
    """Offer metrics to whatever OpenTelemetry was set up with; without that, nothing is measured.

    `fieldstone.relay.events` counts by outcome (delivered, refused, unavailable, cleaned);
    `fieldstone.relay.backlog` says how many rows have a status, `fieldstone.relay.lag` how old the oldest one is that
    was not delivered, in seconds. All carry the table's name and that of the sink.

    Args:
        outbox: a second connection to the outbox, as metrics are read in a thread of their own.
        counts: what the relay has done.
    """
    meter = metrics.get_meter("fieldstone.relay")
    table = {"outbox": outbox.table, "sink": outbox.name}

    def events(_: CallbackOptions) -> Iterable[Observation]:
        for outcome in ("delivered", "refused", "unavailable", "cleaned"):
            yield Observation(getattr(counts, outcome), {**table, "outcome": outcome})

    def backlog(_: CallbackOptions) -> Iterable[Observation]:
        seen = outbox.backlog()
        for status in ("pending", "claimed", "failed", "dead"):
            yield Observation(getattr(seen, status), {**table, "status": status})

    def lag(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(outbox.backlog().lag, table)

    meter.create_observable_counter("fieldstone.relay.events", [events], unit="{event}")
    meter.create_observable_gauge("fieldstone.relay.backlog", [_if_reachable(backlog)], unit="{row}")
    meter.create_observable_gauge("fieldstone.relay.lag", [_if_reachable(lag)], unit="s")


Observe = Callable[[CallbackOptions], Iterable[Observation]]


def _if_reachable(observed: Observe) -> Observe:
    def observe_now(options: CallbackOptions) -> Iterable[Observation]:
        try:
            return list(observed(options))
        except UnavailableError:
            return []

    return observe_now
