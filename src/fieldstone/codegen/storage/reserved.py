"""Names that generated code cannot use, whatever the database; those of SQL are with each dialect."""

from __future__ import annotations

import keyword

PREFIXES = ("fieldstone_",)
"""The beginnings of the names of Fieldstone's own tables."""

RECORD_TYPES = frozenset("Any bool bytes datetime dict field float int list str timedelta".split())
"""Names in annotations and defaults of generated records: no attribute of theirs may hide them."""

RECORD_MODULE = RECORD_TYPES | {"IntEnum", "dataclass"}
"""Names that the module of generated records uses: no class in it may hide them."""

METHODS = frozenset({"close", "migrate", "outbox", "transaction"})
"""The methods and attributes that every repository may have."""

ARGUMENTS = frozenset({"after", "limit", "payload", "payloads", "self"})
"""Arguments that methods of a repository have beside those for columns."""


def is_python_word(name: str) -> bool:
    """Whether Python keeps the name for itself; `match` and its kind may be names."""
    return keyword.iskeyword(name)
