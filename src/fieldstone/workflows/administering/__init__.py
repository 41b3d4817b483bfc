"""Administration of a shared registry: tokens, policy, audit; on its server, or on its database itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from fieldstone.errors import Invalid
from fieldstone.registry.sql.audit import Row
from fieldstone.registry.sql.policies import StoredPolicy
from fieldstone.registry.sql.tokens import Token
from fieldstone.workflows.administering.messages import IssuedToken, NewPolicy, TokenWish


class Administration(Protocol):
    """The administration of one registry. Every method may raise `Denied` and `Unavailable`."""

    def create_token(self, wish: TokenWish) -> IssuedToken:
        """Create a token.

        Raises:
            Invalid: there is no such scope, no name, or no lifetime.
        """

    def tokens(self) -> list[Token]:
        """All tokens, oldest first."""

    def revoke_token(self, id_: str) -> None:
        """Revoke a token; again does no harm.

        Raises:
            NotFound: there is no token of that id.
        """

    def policy(self) -> StoredPolicy:
        """The policy that holds."""

    def set_policy(self, new: NewPolicy) -> StoredPolicy:
        """Set the policy.

        Raises:
            Conflict: the policy that it replaces is not the newest one any more.
            Invalid: it is no policy; the error has the line.
        """

    def audit(self, since: int = 0) -> Iterator[Row]:
        """The rows of the audit after a number, oldest first."""


def open_administration(address: str) -> Administration:
    """The administration of the registry at an address.

    Args:
        address: `https://HOST`, with the token of an admin in FIELDSTONE_TOKEN or ~/.netrc; or the address of a
            database, for who can reach that.

    Raises:
        Invalid: it is the address of a folder, or of nothing.
    """
    scheme = address.partition(":")[0]
    if scheme in {"http", "https"}:
        from fieldstone.workflows.administering.server import ServerAdministration

        return ServerAdministration(address)
    if scheme in {"sqlite", "postgresql"}:
        from fieldstone.registry.sql import open_store
        from fieldstone.registry.sql.audit import operator
        from fieldstone.workflows.administering.database import DatabaseAdministration

        return DatabaseAdministration(open_store(address).database, operator())
    raise Invalid(
        f"{address} is no shared registry, so it has no tokens, policy or audit",
        fix="name one: --registry https://HOST, sqlite:///PATH, or postgresql://USER@HOST/NAME",
    )
