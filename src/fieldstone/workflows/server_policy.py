"""The policy that holds in the registry of a database."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fieldstone.project.server_policy import Policy, load
from fieldstone.registry.sql import policies

if TYPE_CHECKING:
    from fieldstone.registry.sql.database import Database


def newest_policy(database: Database) -> Policy:
    """The newest policy; without one, that of the defaults.

    Raises:
        Invalid: this Fieldstone does not know a key of it.
        Unavailable: the database cannot be reached.
    """
    stored = policies.newest(database)
    return _loaded(stored.number, stored.content)


@lru_cache(maxsize=2)
def _loaded(number: int, content: str) -> Policy:
    return load(content, number=number)
