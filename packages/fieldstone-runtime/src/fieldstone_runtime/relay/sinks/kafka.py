"""A topic of Apache Kafka, or of whatever speaks its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from fieldstone_runtime.relay.events import Batch, Event, UnavailableError

_REFUSED = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.INVALID_RECORD}
"""Errors of a message rather than of the broker (https://kafka.apache.org/protocol.html#protocol_error_codes)."""

_MARGIN_SECONDS = 5.0


class KafkaSink:
    """Produces each event at least once, in the order of its aggregate, which is its key.

    The producer is idempotent: what it sends again by itself is in the topic once. After a crash between sending
    and writing that down, an event is in the topic again, with the same header `idempotency-key`.

    Args:
        servers: HOST:PORT, or several with commas.
        topic: its name.
        schema_id: writes Confluent's wire format: a zero byte, this number of the schema in four bytes, and the
            index of the message in its file, here the first
            (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format).
        options: further settings of librdkafka. "delivery.timeout.ms", 30,000 by default, must be less than the
            relay's lease.
    """

    def __init__(
        self,
        servers: str,
        topic: str,
        *,
        schema_id: int | None = None,
        options: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        self._servers, self._topic = servers, topic
        self._prefix = b"" if schema_id is None else b"\0" + schema_id.to_bytes(4, "big") + b"\0"
        self._settings: dict[str, Any] = {
            "linger.ms": 5,
            "queue.buffering.max.messages": 200_000,
            "delivery.timeout.ms": 30_000,
            **(options or {}),
            "bootstrap.servers": servers,
            "enable.idempotence": True,
        }
        self._timeout = int(self._settings["delivery.timeout.ms"]) / 1000
        self._producer = Producer(self._settings)

    def deliver(self, batch: Batch) -> Mapping[int, str]:
        """Produce the events, and wait until the broker has them; see `Sink`.

        What the broker itself refuses, rather than the client, may arrive behind later events of its aggregate.
        """
        failed: dict[int, KafkaError] = {}
        arrived: set[int] = set()
        held: set[str] = set()
        for event in batch.events:
            if event.aggregate_key in held:
                continue
            problem = self._produce(event, partial(_note, event.id, failed, arrived))
            if problem is not None:
                failed[event.id] = problem
                held.add(event.aggregate_key)
        self._producer.flush(self._timeout + _MARGIN_SECONDS)
        refused = {number: error.str() for number, error in failed.items() if error.code() in _REFUSED}
        others = [error for error in failed.values() if error.code() not in _REFUSED]
        if others or len(arrived) + len(failed) < sum(e.aggregate_key not in held for e in batch.events):
            self._start_over()
            why = others[0].str() if others else "no answer"
            raise UnavailableError(f"topic {self._topic} at {self._servers}: {why}", arrived)
        return refused

    def close(self) -> None:
        """Drop what is on its way; all of it was given back to the outbox."""
        self._producer.purge()
        self._producer.flush(1)

    def _produce(self, event: Event, told: Any) -> KafkaError | None:
        deadline = monotonic() + self._timeout
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    self._prefix + event.payload_dto,
                    event.aggregate_key.encode("utf-8", "surrogatepass"),
                    headers=_headers(event),
                    on_delivery=told,
                )
            except BufferError:
                if monotonic() > deadline:
                    raise UnavailableError(f"topic {self._topic} at {self._servers}: the queue stays full") from None
                self._producer.poll(0.1)
            except KafkaException as error:
                return error.args[0]  # type: ignore[no-any-return]
            else:
                self._producer.poll(0)
                return None

    def _start_over(self) -> None:
        """A new producer: the old one may hold messages whose fate is unknown, or be past use."""
        self._producer.purge()
        self._producer.flush(1)
        self._producer = Producer(self._settings)


def _headers(event: Event) -> list[tuple[str, str | bytes | None]]:
    found: list[tuple[str, str | bytes | None]] = [
        ("idempotency-key", event.idempotency_key.encode("utf-8", "surrogatepass")),
        ("payload-kind", event.payload_kind.encode()),
        ("change", event.change.encode()),
    ]
    if event.record_key is not None:
        found.append(("record-key", event.record_key.encode("utf-8", "surrogatepass")))
    return found


def _note(number: int, failed: dict[int, KafkaError], arrived: set[int], error: KafkaError | None, _: Message) -> None:
    if error is None:
        arrived.add(number)
    else:
        failed[number] = error
