"""Webhooks in the database of a registry: each write has its row of the audit in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fieldstone.registry.sql import audit
from fieldstone.registry.webhooks import deliveries, hooks
from fieldstone.workflows.webhooks.messages import IssuedWebhook, WebhookWish

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.audit import Actor
    from fieldstone.registry.sql.database import Database
    from fieldstone.registry.webhooks.deliveries import Delivery
    from fieldstone.registry.webhooks.hooks import Webhook


class DatabaseWebhooks:
    """See `Webhooks`.

    Args:
        database: the database.
        actor: who writes.
    """

    def __init__(self, database: Database, actor: Actor) -> None:
        self._database, self._actor = database, actor

    def create(self, wish: WebhookWish) -> IssuedWebhook:
        """Create a webhook. The audit has its host alone: the rest of an address can be a secret."""
        with self._database.transaction() as connection:
            hook, secret = hooks.create(connection, wish.url, wish.modules, wish.events, self._actor.who)
            details = {"id": hook.id, "host": urlsplit(hook.url).netloc, "modules": hook.modules, "events": hook.events}
            self._audit(connection, "create-webhook", details)
        return IssuedWebhook(hook, secret)

    def every(self) -> list[Webhook]:
        """All webhooks, oldest first."""
        return hooks.every(self._database)

    def remove(self, id_: str) -> None:
        """Remove a webhook."""
        with self._database.transaction() as connection:
            hooks.remove(connection, id_)
            self._audit(connection, "remove-webhook", {"id": id_})

    def enable(self, id_: str) -> None:
        """Let a webhook go on."""
        with self._database.transaction() as connection:
            hooks.enable(connection, id_)
            self._audit(connection, "enable-webhook", {"id": id_})

    def deliveries(self, id_: str) -> list[Delivery]:
        """The newest deliveries of a webhook."""
        return deliveries.every(self._database, id_)

    def redeliver(self, id_: str, number: int) -> None:
        """Have a delivery made again."""
        with self._database.transaction() as connection:
            deliveries.redeliver(connection, id_, number)
            self._audit(connection, "redeliver", {"id": id_, "number": number})

    def _audit(self, connection: Connection, action: str, details: dict[str, Any]) -> None:
        entry = self._actor.entry(action, "", details)
        audit.append(connection, entry, is_sqlite=self._database.is_sqlite)
