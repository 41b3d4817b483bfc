"""Names that generated code cannot use, whatever the database; those of SQL are with each dialect."""

from __future__ import annotations

import keyword

PREFIXES = ("fieldstone_",)
"""The beginnings of the names of Fieldstone's own tables."""

CLASSES = frozenset("Any IntEnum bool bytes dataclass datetime dict field float int list str timedelta".split())
"""Names that generated modules use for types: type checkers confuse a class of such a name with the type."""

METHODS = frozenset({"close", "migrate", "outbox", "transaction"})
"""The methods and attributes that every repository may have."""

ARGUMENTS = frozenset({"after", "limit", "payload", "payloads", "self"})
"""Arguments that methods of a repository have beside those for columns."""


def is_python_word(name: str) -> bool:
    """Whether Python keeps the name for itself; `match` and its kind may be names."""
    return keyword.iskeyword(name)
