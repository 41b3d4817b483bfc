"""People who propose, decide or release."""

from __future__ import annotations

from msgspec import Struct

from fieldstone.registry.sql.tokens import Token


class Person(Struct, frozen=True):
    """Somebody who proposes, decides or releases.

    Attributes:
        token: their token, or the rights that the role of their identity gives.
        role: the role of their identity; empty for a token.
    """

    token: Token
    role: str = ""

    @property
    def name(self) -> str:
        """The name of their token or identity."""
        return self.token.name

    @property
    def credential(self) -> str:
        """The id of their token, or the subject of their identity."""
        return self.token.id

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a policy may know them by."""
        return tuple(filter(None, (self.name, self.role)))
