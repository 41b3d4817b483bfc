"""Reads the events of the shop's orders from Kafka.

Kafka brings an event at least once. The offset of an event is committed after its effect, so none is lost; an event
that comes again is recognised by its key, so none counts twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from google.protobuf.message import DecodeError
from orders_contracts.orders.v1.orders_v1_pb2 import OrderV1

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parcels.store import Parcels

_KIND = OrderV1.DESCRIPTOR.full_name
_SECONDS = 10.0


class UnreadableEventError(Exception):
    """An event of orders lacks a header, or its bytes are no order."""


def open_consumer(brokers: str, topic: str, group: str) -> Consumer:
    """A consumer of a topic, from the first event that its group has not committed.

    Args:
        brokers: "host:port", several separated by commas.
        topic: the topic, which must be there.
        group: consumers of one group share the events.

    Raises:
        KafkaException: no broker answers, or there is no such topic.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "reconnect.backoff.ms": 1000,
        }
    )
    error = consumer.list_topics(topic, timeout=_SECONDS).topics[topic].error
    if error is not None:
        raise KafkaException(error)
    consumer.subscribe([topic])
    return consumer


def consume(consumer: Consumer, parcels: Parcels, *, once: bool = False) -> Iterator[tuple[OrderV1, bool]]:
    """Apply event after event.

    Args:
        consumer: from `open_consumer`.
        parcels: applies the events.
        once: end with the last event of every partition, instead of waiting for more.

    Yields:
        The order of each event, and whether the event was new.

    Raises:
        KafkaException: the broker refuses to be read.
        UnreadableEventError: an event is not what the contract says; it is not committed.
    """
    for message in _messages(consumer, once=once):
        headers = _headers(message)
        if headers.get("payload-kind") == _KIND:
            order = _order(message)
            try:
                new = parcels.apply(headers["idempotency-key"], headers["change"], order)
            except KeyError as error:
                raise UnreadableEventError(f"{_place(message)} has no header {error.args[0]}") from error
            yield order, new
        consumer.commit(message=message, asynchronous=False)


def _messages(consumer: Consumer, *, once: bool) -> Iterator[Message]:
    ended: set[int | None] = set()
    while not once or not ended or ended < {part.partition for part in consumer.assignment()}:
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the name that the client documents
            ended.add(message.partition())
        else:
            raise KafkaException(error)


def _order(message: Message) -> OrderV1:
    try:
        return OrderV1.FromString(message.value() or b"")
    except DecodeError as error:
        raise UnreadableEventError(f"{_place(message)} is no {_KIND}: {error}") from error


def _place(message: Message) -> str:
    return f"the event at offset {message.offset()} of partition {message.partition()} of {message.topic()}"


def _headers(message: Message) -> dict[str, str]:
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return {name: (value or b"").decode(errors="replace") for name, value in headers}
