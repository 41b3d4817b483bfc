"""Whether code of an older release may go on working with a database after a migration."""

from __future__ import annotations

import re
from collections.abc import Sequence

ADDITIVE = "additive"
"""The effect of a migration that older code may work beside."""

_TABLE = re.compile(r"CREATE TABLE (\w+) ")
_SUBJECT = re.compile(r"(?:CREATE (?:UNIQUE )?INDEX \w+ ON|ALTER TABLE) (\w+) ")
_HARMLESS = re.compile(
    r"""CREATE\ INDEX\ .*
    | ALTER\ TABLE\ \w+\ ALTER\ COLUMN\ \w+\ SET\ STORAGE\ \w+
    | ALTER\ TABLE\ \w+\ ADD\ COLUMN\ \w+\ (?:DOUBLE\ PRECISION|[A-Z]+)(?:\ COLLATE\ "C")?
      (?:\ NOT\ NULL(?=\ DEFAULT\ ))?(?:\ DEFAULT\ (?:[^\s']+|X?'(?:[^']|'')*'))?""",
    re.DOTALL | re.VERBOSE,
)


def effect(statements: Sequence[str]) -> str:
    """`ADDITIVE`, or the first statement that code of an older release cannot work beside.

    Tables and columns may come, as long as rows without the columns are taken. A unique index on a
    table of an older release may neither come nor go: older code expects to be refused, or not to be.
    A statement of another form counts as one that older code cannot work beside.
    """
    made: set[str] = set()
    for statement in statements:
        if table := _TABLE.match(statement):
            made.add(table[1])
        elif not _HARMLESS.fullmatch(statement):
            subject = _SUBJECT.match(statement)
            if subject is None or subject[1] not in made:
                return statement
    return ADDITIVE
