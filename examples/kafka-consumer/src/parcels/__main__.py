"""Packs parcels: `python -m parcels --brokers localhost:9092 --topic orders`; Ctrl-C ends it."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from contextlib import closing

from confluent_kafka import KafkaException

from parcels.consumer import UnreadableEventError, consume, open_consumer
from parcels.store import Parcels


def pack(settings: argparse.Namespace) -> None:
    """Print a line for each event, and how many there were."""
    new = again = 0
    with closing(Parcels(settings.store)) as parcels:
        consumer = open_consumer(settings.brokers, settings.topic, settings.group)
        try:
            for order, is_new in consume(consumer, parcels, once=settings.once):
                new, again = new + is_new, again + (not is_new)
                if is_new:
                    print(
                        f"{order.customer}: {', '.join(f'{line.quantity} x {line.sku}' for line in order.lines)}",
                        flush=True,
                    )
        finally:
            consumer.close()
    print(f"{new} new events, {again} that came again")


def main() -> None:
    """Read the arguments and pack."""
    parser = argparse.ArgumentParser(prog="parcels", description="Pack a parcel for each order of the shop.")
    parser.add_argument("--brokers", default="localhost:9092", help="default: %(default)s")
    parser.add_argument("--topic", default="orders", help="default: %(default)s")
    parser.add_argument("--group", default="parcels", help="the consumer group (default: %(default)s)")
    parser.add_argument("--store", default="parcels.db", help="the SQLite file (default: %(default)s)")
    parser.add_argument("--once", action="store_true", help="end with the last event that is there")
    try:
        pack(parser.parse_args())
    except KafkaException as error:
        sys.exit(f"error: Kafka: {error.args[0].str()}")
    except (UnreadableEventError, sqlite3.Error) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
