"""The webhooks of a shared registry, managed on its server, or in its database itself."""

from __future__ import annotations

from typing import Protocol

from fieldstone.errors import Invalid
from fieldstone.registry.webhooks.deliveries import Delivery
from fieldstone.registry.webhooks.hooks import Webhook
from fieldstone.workflows.webhooks.messages import IssuedWebhook, WebhookWish


class Webhooks(Protocol):
    """The webhooks of one registry, for its admins. Every method may raise `Denied` and `Unavailable`."""

    def create(self, wish: WebhookWish) -> IssuedWebhook:
        """Create a webhook.

        Raises:
            Conflict: the registry has as many as it can have.
            Invalid: the address cannot be one of a webhook, there is no such event, or no pattern.
        """

    def every(self) -> list[Webhook]:
        """All webhooks, oldest first."""

    def remove(self, id_: str) -> None:
        """Remove a webhook, and what it has still to deliver.

        Raises:
            NotFound: there is no webhook of that id.
        """

    def enable(self, id_: str) -> None:
        """Let a webhook go on from where it was stopped; again does no harm.

        Raises:
            NotFound: there is no webhook of that id.
        """

    def deliveries(self, id_: str) -> list[Delivery]:
        """The newest deliveries of a webhook, at most 1,000, newest first.

        Raises:
            NotFound: there is no webhook of that id.
        """

    def redeliver(self, id_: str, number: int) -> None:
        """Have a delivery made again.

        Raises:
            NotFound: there is no such webhook, or it has no delivery of that row of the audit.
        """


def open_webhooks(address: str) -> Webhooks:
    """The webhooks of the registry at an address.

    Args:
        address: see `open_administration`.

    Raises:
        Invalid: it is the address of a folder, or of nothing.
    """
    scheme = address.partition(":")[0]
    if scheme in {"http", "https"}:
        from fieldstone.workflows.webhooks.server import ServerWebhooks

        return ServerWebhooks(address)
    if scheme in {"sqlite", "postgresql"}:
        from fieldstone.registry.sql import open_store
        from fieldstone.registry.sql.audit import operator
        from fieldstone.workflows.webhooks.database import DatabaseWebhooks

        return DatabaseWebhooks(open_store(address).database, operator())
    raise Invalid(
        f"{address} is no shared registry, so it has no webhooks",
        fix="name one: --registry https://HOST, sqlite:///PATH, or postgresql://USER@HOST/NAME",
    )
