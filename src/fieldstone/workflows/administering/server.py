"""Administration by the server of a registry, with the token of an admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote

from msgspec import DecodeError, json

from fieldstone.errors import NotFound, Unavailable
from fieldstone.registry.connection import Connection
from fieldstone.registry.sql.audit import Row
from fieldstone.registry.sql.policies import StoredPolicy
from fieldstone.registry.sql.tokens import Token
from fieldstone.workflows.administering.messages import IssuedToken, NewPolicy, TokenWish

_Answer = TypeVar("_Answer")
_JSON = {"Content-Type": "application/json"}


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
        return self._asked("POST", "tokens", IssuedToken, wish)

    def tokens(self) -> list[Token]:
        """All tokens, oldest first."""
        return self._asked("GET", "tokens", list[Token])

    def revoke_token(self, id_: str) -> None:
        """Revoke a token."""
        if not id_.isalnum():  # the server may take it for another path
            raise NotFound(f"no token {id_}", fix="`fieldstone registry token list` shows the ids")
        self._connection.ask("DELETE", f"tokens/{quote(id_, safe='')}")

    def policy(self) -> StoredPolicy:
        """The policy that holds."""
        return self._asked("GET", "policy", StoredPolicy)

    def set_policy(self, new: NewPolicy) -> StoredPolicy:
        """Set the policy."""
        return self._asked("PUT", "policy", StoredPolicy, new)

    def audit(self, since: int = 0) -> Iterator[Row]:
        """The rows of the audit after a number, oldest first."""
        while found := self._asked("GET", f"audit?since={since}", list[Row]):
            yield from found
            if found[-1].number <= since:
                raise Unavailable(f"{self._connection.address} answers with rows that were not asked for")
            since = found[-1].number

    def _asked(self, method: str, path: str, kind: type[_Answer], body: object = None) -> _Answer:
        content = json.encode(body) if body is not None else None
        answer = self._connection.ask(method, path, content=content, headers=_JSON if content else None)
        try:
            return json.decode(answer, type=kind)
        except DecodeError as error:
            raise Unavailable(
                f"{self._connection.address} does not answer as a Fieldstone registry does: {error}"
            ) from error
