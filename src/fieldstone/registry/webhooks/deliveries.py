"""The deliveries of webhooks: what each has still to send, and what became of it.

A webhook reads the audit from its position on. One server at a time delivers for it, in the order of the audit, so that
nothing is sent twice unless a server ends between sending and noting it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqlalchemy import text

from fieldstone.errors import NotFound
from fieldstone.registry.clock import after, now
from fieldstone.registry.sql import audit
from fieldstone.registry.webhooks.events import OF_ACTIONS
from fieldstone.registry.webhooks.hooks import asks_for, lock

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from fieldstone.registry.sql.database import Database

_MOST_PENDING = 1_000
"""The most pending deliveries of a webhook: then it waits with reading the audit."""
_PAGE = 1_000
"""The rows of one answer, and of the audit that are read at once."""
_KEPT_DAYS = 30
"""The days that an ended delivery is kept."""
_COLUMNS = "webhook, number, event, state, attempts, outcome, created_at, next_attempt_at, ended_at"
_READY = """
    SELECT id FROM webhooks WHERE disabled_at = '' AND rests_until <= :now AND claimed_until <= :now AND (
        position < (SELECT coalesce(max(number), 0) FROM audit)
        OR EXISTS (SELECT 1 FROM webhook_deliveries
            WHERE webhook = id AND state = 'pending' AND next_attempt_at <= :now))
"""
_CLAIM = """
    UPDATE webhooks SET claimed_by = :server, claimed_until = :until
    WHERE id = :id AND disabled_at = '' AND rests_until <= :now AND (claimed_by = :server OR claimed_until <= :now)
"""
_DUE = """
    SELECT number FROM webhook_deliveries WHERE webhook = :id AND state = 'pending' AND next_attempt_at <= :now
    ORDER BY next_attempt_at, number LIMIT 1
"""
_CLAIMED = """
    SELECT modules, events, position FROM webhooks
    WHERE id = :id AND disabled_at = '' AND claimed_by = :server AND claimed_until > :now
"""
_UNREAD = """
    SELECT number, entry, hash FROM audit
    WHERE number > :position
        AND (SELECT count(*) FROM webhook_deliveries WHERE webhook = :id AND state = 'pending') < :most
    ORDER BY number LIMIT :page
"""
_ADD = """
    INSERT INTO webhook_deliveries (webhook, number, event, created_at, next_attempt_at)
    VALUES (:id, :number, :event, :now, :now) ON CONFLICT (webhook, number) DO NOTHING
"""
_AGAIN = """
    UPDATE webhook_deliveries
    SET state = 'pending', attempts = 0, created_at = :now, next_attempt_at = :now, ended_at = ''
    WHERE webhook = :id AND number = :number
"""


class Delivery(Struct, frozen=True):
    """An event for a webhook, and what became of it.

    Attributes:
        webhook: the id of the webhook.
        number: the row of the audit that it tells of.
        event: the name of the event.
        state: `pending`, `delivered` or `failed`.
        attempts: the attempts until now.
        outcome: the answer to the last one, for people.
        created_at: see `clock`.
        next_attempt_at: the earliest time of the next attempt.
        ended_at: when it was delivered or given up; empty before.
    """

    webhook: str
    number: int
    event: str
    state: str = "pending"
    attempts: int = 0
    outcome: str = ""
    created_at: str = ""
    next_attempt_at: str = ""
    ended_at: str = ""


class Due(Struct, frozen=True):
    """A delivery that is to be made now.

    Attributes:
        delivery: the delivery.
        url: where it goes.
        secret: what signs it.
        row: the row of the audit.
    """

    delivery: Delivery
    url: str
    secret: str
    row: audit.Row

    @property
    def message(self) -> str:
        """The id of the event, the same at each attempt. After a restored backup another event may have the number."""
        return f"msg_{self.row.number}_{self.row.hash[:32]}"


def ready(database: Database) -> list[str]:
    """The ids of the webhooks for which there may be something to do.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        return [id_ for (id_,) in connection.execute(text(_READY), {"now": now()})]


def claim(connection: Connection, id_: str, server: str, seconds: float) -> Due | None:
    """Claim a webhook, for its next delivery; None if no delivery is due, or if another server delivers for it.

    Args:
        connection: the connection of a transaction.
        id_: the id of the webhook.
        server: a name of this server, unlike any other's.
        seconds: the time in which the delivery is made; later another server may make it.
    """
    names = {"id": id_, "server": server, "now": now(), "until": _in(seconds)}
    if not connection.execute(text(_CLAIM), names).rowcount:
        return None
    number = connection.execute(text(_DUE), names).scalar_one_or_none()
    if number is None:
        return None
    hook = connection.execute(text("SELECT url, secret FROM webhooks WHERE id = :id"), names).one()
    row = connection.execute(text("SELECT number, entry, hash FROM audit WHERE number = :number"), {"number": number})
    return Due(_one(connection, id_, number), hook.url, hook.secret, audit.Row(*row.one()))


def read_on(connection: Connection, id_: str, server: str) -> bool:
    """Add deliveries for the next rows of the audit, at most 1,000; whether there were any.

    The webhook must be claimed. If there are none, others may claim it again.

    Args:
        connection: the connection of a transaction.
        id_: the id of the webhook.
        server: the server that has claimed it.
    """
    names = {"id": id_, "server": server, "now": now(), "page": _PAGE, "most": _MOST_PENDING}
    hook = connection.execute(text(_CLAIMED), names).one_or_none()
    if hook is None:
        return False
    rows = [audit.Row(*row) for row in connection.execute(text(_UNREAD), names | {"position": hook.position})]
    modules, events = tuple(hook.modules.split()), tuple(hook.events.split())
    for row in rows:
        entry = row.entry
        event = OF_ACTIONS.get(entry.action)
        if event is not None and asks_for(modules, events, entry.module, event.name):
            connection.execute(text(_ADD), names | {"number": row.number, "event": event.name})
    if rows:
        position = {"id": id_, "position": rows[-1].number}
        connection.execute(text("UPDATE webhooks SET position = :position WHERE id = :id"), position)
    else:
        connection.execute(text("UPDATE webhooks SET claimed_until = '' WHERE id = :id"), names)
    return bool(rows)


def release_claims(connection: Connection, server: str) -> None:
    """Let others deliver what a server had claimed."""
    query = "UPDATE webhooks SET claimed_until = '' WHERE claimed_by = :server AND claimed_until <> ''"
    connection.execute(text(query), {"server": server})


def note_delivered(connection: Connection, delivery: Delivery, outcome: str) -> None:
    """Store that a delivery was made, and forget those that ended long ago."""
    _note(connection, delivery, state="delivered", outcome=outcome, next_attempt_at="", ended_at=now())
    query = text("UPDATE webhooks SET failures = 0, rests_until = '' WHERE id = :id")
    connection.execute(query, {"id": delivery.webhook})
    old = {"id": delivery.webhook, "before": after(-_KEPT_DAYS)}
    query = text("DELETE FROM webhook_deliveries WHERE webhook = :id AND ended_at <> '' AND ended_at < :before")
    connection.execute(query, old)


def note_failed(connection: Connection, delivery: Delivery, outcome: str, seconds: float, rest: float) -> None:
    """Store that an attempt failed, and when the next one may be made.

    Args:
        connection: the connection of a transaction.
        delivery: the delivery.
        outcome: what failed, for people.
        seconds: the time until the next attempt of this delivery.
        rest: the time until the next attempt of any delivery of the webhook.
    """
    _note(connection, delivery, state="pending", outcome=outcome, next_attempt_at=_in(seconds), ended_at="")
    query = text("UPDATE webhooks SET failures = failures + 1, rests_until = :until, claimed_until = '' WHERE id = :id")
    connection.execute(query, {"id": delivery.webhook, "until": _in(rest)})


def give_up(connection: Connection, delivery: Delivery) -> None:
    """Store that a delivery, whose last attempt failed, is not attempted again."""
    query = text(
        "UPDATE webhook_deliveries SET state = 'failed', next_attempt_at = '', ended_at = :now "
        "WHERE webhook = :id AND number = :number"
    )
    connection.execute(query, {"id": delivery.webhook, "number": delivery.number, "now": now()})


def failures(connection: Connection, id_: str) -> int:
    """The failed attempts of a webhook since the last one that was not."""
    found = connection.execute(text("SELECT failures FROM webhooks WHERE id = :id"), {"id": id_}).scalar_one_or_none()
    return int(found or 0)


def every(database: Database, id_: str) -> list[Delivery]:
    """The newest deliveries of a webhook, at most 1,000, newest first.

    Raises:
        NotFound: there is no webhook of that id.
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        if connection.execute(text("SELECT 1 FROM webhooks WHERE id = :id"), {"id": id_}).one_or_none() is None:
            raise NotFound(f"no webhook {id_[:64]}", fix="`fieldstone registry webhook list` shows the ids")
        query = f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE webhook = :id ORDER BY number DESC LIMIT :most"  # noqa: S608 - a constant
        return [_delivery(row) for row in connection.execute(text(query), {"id": id_, "most": _PAGE})]


def redeliver(connection: Connection, id_: str, number: int) -> None:
    """Have a delivery made again, whatever became of it, with the same id.

    Raises:
        NotFound: there is no such webhook, or it has no delivery of that row of the audit.
    """
    lock(connection, id_)
    if not connection.execute(text(_AGAIN), {"id": id_, "number": number, "now": now()}).rowcount:
        fix = f"`fieldstone registry webhook deliveries {id_}` shows their numbers"
        raise NotFound(f"no delivery {number} of the webhook {id_}", fix=fix)
    connection.execute(text("UPDATE webhooks SET failures = 0, rests_until = '' WHERE id = :id"), {"id": id_})


def _one(connection: Connection, id_: str, number: int) -> Delivery:
    query = text(f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE webhook = :id AND number = :number")  # noqa: S608 - a constant
    return _delivery(connection.execute(query, {"id": id_, "number": number}).one())


def _note(connection: Connection, delivery: Delivery, **values: str) -> None:
    query = text(
        "UPDATE webhook_deliveries SET attempts = attempts + 1, state = :state, outcome = :outcome, "
        "next_attempt_at = :next_attempt_at, ended_at = :ended_at "
        "WHERE webhook = :webhook AND number = :number AND state = 'pending'"
    )
    connection.execute(query, {"webhook": delivery.webhook, "number": delivery.number, **values})


def _delivery(row: Row[*tuple[Any, ...]]) -> Delivery:
    return Delivery(*row)


def _in(seconds: float) -> str:
    return after(seconds / 86_400)
