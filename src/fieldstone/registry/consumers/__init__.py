"""The consumers that a registry knows: their published uses, and where their versions run."""

from __future__ import annotations

from typing import Protocol

from fieldstone.consumers.published import Deployment, Known, Published
from fieldstone.registry import folder_of


class Consumers(Protocol):
    """The consumers that a registry knows. Every method may raise `Unavailable` and `Denied`."""

    def known(self) -> Known:
        """All published uses that the caller may read, and all deployments.

        Raises:
            Damaged: what is stored is none.
        """

    def publish(self, published: Published) -> None:
        """Store the uses of a version of a consumer; the same again does no harm.

        Raises:
            Conflict: this version was published with other uses.
        """

    def deploy(self, deployment: Deployment) -> None:
        """Store that a version runs in an environment, or that it runs there no longer.

        Raises:
            NotFound: the version was not published or released; or it ended, and does not run there.
            Conflict: the consumer was retired.
        """

    def retire(self, consumer: str) -> None:
        """Store that a consumer is gone for good: none of its versions runs or counts. A new version brings it back.

        Raises:
            NotFound: there is no such consumer.
        """


def open_consumers(address: str, *, is_copy: bool = False) -> Consumers:
    """The consumers that the registry at an address knows.

    Args:
        address: the address of a registry; see `open_registry`.
        is_copy: whether what is written is a copy of another registry: times and publishers stay. A server requires
            the token of an admin for that.

    Raises:
        Invalid: there is no such registry.
    """
    folder = folder_of(address)
    if folder is not None:
        from fieldstone.registry.consumers.folder import FolderConsumers

        return FolderConsumers(folder)
    scheme = address.partition(":")[0]
    if scheme in {"http", "https"}:
        from fieldstone.registry.consumers.remote import RemoteConsumers

        return RemoteConsumers(address, is_copy=is_copy)
    if scheme not in {"sqlite", "postgresql"}:
        from fieldstone.registry.consumers.none import NoConsumers

        return NoConsumers(address)
    from fieldstone.registry.consumers.sql import SqlConsumers
    from fieldstone.registry.sql import open_store

    return SqlConsumers(open_store(address).database, is_copy=is_copy)
