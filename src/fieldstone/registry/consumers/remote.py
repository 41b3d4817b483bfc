"""Consumers on the server of a registry; the protocol is in `server/api/consumers.py`."""

from __future__ import annotations

from msgspec import DecodeError, json

from fieldstone.consumers.published import Deployment, Known, Published
from fieldstone.errors import Unavailable
from fieldstone.registry.connection import Connection
from fieldstone.registry.consumers.refusals import check_deployment, check_published

_JSON = {"Content-Type": "application/json"}


class RemoteConsumers:
    """See `Consumers`.

    Args:
        address: the address of the server.

    Raises:
        Invalid: it is none of a server, or sends a token without encryption.
    """

    def __init__(self, address: str) -> None:
        self._connection = Connection(address)

    def known(self) -> Known:
        """The published uses of modules that the caller may read, and all deployments of their versions."""
        body = self._connection.ask("GET", "consumers")
        try:
            return json.decode(body, type=Known)
        except DecodeError as error:
            raise Unavailable(
                f"{self._connection.address} does not answer as a Fieldstone registry does: {error}",
                fix="see whether a Fieldstone registry is at this address",
            ) from error

    def publish(self, published: Published) -> None:
        """Send the uses of a version."""
        check_published(published)
        self._connection.ask("POST", "consumers", content=json.encode(published), headers=_JSON)

    def deploy(self, deployment: Deployment) -> None:
        """Send that a version runs in an environment."""
        check_deployment(deployment)
        self._connection.ask("POST", "deployments", content=json.encode(deployment), headers=_JSON)
