"""The courier of a server: delivers for each webhook, one event after the other, until none is due.

Each replica has one. The one that claims a webhook in the database delivers for it.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from msgspec import Struct, json
from prometheus_client import Counter
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import FieldstoneError
from fieldstone.registry.clock import after, now
from fieldstone.registry.sql import audit
from fieldstone.registry.webhooks import deliveries, hooks
from fieldstone.server.webhooks.addresses import Network, parse_network
from fieldstone.server.webhooks.sending import SECONDS, Outcome, Result, Sender

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from sqlalchemy import Connection

    from fieldstone.registry.sql.database import Database
    from fieldstone.registry.webhooks.deliveries import Due

_PAUSE = 1.0
"""The seconds between two looks for something to deliver."""
_CLAIMED = 3 * SECONDS
"""The seconds after which another server may deliver what this one has claimed."""
_FIRST, _GROWTH, _LONGEST, _LONGEST_REST = 1.0, 4.0, 3_600.0, 300.0
"""Seconds after the first failure, its growth, and the most between two attempts of an event, and of a webhook."""
_RANDOM = random.SystemRandom()
_Found = TypeVar("_Found")


class Webhooks(Struct, frozen=True):
    """The options of webhooks.

    Attributes:
        permitted: networks that they may be sent to, besides public addresses.
        days: the days after which an event is given up.
    """

    permitted: Sequence[Network] = ()
    days: float = 3


def webhooks_of(networks: Sequence[str], days: float) -> Webhooks:
    """The options of webhooks.

    Args:
        networks: see `parse_network`.
        days: the days after which an event is given up.

    Raises:
        Invalid: one of the networks is none.
    """
    return Webhooks([parse_network(network) for network in networks], days)


class Courier:
    """The courier.

    Args:
        database: the database of the registry.
        options: the options.
        registry: where deliveries are counted.
    """

    def __init__(self, database: Database, options: Webhooks, registry: CollectorRegistry) -> None:
        self._database, self._options = database, options
        self._name, self._sender = uuid4().hex, Sender(options.permitted)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._counted = Counter(
            "fieldstone_webhook_attempts", "Attempts to deliver events, by outcome.", ("outcome",), registry=registry
        )

    async def run(self) -> None:
        """Deliver until it is cancelled; then others may deliver what it had claimed."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(_PAUSE)
        finally:
            await self._stop()

    async def _look(self) -> None:
        """Begin with the webhooks for which there is something to do."""
        try:
            ready = await run_in_threadpool(deliveries.ready, self._database)
        except FieldstoneError:
            return  # requests say so, and it may come back
        self._running = {id_: task for id_, task in self._running.items() if not task.done()}
        for id_ in ready:
            if id_ not in self._running:
                self._running[id_] = asyncio.create_task(self._deliver(id_))

    async def _deliver(self, id_: str) -> None:
        """Make the deliveries of a webhook that are due."""
        claim = partial(deliveries.claim, id_=id_, server=self._name, seconds=_CLAIMED)
        read_on = partial(deliveries.read_on, id_=id_, server=self._name)
        try:
            while True:
                due = await self._written(claim)
                if due is not None:
                    outcome = await self._sender.send(due)
                    state = await self._written(partial(self._note, due=due, outcome=outcome))
                    self._tell(due, outcome, state)
                elif not await self._written(read_on):
                    return
        except FieldstoneError as error:
            _print({"at": now(), "webhook": id_, "error": str(error)})

    def _note(self, connection: Connection, due: Due, outcome: Outcome) -> str:
        """Store what became of an attempt; the name of the outcome."""
        delivery, attempts = due.delivery, due.delivery.attempts + 1
        if outcome.result is Result.DELIVERED:
            deliveries.note_delivered(connection, delivery, outcome.text)
            return "delivered"
        seconds = pause(attempts, _LONGEST)
        rest = pause(deliveries.failures(connection, delivery.webhook) + 1, _LONGEST_REST)
        deliveries.note_failed(connection, delivery, outcome.text, seconds, rest)
        if outcome.result is Result.GONE:
            self._disable(connection, due, outcome)
            return "gone"
        if delivery.created_at > after(-self._options.days):
            return "failed"
        deliveries.give_up(connection, delivery)
        return "given_up"

    def _disable(self, connection: Connection, due: Due, outcome: Outcome) -> None:
        hooks.disable(connection, due.delivery.webhook)
        details = {"id": due.delivery.webhook, "why": outcome.text}
        entry = audit.Entry("disable-webhook", "serve", details=details)
        audit.append(connection, entry, is_sqlite=self._database.is_sqlite)

    def _tell(self, due: Due, outcome: Outcome, state: str) -> None:
        self._counted.labels(state).inc()
        what = {"webhook": due.delivery.webhook, "number": due.delivery.number, "event": due.delivery.event}
        _print({"at": now(), **what, "outcome": state, "answer": outcome.text})

    async def _written(self, write: Callable[[Connection], _Found]) -> _Found:
        """Write in a transaction of its own, in a thread."""

        def written() -> _Found:
            with self._database.transaction() as connection:
                return write(connection)

        return await run_in_threadpool(written)

    async def _stop(self) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self._sender.close()
        try:
            await self._written(partial(deliveries.release_claims, server=self._name))
        except FieldstoneError:
            return  # the claims end by themselves


def pause(failures: int, longest: float) -> float:
    """The seconds after so many failures in a row, from 1: each four times the one before, up to a quarter less."""
    whole = min(longest, _FIRST * _GROWTH ** min(failures - 1, 20))
    return whole * _RANDOM.uniform(0.75, 1)


def _print(line: dict[str, object]) -> None:
    """Write a line to the log of the server."""
    sys.stderr.write(f"{json.encode(line).decode()}\n")
    sys.stderr.flush()
