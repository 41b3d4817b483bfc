"""RunBus: what the hub takes in, fanned out to whoever subscribed.

Publishing never blocks. A subscriber has a bounded queue: a live one drops its oldest events when it is
full, and counts them; a durable one drops nothing, and has the producer wait for room before it publishes.
All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from enum import StrEnum
from functools import partial
from time import monotonic
from typing import NamedTuple

from telemetry_app.control import ControlEvent, Marker
from telemetry_app.records import EpisodeRollup, StepRecord


class Topic(StrEnum):
    """The subject of an event."""

    STEP = "step"
    EPISODE = "episode"
    CONTROL = "control"
    STORED = "stored"
    """A record that was added to the repository, with its position."""


Payload = StepRecord | EpisodeRollup | ControlEvent
Settled = Callable[[Exception | None], None]
"""Told once what became of an event: None when it is stored, else why it cannot be."""


class Event(NamedTuple):
    """One thing that happened.

    Attributes:
        topic: what it is about.
        payload: the record, or what there is to report.
        size: about how much memory it holds, in bytes.
        published: when, in seconds of `time.monotonic`.
        settled: whom a durable subscriber tells what became of it.
    """

    topic: Topic
    payload: Payload
    size: int
    published: float
    settled: Settled | None = None


class Subscription:
    """The queue of one subscriber.

    Args:
        name: who it is, for people.
        topics: what it wants to know.
        capacity: how many events wait at most.
        capacity_bytes: how much they hold at most; one event is let in whatever its size.
        durable: whether nothing may be dropped.

    Attributes:
        dropped: how many events were dropped since the beginning.
    """

    def __init__(
        self, name: str, topics: Collection[Topic], *, capacity: int, capacity_bytes: int, durable: bool
    ) -> None:
        self.name, self.topics, self.durable = name, frozenset(topics), durable
        self.dropped = 0
        self._capacity, self._capacity_bytes = capacity, capacity_bytes
        self._waiting: deque[Event] = deque()
        self._bytes = 0
        self._came, self._went = asyncio.Event(), asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        """How many events wait."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another event."""
        return len(self._waiting) >= self._capacity or self._bytes >= self._capacity_bytes

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    def offer(self, event: Event) -> None:
        """Put an event in the queue; a live subscriber that is full loses its oldest ones."""
        if self._closed:
            return
        while not self.durable and self.is_full and self._waiting:
            self._bytes -= self._waiting.popleft().size
            self.dropped += 1
        self._waiting.append(event)
        self._bytes += event.size
        self._came.set()

    async def room(self) -> None:
        """Wait until there is room, or nothing is taken any more."""
        while self.is_full and not self._closed:
            self._went.clear()
            await self._went.wait()

    async def take(self, most: int, seconds: float) -> list[Event]:
        """Wait for the first event, then up to `seconds` for more.

        Args:
            most: how many at most.
            seconds: how long the first one may wait for others.

        Returns:
            The events, oldest first; none once the subscription is closed and empty.
        """
        while not self._waiting:
            if self._closed:
                return []
            self._came.clear()
            await self._came.wait()
        until = monotonic() + seconds
        while len(self._waiting) < most and not self.is_full and not self._closed:
            left = until - monotonic()
            if left <= 0:
                break
            self._came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), left)
        return self._pop(most)

    def _pop(self, most: int) -> list[Event]:
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._bytes -= sum(event.size for event in taken)
        self._went.set()
        return taken

    def close(self) -> None:
        """Take no more; what waits can still be taken."""
        self._closed = True
        self._came.set()
        self._went.set()


class RunBus:
    """Topics and their subscribers."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self._of: dict[Topic, list[Subscription]] = {topic: [] for topic in Topic}

    def subscribe(
        self,
        name: str,
        *topics: Topic,
        capacity: int = 1000,
        capacity_bytes: int = 64 * 2**20,
        durable: bool = False,
    ) -> Subscription:
        """Begin to receive what is published from now on.

        Args:
            name: who it is, for people.
            topics: what it wants to know.
            capacity: how many events wait at most.
            capacity_bytes: how much they hold at most.
            durable: whether producers wait for it rather than that it loses something.
        """
        made = Subscription(name, topics, capacity=capacity, capacity_bytes=capacity_bytes, durable=durable)
        self.subscriptions.append(made)
        for topic in made.topics:
            self._of[topic].append(made)
        return made

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send it nothing more."""
        subscription.close()
        self.subscriptions.remove(subscription)
        for topic in subscription.topics:
            self._of[topic].remove(subscription)

    async def room(self, topic: Topic) -> None:
        """Wait until every durable subscriber of a topic has room."""
        while full := self._full(topic):
            await full.room()

    async def flushed(self) -> None:
        """Wait until durable subscribers have dealt with all that was published so far."""
        for subscription in [s for s in self._of[Topic.CONTROL] if s.durable and not s.is_closed]:
            passed = asyncio.Event()
            marker = Event(Topic.CONTROL, Marker(), 0, monotonic(), partial(_told, passed))
            subscription.offer(marker)
            await passed.wait()

    def publish(self, topic: Topic, payload: Payload, *, size: int = 0, settled: Settled | None = None) -> None:
        """Give an event to all subscribers of its topic, at once.

        Args:
            topic: what it is about.
            payload: the record, or what there is to report.
            size: about how much memory it holds, in bytes.
            settled: whom a durable subscriber tells what became of it.
        """
        subscriptions = self._of[topic]
        if not subscriptions:
            return
        event = Event(topic, payload, size, monotonic(), settled)
        for subscription in subscriptions:
            subscription.offer(event)

    def close(self) -> None:
        """Tell every subscriber that nothing more will come."""
        for subscription in self.subscriptions:
            subscription.close()

    def _full(self, topic: Topic) -> Subscription | None:
        for subscription in self._of[topic]:
            if subscription.durable and subscription.is_full and not subscription.is_closed:
                return subscription
        return None


def _told(passed: asyncio.Event, _: Exception | None) -> None:
    passed.set()
