"""Where it is written down how far the delivery of each event to a sink has come.

The first sink of an outbox, whose name is `default`, has the columns of the outbox itself, as relays of older versions
do. Each other name has rows in the deliveries, which go once the sink has the event.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone_runtime.outbox_tables import beside, deliveries_table

DEFAULT = "default"
"""The name of a relay that was given none."""

WAITING = {
    "pending": "status = 'pending'",
    "held": "status IN ('claimed', 'failed')",
    "dead": "status = 'dead'",
}
"""Names of indexes, and which rows are in each. A query repeats the condition word for word: SQLite asks for that
(https://www.sqlite.org/partialindex.html, section 3)."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The rows that tell of the events of one sink.

    Attributes:
        table: the table that they are in.
        events: the outbox joined with them, to select from.
        mine: the condition that a row is one of them, with AND behind it; empty where all are.
        deliver: the beginning of the statement for rows whose events have arrived.
        indexes: the columns of an index on the rows that wait.
    """

    table: str
    events: str
    mine: str
    deliver: str
    indexes: str

    @classmethod
    def of(cls, outbox: str, name: str) -> Deliveries:
        """Those of a name, which is a plain one."""
        if name == DEFAULT:
            delivered = "status = 'delivered', last_error = NULL, lease_owner = NULL, leased_until_ts = NULL"
            return cls(outbox, outbox, "", f"UPDATE {outbox} SET {delivered}", "id")
        table = deliveries_table(outbox)
        return cls(
            table,
            f"{outbox} JOIN {table} ON {table}.id = {outbox}.id AND {table}.sink = '{name}'",
            f"sink = '{name}' AND ",
            f"DELETE FROM {table}",
            "sink, id",
        )

    def index_statements(self) -> list[str]:
        """The statements for the indexes by which a relay finds its work, where they are not there yet."""
        return [
            f"CREATE INDEX IF NOT EXISTS {beside(self.table, name)} ON {self.table} ({self.indexes}) WHERE {condition}"
            for name, condition in WAITING.items()
        ]
