"""Counts who calls which rpc, with OpenTelemetry where that is installed."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

CONSUMER_HEADER = "fieldstone-consumer"
"""The metadata of a call that names who reads: "billing@1.4.0 telemetry-contracts/1.2.0"."""

_NAME = "[A-Za-z0-9][A-Za-z0-9._+-]{0,99}"
_CONSUMER = re.compile(rf"(?:(?P<name>{_NAME})(?:@(?P<version>{_NAME}))? )?(?P<package>{_NAME})/(?P<release>{_NAME})")


class Consumer(NamedTuple):
    """The caller: a name and a version, and the package and release that it was built with; empty where not told."""

    name: str = ""
    version: str = ""
    release: str = ""


UNNAMED, MALFORMED, OTHER = Consumer("(unnamed)"), Consumer("(malformed)"), Consumer("(other)")
"""Callers that told nothing, that told what cannot be read, and all after the first so many."""


def consumer_of(header: object) -> Consumer:
    """The caller of a call, by its metadata."""
    if not header:
        return UNNAMED
    found = _CONSUMER.fullmatch(header) if isinstance(header, str) else None
    if found is None:
        return MALFORMED
    release = f"{found['package']}/{found['release']}"
    return Consumer(found["name"] or UNNAMED.name, found["version"] or "", release)


class Callers:
    """The counter `fieldstone.calls`, with `consumer`, `version`, `release` and `rpc` of each call.

    Names are as callers tell them: nobody proves his. Their number is bounded, so that no caller can fill the memory of
    a server or of what collects its metrics.

    Args:
        most: the most callers that are told apart; all others are `(other)`.
    """

    def __init__(self, most: int = 1_000) -> None:
        self._most, self._known = most, {UNNAMED, MALFORMED, OTHER}
        self._counter = _counter()

    def count(self, header: object, rpc: str) -> None:
        """Count a call.

        Args:
            header: the metadata `fieldstone-consumer` of the call.
            rpc: the rpc, as "telemetry.v1.TelemetryQueryService/GetStep"; one of those that are served.
        """
        if self._counter is None:
            return
        consumer = consumer_of(header)
        if consumer not in self._known:
            consumer = consumer if len(self._known) < self._most else OTHER
            self._known.add(consumer)
        told = {"consumer": consumer.name, "version": consumer.version, "release": consumer.release, "rpc": rpc}
        self._counter.add(1, told)


def _counter() -> Any:
    """The counter; None without OpenTelemetry."""
    try:
        from opentelemetry import metrics
    except ModuleNotFoundError:
        return None
    meter = metrics.get_meter("fieldstone.serving")
    return meter.create_counter("fieldstone.calls", unit="{call}", description="Calls by consumer and rpc.")
