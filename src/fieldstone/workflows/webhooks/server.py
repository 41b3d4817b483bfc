"""Webhooks on the server of a registry, with the token of an admin."""

from __future__ import annotations

from fieldstone.errors import NotFound
from fieldstone.registry.connection import Connection
from fieldstone.registry.webhooks.deliveries import Delivery
from fieldstone.registry.webhooks.hooks import Webhook
from fieldstone.workflows.webhooks.messages import IssuedWebhook, WebhookWish


class ServerWebhooks:
    """See `Webhooks`.

    Args:
        address: the address of the server.

    Raises:
        Invalid: it is none of a server, or sends a token without encryption.
    """

    def __init__(self, address: str) -> None:
        self._connection = Connection(address)

    def create(self, wish: WebhookWish) -> IssuedWebhook:
        """Create a webhook."""
        return self._connection.ask_for(IssuedWebhook, "POST", "webhooks", wish)

    def every(self) -> list[Webhook]:
        """All webhooks, oldest first."""
        return self._connection.ask_for(list[Webhook], "GET", "webhooks")

    def remove(self, id_: str) -> None:
        """Remove a webhook."""
        self._connection.ask("DELETE", _path(id_))

    def enable(self, id_: str) -> None:
        """Let a webhook go on."""
        self._connection.ask("POST", f"{_path(id_)}/enable")

    def deliveries(self, id_: str) -> list[Delivery]:
        """The newest deliveries of a webhook."""
        return self._connection.ask_for(list[Delivery], "GET", f"{_path(id_)}/deliveries")

    def redeliver(self, id_: str, number: int) -> None:
        """Have a delivery made again."""
        self._connection.ask("POST", f"{_path(id_)}/deliveries/{number}")


def _path(id_: str) -> str:
    if not (id_.isascii() and id_.isalnum()):  # the server may take it for another path
        raise NotFound(f"no webhook {id_[:64]}", fix="`fieldstone registry webhook list` shows the ids")
    return f"webhooks/{id_}"
