"""The policy of a server, which is read again after some seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fieldstone.workflows.server_policy import newest_policy

if TYPE_CHECKING:
    from fieldstone.project.server_policy import Policy
    from fieldstone.registry.sql.database import Database

REMEMBERED = 10.0
"""The seconds that a token and the policy are remembered: so long may a change on another replica be unknown here."""


class Policies:
    """The newest policy of a database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen = float("-inf")
        self._policy: Policy | None = None

    def newest(self) -> Policy:
        """The policy, at most `REMEMBERED` seconds old.

        Raises:
            Invalid: this Fieldstone does not know a key of it.
            Unavailable: the database cannot be reached.
        """
        if self._policy is None or time.monotonic() - self._seen > REMEMBERED:
            return self.renewed()
        return self._policy

    def renewed(self) -> Policy:
        """The policy as it is now; see `newest`."""
        self._seen = time.monotonic()
        self._policy = newest_policy(self._database)
        return self._policy
