"""The webhooks of a registry: where events go, which ones, and the secret that signs them."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from msgspec import Struct
from sqlalchemy import text

from fieldstone.errors import Conflict, Invalid, NotFound
from fieldstone.registry.clock import now
from fieldstone.registry.sql import audit
from fieldstone.registry.webhooks.events import EVENTS
from fieldstone.registry.webhooks.signing import new_secret

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from fieldstone.registry.sql.database import Database

MOST = 100
"""The most webhooks of a registry."""
_LONGEST_URL = 2_000
_EVERY = """
    SELECT id, url, modules, events, creator, created_at, disabled_at, failures,
        (SELECT count(*) FROM webhook_deliveries WHERE webhook = id AND state = 'pending') AS pending,
        (SELECT count(*) FROM webhook_deliveries WHERE webhook = id AND state = 'failed') AS failed
    FROM webhooks ORDER BY created_at, id
"""


class Webhook(Struct, frozen=True, kw_only=True):
    """A webhook without its secret.

    Attributes:
        id: its id.
        url: the address that events are posted to.
        modules: patterns of module names, as of a shell: only events of these modules are sent.
        events: some of `EVENTS`.
        creator: the name of who made it.
        created_at: see `clock`.
        disabled_at: when its receiver was gone (410); empty if it was not.
        failures: the number of failed attempts since the last one that was not.
        pending: the number of events that are still to be delivered, of those that were read from the audit.
        failed: the number of events that were given up in the last 30 days.
    """

    id: str
    url: str
    modules: tuple[str, ...]
    events: tuple[str, ...]
    creator: str
    created_at: str
    disabled_at: str = ""
    failures: int = 0
    pending: int = 0
    failed: int = 0


def asks_for(modules: tuple[str, ...], events: tuple[str, ...], module: str, event: str) -> bool:
    """Whether a webhook with these patterns and events sends an event of a module."""
    return event in events and any(fnmatchcase(module, pattern) for pattern in modules)


def create(
    connection: Connection, url: str, modules: tuple[str, ...], events: tuple[str, ...], creator: str
) -> tuple[Webhook, str]:
    """A new webhook for events from now on, and its secret, which is never shown again.

    Args:
        connection: the connection of a transaction.
        url: see `check_url`.
        modules: patterns of module names; `("*",)` for all.
        events: some of `EVENTS`.
        creator: the name of who makes it.

    Raises:
        Conflict: the registry has as many webhooks as it can have.
        Invalid: the address cannot be one of a webhook, there is no such event, or no pattern.
    """
    check_url(url)
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        raise Invalid(f"no event {', '.join(unknown) or 'given'}", fix=f"give some of {', '.join(EVENTS)}")
    if not modules or any(not pattern or " " in pattern for pattern in modules):
        raise Invalid("a webhook needs patterns of modules, such as 'shop*'")
    if connection.execute(text("SELECT count(*) FROM webhooks")).scalar_one() >= MOST:
        raise Conflict(f"the registry has {MOST} webhooks already", fix="remove one: `fieldstone registry webhook`")
    last, secret = audit.newest(connection), new_secret()
    hook = Webhook(id=uuid4().hex, url=url, modules=modules, events=events, creator=creator, created_at=now())
    connection.execute(
        text(
            "INSERT INTO webhooks (id, url, secret, modules, events, creator, created_at, position) "
            "VALUES (:id, :url, :secret, :modules, :events, :creator, :created_at, :position)"
        ),
        {
            "id": hook.id,
            "url": url,
            "secret": secret,
            "modules": " ".join(modules),
            "events": " ".join(events),
            "creator": creator,
            "created_at": hook.created_at,
            "position": last.number if last else 0,
        },
    )
    return hook, secret


def check_url(url: str) -> None:
    """Raise unless an address can be one of a webhook: `https://HOST/...`, or `http://` on this machine.

    Raises:
        Invalid: it cannot.
    """
    fix = "write it as https://HOST/PATH"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"the text is no address of a webhook: {error}", fix=fix) from error
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL
    if not plain or not parts.hostname or parts.scheme not in {"http", "https"}:
        raise Invalid("the text is no address of a webhook", fix=fix)
    if "@" in parts.netloc or parts.fragment:
        raise Invalid("the address of a webhook has no user, password or fragment", fix=fix)
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise Invalid(
            f"http://{parts.hostname} would send events without encryption", fix=f"use https://{parts.netloc}"
        )


def every(database: Database) -> list[Webhook]:
    """All webhooks, oldest first.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with database.reading() as connection:
        return [_webhook(row) for row in connection.execute(text(_EVERY))]


def remove(connection: Connection, id_: str) -> None:
    """Remove a webhook, and what it has still to deliver.

    Raises:
        NotFound: there is no webhook of that id.
    """
    lock(connection, id_)
    connection.execute(text("DELETE FROM webhook_deliveries WHERE webhook = :id"), {"id": id_})
    connection.execute(text("DELETE FROM webhooks WHERE id = :id"), {"id": id_})


def disable(connection: Connection, id_: str) -> None:
    """Stop a webhook; its place in the audit is kept."""
    connection.execute(text("UPDATE webhooks SET disabled_at = :now WHERE id = :id"), {"now": now(), "id": id_})


def enable(connection: Connection, id_: str) -> None:
    """Let a webhook go on from where it was stopped, or try again now; again does no harm.

    Raises:
        NotFound: there is no webhook of that id.
    """
    lock(connection, id_)
    query = "UPDATE webhooks SET disabled_at = '', failures = 0, rests_until = '' WHERE id = :id"
    connection.execute(text(query), {"id": id_})


def lock(connection: Connection, id_: str) -> None:
    """Lock the row of a webhook until the transaction ends.

    Raises:
        NotFound: there is no webhook of that id.
    """
    if not connection.execute(text("UPDATE webhooks SET url = url WHERE id = :id"), {"id": id_}).rowcount:
        raise NotFound(f"no webhook {id_[:64]}", fix="`fieldstone registry webhook list` shows the ids")


def _webhook(row: Row[*tuple[Any, ...]]) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        modules=tuple(row.modules.split()),
        events=tuple(row.events.split()),
        creator=row.creator,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        failures=row.failures,
        pending=row.pending,
        failed=row.failed,
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
