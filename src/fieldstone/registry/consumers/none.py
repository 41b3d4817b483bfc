"""The consumers of a registry of a kind that keeps none."""

from __future__ import annotations

from fieldstone.consumers.published import Deployment, Known, Published
from fieldstone.errors import Invalid


class NoConsumers:
    """See `Consumers`: nobody is known, so that every answer is *unknown*.

    Args:
        address: the address of the registry.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def known(self) -> Known:
        """Nothing."""
        return Known()

    def publish(self, published: Published) -> None:
        """Refuse it.

        Raises:
            Invalid: always.
        """
        raise self._refusal(published.consumer)

    def deploy(self, deployment: Deployment) -> None:
        """Refuse it.

        Raises:
            Invalid: always.
        """
        raise self._refusal(deployment.what)

    def retire(self, consumer: str) -> None:
        """Refuse it.

        Raises:
            Invalid: always.
        """
        raise self._refusal(consumer)

    def _refusal(self, what: str) -> Invalid:
        return Invalid(
            f"{self._address} keeps no consumers, so nothing is known of {what}",
            fix="copy the registry into a folder, a database or a server: `fieldstone registry copy`",
        )
