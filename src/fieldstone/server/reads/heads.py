"""The head of the audit, which names the state of the whole registry: every write adds a row in its transaction.

So whatever was read stays true until the head is another one: tokens, policy, labels and releases. Only time ends
something without a row: a token and a draft expire.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fieldstone.registry.sql import audit
from fieldstone.server.reads.together import Together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldstone.registry.sql.database import Database

RECENT = 1.0
"""The seconds for which a head counts as recent: so long may a token that another replica revoked work here."""


class Heads:
    """Reads the head; all who ask at once share a query.

    Args:
        database: the database of the registry.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together: Together[str, tuple[str, float]] = Together(self._read)
        self._last = ""
        self._since = self._written = float("-inf")

    @property
    def is_recent(self) -> bool:
        """Whether `last` was read in the last second."""
        return time.monotonic() - self._since < RECENT

    @property
    def last(self) -> str:
        """The head that was read last."""
        return self._last

    async def newest(self) -> str:
        """The head, read after this call began.

        Raises:
            Unavailable: the database cannot be reached.
        """
        found = await self._together.get("")
        assert found is not None, "every query has an answer"  # noqa: S101 - for the type
        head, since = found
        if since > max(self._since, self._written):
            self._last, self._since = head, since
        return head

    async def recent(self) -> str:
        """The head of at most a second ago.

        Raises:
            Unavailable: the database cannot be reached.
        """
        return self._last if self.is_recent else await self.newest()

    def outdate(self) -> None:
        """Read the head again for the next request, because this server wrote."""
        self._since, self._written = float("-inf"), time.monotonic()

    def _read(self, _keys: Sequence[str]) -> dict[str, tuple[str, float]]:
        began = time.monotonic()
        return {"": (audit.head(self._database), began)}
