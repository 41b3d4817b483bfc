"""Administration by the server of a registry, with the token of an admin."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from fieldstone.errors import NotFound, Unavailable
from fieldstone.registry.connection import Connection
from fieldstone.registry.sql.audit import Row
from fieldstone.registry.sql.policies import StoredPolicy
from fieldstone.registry.sql.tokens import Token
from fieldstone.workflows.administering.messages import IssuedToken, NewPolicy, TokenWish


class ServerAdministration:
    """See `Administration`.

    Args:
        address: the address of the server.

    Raises:
        Invalid: it is none of a server, or sends a token without encryption.
    """

    def __init__(self, address: str) -> None:
        self._connection = Connection(address)

    def create_token(self, wish: TokenWish) -> IssuedToken:
        """Create a token."""
        return self._connection.ask_for(IssuedToken, "POST", "tokens", wish)

    def tokens(self) -> list[Token]:
        """All tokens, oldest first."""
        return self._connection.ask_for(list[Token], "GET", "tokens")

    def revoke_token(self, id_: str) -> None:
        """Revoke a token."""
        if not id_.isalnum():  # the server may take it for another path
            raise NotFound(f"no token {id_}", fix="`fieldstone registry token list` shows the ids")
        self._connection.ask("DELETE", f"tokens/{quote(id_, safe='')}")

    def policy(self) -> StoredPolicy:
        """The policy that holds."""
        return self._connection.ask_for(StoredPolicy, "GET", "policy")

    def set_policy(self, new: NewPolicy) -> StoredPolicy:
        """Set the policy."""
        return self._connection.ask_for(StoredPolicy, "PUT", "policy", new)

    def audit(self, since: int = 0) -> Iterator[Row]:
        """The rows of the audit after a number, oldest first."""
        while found := self._connection.ask_for(list[Row], "GET", f"audit?since={since}"):
            yield from found
            if found[-1].number <= since:
                raise Unavailable(f"{self._connection.address} answers with rows that were not asked for")
            since = found[-1].number
