"""The parcels to pack, in SQLite, and the keys of the events that were applied."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orders_contracts.orders.v1.orders_v1_pb2 import OrderV1

_TABLES = """
CREATE TABLE IF NOT EXISTS parcels (
    order_id TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    pieces INTEGER NOT NULL,
    note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS applied (idempotency_key TEXT PRIMARY KEY);
"""
_SAVE = """
INSERT INTO parcels (order_id, customer, pieces, note) VALUES (?, ?, ?, ?)
ON CONFLICT (order_id) DO UPDATE SET customer = excluded.customer, pieces = excluded.pieces, note = excluded.note
"""


class Parcels:
    """The parcels of all orders.

    Args:
        path: the SQLite file, created if missing.

    Raises:
        sqlite3.Error: it cannot be opened, or is no database.
    """

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.executescript(_TABLES)

    def apply(self, idempotency_key: str, change: str, order: OrderV1) -> bool:
        """Apply an event once: its key and its effect are written in one transaction.

        Args:
            idempotency_key: identifies the event.
            change: "added", "updated", "saved" or "deleted".
            order: the order; of a deleted one only the key.

        Returns:
            False if the event was applied before.
        """
        with self._connection:
            key = self._connection.execute("INSERT OR IGNORE INTO applied VALUES (?)", (idempotency_key,))
            if not key.rowcount:
                return False
            if change == "deleted":
                self._connection.execute("DELETE FROM parcels WHERE order_id = ?", (order.order_id,))
            else:
                pieces = sum(line.quantity for line in order.lines)
                self._connection.execute(_SAVE, (order.order_id, order.customer, pieces, order.delivery_note))
        return True

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
