"""The tables of an outbox beside what the release that brought it made, and how a database gets them.

Their form is Fieldstone's, not a schema's, so that it is counted apart from the releases of a module. Each form only
adds: code and relays of an older form go on beside newer ones.
"""

from __future__ import annotations

from hashlib import sha256

from fieldstone_runtime.migrations import Database, Migration, migrate

_LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL (https://www.postgresql.org/docs/current/limits.html)."""


def beside(table: str, what: str) -> str:
    """The name of something that belongs to an outbox: a table, or an index of it."""
    name = f"{table}_{what}"
    if len(name) <= _LONGEST_NAME:
        return name
    end = f"_{sha256(table.encode()).hexdigest()[:8]}_{what}"
    return table[: _LONGEST_NAME - len(end)] + end


def sinks_table(outbox: str) -> str:
    """The names under which the events of an outbox are delivered."""
    return beside(outbox, "sinks")


def deliveries_table(outbox: str) -> str:
    """The events of an outbox that a named sink has not had yet, one row for each sink and event."""
    return beside(outbox, "deliveries")


def migrate_outbox(database: Database, outbox: str) -> None:
    """Bring an outbox that a release made to the form that this version writes and delivers.

    One of a newer form stays as it is, where that only added to this one.

    Raises:
        DatabaseNewerError: this version cannot work beside the newer form.
        StorageError: the database refuses a statement, or is locked.
    """
    migrate(database, f"outbox {outbox}", [Migration("2", _second_form(outbox))])


def _second_form(outbox: str) -> tuple[str, ...]:
    """Events tell changes, and go to several sinks.

    `change` is NULL for an event of older code, which does not tell an added record from an updated one. `spread` is 1
    once each named sink has its row in the deliveries.
    """
    return (
        f"ALTER TABLE {outbox} ADD COLUMN change TEXT",
        f"ALTER TABLE {outbox} ADD COLUMN spread INTEGER NOT NULL DEFAULT 0",
        f"""CREATE TABLE {sinks_table(outbox)} (
    name TEXT NOT NULL PRIMARY KEY,
    keep_us BIGINT,
    destination TEXT,
    created_ts BIGINT NOT NULL
)""",
        f"""CREATE TABLE {deliveries_table(outbox)} (
    id BIGINT NOT NULL,
    sink TEXT NOT NULL,
    aggregate_key TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_ts BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    leased_until_ts BIGINT,
    last_error TEXT,
    PRIMARY KEY (id, sink)
)""",
    )
