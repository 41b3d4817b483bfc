"""Consumers on the server of a registry; the protocol is in `server/api/consumers.py`."""

from __future__ import annotations

from urllib.parse import quote

from fieldstone.consumers.published import Deployment, Known, Published
from fieldstone.registry.connection import Connection
from fieldstone.registry.consumers.refusals import check_deployment, check_published


class RemoteConsumers:
    """See `Consumers`.

    Args:
        address: the address of the server.
        is_copy: whether what is written is a copy; see `open_consumers`.

    Raises:
        Invalid: it is none of a server, or sends a token without encryption.
    """

    def __init__(self, address: str, *, is_copy: bool = False) -> None:
        self._connection, self._query = Connection(address), "?copy=1" if is_copy else ""

    def known(self) -> Known:
        """The published uses of modules that the caller may read, and all deployments of their versions."""
        return self._connection.ask_for(Known, "GET", "consumers")

    def publish(self, published: Published) -> None:
        """Send the uses of a version."""
        check_published(published)
        self._connection.send("POST", f"consumers{self._query}", published)

    def deploy(self, deployment: Deployment) -> None:
        """Send that a version runs in an environment, or no longer."""
        check_deployment(deployment)
        self._connection.send("POST", f"deployments{self._query}", deployment)

    def retire(self, consumer: str) -> None:
        """Send that a consumer is gone for good."""
        self._connection.ask("DELETE", f"consumers/{quote(consumer, safe='')}")
