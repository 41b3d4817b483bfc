"""Searches in the audit of a registry: its newest rows about an action, a module, or by somebody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, json
from sqlalchemy import text

from fieldstone.registry.sql.audit import Entry, Row

if TYPE_CHECKING:
    from fieldstone.registry.sql.database import Database

_BATCH = 1_000
"""The most rows of one query."""
_ESCAPED = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


class Sought(Struct, frozen=True):
    """The rows that are looked for; what is empty is any.

    Attributes:
        action: see `Entry`.
        module: the module.
        who: the name of who did it.
    """

    action: str = ""
    module: str = ""
    who: str = ""

    def has(self, entry: Entry) -> bool:
        """Whether an entry is looked for."""
        wishes = ((self.action, entry.action), (self.module, entry.module), (self.who, entry.who))
        return all(wish in ("", said) for wish, said in wishes)

    @property
    def patterns(self) -> dict[str, str]:
        """Patterns for SQL's LIKE that the text of every such entry fits, by name; a few others fit, too."""
        wishes = {"action": self.action, "module": self.module, "who": self.who}
        return {name: f"%{_escaped(name)}:{_escaped(wish)}%" for name, wish in wishes.items() if wish}


def newest_rows(database: Database, sought: Sought, before: int, most: int) -> list[Row]:
    """The newest rows that are looked for, newest first.

    Args:
        database: the database.
        sought: what is looked for.
        before: only rows with a lower number.
        most: the most rows.

    Raises:
        Unavailable: the database cannot be reached.
        Damaged: a row is no entry.
    """
    return list(islice((row for row in _candidates(database, sought, before) if sought.has(row.entry)), most))


def _candidates(database: Database, sought: Sought, before: int) -> Iterator[Row]:
    """The rows whose text fits the patterns, newest first."""
    conditions = "".join(f" AND entry LIKE :{name} ESCAPE '\\'" for name in sought.patterns)
    query = f"SELECT number, entry, hash FROM audit WHERE number < :before{conditions} ORDER BY number DESC LIMIT :most"  # noqa: S608 - names of fields
    while True:
        with database.reading() as connection:
            values = {**sought.patterns, "before": before, "most": _BATCH}
            found = [Row(*row) for row in connection.execute(text(query), values)]
        yield from found
        if len(found) < _BATCH:
            return
        before = found[-1].number


def _escaped(value: str) -> str:
    """A text as JSON, in which LIKE finds nothing to replace."""
    return json.encode(value).decode().translate(_ESCAPED)
