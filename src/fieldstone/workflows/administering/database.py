"""Administration in the database of a registry: each write has its row of the audit in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fieldstone.errors import Invalid
from fieldstone.project.server_policy import LARGEST, load
from fieldstone.registry.sql import audit, policies, tokens
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.administering.messages import IssuedToken, NewPolicy, TokenWish

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fieldstone.registry.sql.audit import Actor, Row
    from fieldstone.registry.sql.database import Database
    from fieldstone.registry.sql.policies import StoredPolicy
    from fieldstone.registry.sql.tokens import Token


class DatabaseAdministration:
    """See `Administration`.

    Args:
        database: the database.
        actor: who writes.
    """

    def __init__(self, database: Database, actor: Actor) -> None:
        self._database, self._actor = database, actor

    def create_token(self, wish: TokenWish) -> IssuedToken:
        """Create a token."""
        with self._database.transaction() as connection:
            token, secret = tokens.create(connection, wish.name, wish.scopes, wish.modules, wish.days)
            details = {"id": token.id, "name": token.name, "scopes": token.scopes, "modules": token.modules}
            self._audit(connection, "create-token", {**details, "expires_at": token.expires_at})
        return IssuedToken(token, secret)

    def tokens(self) -> list[Token]:
        """All tokens, oldest first."""
        return tokens.every(self._database)

    def revoke_token(self, id_: str) -> None:
        """Revoke a token."""
        with self._database.transaction() as connection:
            tokens.revoke(connection, id_)
            self._audit(connection, "revoke-token", {"id": id_})

    def policy(self) -> StoredPolicy:
        """The policy that holds."""
        return policies.newest(self._database)

    def set_policy(self, new: NewPolicy) -> StoredPolicy:
        """Set the policy."""
        if len(new.content.encode("utf-8", "replace")) > LARGEST or "\0" in new.content:
            raise Invalid(f"a policy of more than {LARGEST:,} bytes, or with a NUL")
        load(new.content)
        with self._database.transaction() as connection:
            added = policies.add(connection, new.content, new.after)
            self._audit(connection, "set-policy", {"number": added.number, "digest": file_digest(new.content.encode())})
        return added

    def audit(self, since: int = 0) -> Iterator[Row]:
        """The rows of the audit after a number, oldest first."""
        return audit.rows(self._database, since)

    def _audit(self, connection: Connection, action: str, details: dict[str, Any]) -> None:
        entry = self._actor.entry(action, "", details)
        audit.append(connection, entry, is_sqlite=self._database.is_sqlite)
